"""Train the head that mixes sentence embeddings into the embedded small model, and print its accuracy.

    python benchmarks/train_sem_embedding.py FOLDER WORK [--encoder NAME_OR_FOLDER] [--name NAME]

FOLDER holds turns_train.jsonl.gz, turns_valid.jsonl.gz and turns_test.jsonl.gz of EmpatheticDialogues, one
listener turn a line: {id, emotion, situation, context: [...]}. The linear model knows its own training texts
too well to be mixed on them: for each of `--folds` parts of the train dialogues it is trained anew on the
others, and the head learns from what these say of dialogues that they have not seen. It starts from the
vectors of a few plain sentences that name each emotion, and is held to them by a ridge. `--use` limits how
many parts are used and `--texts` how many contexts in all: the encoder is what takes time. The ridge is
chosen by cross-validation over dialogues of the train split; the valid split sets the temperature of the
linear models; the test split is only scored.

WORK is a folder for vectors and held-out predictions, so that an interrupted run goes on where it stopped.
Needs scipy and sentence-transformers, and nothing from the network if NAME_OR_FOLDER is on this machine.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import sys
import time
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from train_sem import labels, log_loss, read, sharpened
from train_sem import train as train_linear

from judge.generators.sem.accuracy import top_k_accuracy
from judge.generators.sem.contexts import softmax
from judge.generators.sem.embedding import PROBES, EmbeddingSEM, Head
from judge.generators.sem.linear import LinearSEM
from judge.types import EMOTIONS

TARGET = Path(__file__).parents[1] / "generators" / "sem" / "embedding.npz"
RIDGES = (1.0, 2.0, 4.0)
SENTENCES = ("I feel {0}.", "I was so {0} when it happened.", "{0}", "{1} I felt {0}.")
TOLD = {
    "afraid": "I heard a noise in the dark house and hid.",
    "angry": "He shouted at me and I lost my temper.",
    "annoyed": "My neighbour's dog keeps barking all day.",
    "anticipating": "I can hardly wait for my holiday next week.",
    "anxious": "I have an exam tomorrow and cannot sleep.",
    "apprehensive": "I start a new job and do not know what to expect.",
    "ashamed": "I lied to my mother and I wish I had not.",
    "caring": "I looked after my sick friend and cooked for her.",
    "confident": "I studied hard and I know that I will pass.",
    "content": "I sat in the garden with a book, and all was well.",
    "devastated": "My father died and my world fell apart.",
    "disappointed": "I had hoped for the job, but they took somebody else.",
    "disgusted": "There was mould and a cockroach in my food.",
    "embarrassed": "I tripped and fell in front of everybody.",
    "excited": "We are going to a concert of my favourite band!",
    "faithful": "I have been with my wife for years and would never cheat on her.",
    "furious": "Somebody scratched my new car and I was in a rage.",
    "grateful": "A stranger helped me, and I cannot thank her enough.",
    "guilty": "I ate my brother's cake and did not tell him.",
    "hopeful": "I think that things will get better soon.",
    "impressed": "My friend plays the piano so well, I was amazed by her skill.",
    "jealous": "My friend has a new car and I wish that I had it.",
    "joyful": "My baby was born and it was the happiest day.",
    "lonely": "All my friends have moved away and I sit at home by myself.",
    "nostalgic": "I found my old toys and remembered my childhood.",
    "prepared": "A storm is coming, and I have water and food at home.",
    "proud": "My daughter has won first prize at school.",
    "sad": "My cat died and I cried.",
    "sentimental": "I keep my grandmother's ring and think of her.",
    "surprised": "My friends threw a party for me that I did not expect.",
    "terrified": "A man with a knife followed me at night.",
    "trusting": "I lent my best friend money, for I know that she will pay it back.",
}
"""What might have been felt so; our own words."""
CHUNK = 512


class Kept:
    """An encoder that remembers the vectors of texts in a folder."""

    def __init__(self, encode, folder: Path) -> None:
        self.encode, self.folder = encode, folder
        folder.mkdir(parents=True, exist_ok=True)
        self.known: dict[str, np.ndarray] = {}
        for path in sorted(folder.glob("*.npz")):
            archive = np.load(path, allow_pickle=False)
            self.known.update(zip(archive["key"].tolist(), archive["vector"], strict=True))

    def __call__(self, texts) -> np.ndarray:
        keys = [hashlib.blake2b(text.encode(), digest_size=16).hexdigest() for text in texts]
        new = [key for key in dict.fromkeys(keys) if key not in self.known]
        at = {key: i for i, key in enumerate(keys)}
        for start in range(0, len(new), CHUNK):
            part, begun = new[start : start + CHUNK], time.perf_counter()
            vector = np.asarray(self.encode([texts[at[key]] for key in part]), np.float32)
            np.savez(self.folder / f"{part[0]}-{len(part)}.npz", key=np.array(part), vector=vector)
            self.known.update(zip(part, vector, strict=True))
            print(f"encoded {start + len(part)}/{len(new)}, {time.perf_counter() - begun:.0f} s", flush=True)
        return np.array([self.known[key] for key in keys])


def load_encoder(name: str) -> tuple:
    """Return an encoder of one thread and the digest of its weights."""
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(1)
    model, digest = SentenceTransformer(name, device="cpu"), hashlib.blake2b(digest_size=8)
    for key, tensor in sorted(model.state_dict().items()):
        digest.update(f"{key}{tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().float().numpy().tobytes())
    return lambda texts: model.encode(list(texts), batch_size=32, show_progress_bar=False), digest.hexdigest()


def drawn(rows: list[dict], folds: int, use: int, limit: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows to learn from, first one of each dialogue, and the part of every row."""
    dialogues: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        dialogues.setdefault(row["id"], []).append(i)
    ids = list(dialogues)
    part = {ids[j]: i % folds for i, j in enumerate(np.random.default_rng(seed).permutation(len(ids)))}
    rng = np.random.default_rng(seed)
    shuffled = [rng.permutation(own).tolist() for own in dialogues.values()]
    order = [shuffled[j] for j in rng.permutation(len(ids))]
    turns = [own[n] for n in range(max(map(len, order))) for own in order if n < len(own)]
    chosen = np.array([i for i in turns if part[rows[i]["id"]] < use][:limit])
    return chosen, np.array([part[row["id"]] for row in rows])


def held_out(rows: list[dict], valid: list[dict], part: np.ndarray, fold: int, folder: Path) -> np.ndarray:
    """Return the logits that a linear model trained on the other parts gives to one part."""
    digest = hashlib.blake2b(part.astype(np.int8).tobytes(), digest_size=6).hexdigest()
    path = folder / f"held-out-{digest}-{fold}.npy"
    if not path.exists():
        weights = train_linear([row for row, own in zip(rows, part, strict=True) if own != fold])
        weights = sharpened(weights, valid)
        contexts = [row["context"] for row, own in zip(rows, part, strict=True) if own == fold]
        np.save(path, LinearSEM(weights).logits(contexts))
        print(f"the linear model without part {fold}: done", flush=True)
    return np.load(path)


def prototypes(encode) -> np.ndarray:
    """Return the vector of each emotion's plain sentences, shape (32, d), from which the head starts."""
    found = np.mean(
        [encode([text.format(label, TOLD[label]) for label in EMOTIONS]) for text in SENTENCES], axis=0
    )
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found - found.mean(axis=0)


def fit(
    linear: np.ndarray, v: np.ndarray, y: np.ndarray, start: np.ndarray, ridge: float
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return table (d, 32), bias (32,) and gain of the fit; the ridge holds the table to the prototypes."""
    n, d, k = *v.shape, len(EMOTIONS)
    hot, like = np.zeros((n, k)), v @ start.T
    hot[np.arange(n), y] = 1.0

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        table, bias, gain, pull = flat[: d * k].reshape(d, k), flat[d * k : -2], flat[-2], flat[-1]
        p = softmax(gain * linear + pull * like + v @ table + bias)
        value = -np.log(np.maximum(p[np.arange(n), y], 1e-300)).sum() + 0.5 * ridge * (table**2).sum()
        p -= hot
        gradient = [(v.T @ p + ridge * table).ravel(), p.sum(axis=0), [(p * linear).sum(), (p * like).sum()]]
        return float(value), np.concatenate(gradient)

    first = np.concatenate([np.zeros(d * k + k), [0.8, 8.0]])
    found = minimize(loss, first, jac=True, method="L-BFGS-B", options={"maxiter": 60}).x
    return found[: d * k].reshape(d, k) + found[-1] * start.T, found[d * k : -2], float(found[-2])


def choose_ridge(
    linear: np.ndarray, v: np.ndarray, y: np.ndarray, start: np.ndarray, group: np.ndarray
) -> float:
    """Return the ridge of the best log loss over three parts of the dialogues."""
    losses = {}
    for ridge in RIDGES:
        p = np.zeros((len(y), len(EMOTIONS)))
        for own in range(3):
            inside, outside = np.flatnonzero(group % 3 != own), np.flatnonzero(group % 3 == own)
            table, bias, gain = fit(linear[inside], v[inside], y[inside], start, ridge)
            p[outside] = softmax(gain * linear[outside] + v[outside] @ table + bias)
        losses[ridge] = log_loss(p, y)
        found = top_k_accuracy(p, [EMOTIONS[i] for i in y])
        shown = " / ".join(f"{100 * result.accuracy:.2f}" for result in found)
        print(f"ridge {ridge}: held-out log loss {losses[ridge]:.4f}, top 1/3/10/20 {shown}", flush=True)
    return min(losses, key=losses.__getitem__)


def score(name: str, p: np.ndarray, rows: list[dict]) -> None:
    y = labels(rows)
    cells = " | ".join(f"{100 * r.accuracy:.2f}" for r in top_k_accuracy(p, [row["emotion"] for row in rows]))
    confidence, right = p.max(axis=1), p.argmax(axis=1) == y
    bins = np.array_split(np.argsort(confidence, kind="stable"), 10)
    ece = np.mean([abs(confidence[b].mean() - right[b].mean()) for b in bins])
    print(f"| {name} | {len(rows)} | {cells} | {log_loss(p, y):.3f} | {ece:.3f} |")


def learn(rows: list[dict], valid: list[dict], encode: Kept, digest: str, args: argparse.Namespace) -> Head:
    chosen, part = drawn(rows, args.folds, args.use, args.texts, args.seed)
    linear = np.zeros((len(rows), len(EMOTIONS)))
    for fold in range(args.use):
        linear[part == fold] = held_out(rows, valid, part, fold, args.work)
    v = encode([" ".join(rows[i]["context"]) for i in chosen])
    v = v / np.linalg.norm(v, axis=1, keepdims=True)
    y = labels([rows[i] for i in chosen])
    number = {key: i for i, key in enumerate(dict.fromkeys(rows[i]["id"] for i in chosen))}
    group = np.array([number[rows[i]["id"]] for i in chosen])
    start = prototypes(encode.encode)
    ridge = choose_ridge(linear[chosen], v, y, start, group)
    table, bias, gain = fit(linear[chosen], v, y, start, ridge)
    scale = np.abs(table).max(axis=0) / 127.0
    about = {
        "encoder": args.name,
        "version": f"sentence-transformers {importlib.metadata.version('sentence-transformers')}",
        "digest": digest,
        "linear": LinearSEM.load().digest,
        "texts": len(y),
        "dialogues": len(number),
        "ridge": ridge,
        "seed": args.seed,
    }
    quantised = np.rint(table / scale).astype(np.int8)
    numbers = scale.astype(np.float32), bias.astype(np.float32), np.array([gain], np.float32)
    return Head(quantised, *numbers, encode.encode(PROBES).astype(np.float16), about)


def options(argv: list[str]) -> argparse.Namespace:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("folder", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--encoder", default="all-MiniLM-L6-v2")
    parser.add_argument("--name", help="what the head calls the encoder, where that is given as a folder")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--use", type=int, default=4)
    parser.add_argument("--texts", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--target", type=Path, default=TARGET)
    args = parser.parse_args(argv)
    args.name = args.name or args.encoder
    return args


def main(argv: list[str]) -> None:
    args, start = options(argv), time.perf_counter()
    encoder, digest = load_encoder(args.encoder)
    encode = Kept(encoder, args.work / digest)
    rows, valid, test = (read(args.folder / f"turns_{s}.jsonl.gz") for s in ("train", "valid", "test"))
    head = learn(rows, valid, encode, digest, args)
    head.save(args.target)
    model, contexts = EmbeddingSEM(Head.read(args.target), encode), [row["context"] for row in test]
    print("| model | turns | top 1 | top 3 | top 10 | top 20 | log loss | calibration error |")
    print("|---|---|---|---|---|---|---|---|")
    score("linear alone, test", LinearSEM.load().predict(contexts), test)
    score("with embeddings, test", model.predict(contexts), test)
    size, seconds = args.target.stat().st_size / 1e3, time.perf_counter() - start
    print(f"{head.about}\ndigest {model.digest}, {size:.0f} kB, {seconds:.0f} s, gain {head.gain[0]:.3f}")


if __name__ == "__main__":
    main(sys.argv[1:])
