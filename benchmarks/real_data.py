"""Turn the shared research sets into our long tables, so that `judge audit` and `compare` read them.

    python benchmarks/real_data.py NAME OUT [--data FOLDER]

NAME is one of the sets below or ``all`` (then each goes to OUT/NAME). FOLDER holds the research data (by
default $JUDGE_SHARED_DATA/data, else ``shared/data`` beside the checkout). OUT must lie outside the checkout:
most of these sets may not be passed on. What each conversion decides is said in its docstring.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge.generators.detokenise import detokenise
from judge.tables import write_dialogues, write_duels, write_ratings, write_responses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Row = dict[str, Any]
    Tables = dict[str, Iterator[Row]]

ROOT = Path(__file__).resolve().parents[1]
WRITERS = {
    "dialogues": write_dialogues,
    "responses": write_responses,
    "ratings": write_ratings,
    "duels": write_duels,
}
FAILED = {"outcome": "parse_failure"}


def rows(path: Path) -> Iterator[Row]:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)


def rating(dialogue: Any, system: str, criterion: str, rater: str, kind: str, score: Any, **more: Any) -> Row:
    row = {
        "dialogue_id": str(dialogue),
        "system_id": system,
        "criterion": criterion,
        "rater_id": rater,
        "rater_kind": kind,
        "score": score,
        "outcome": "ok",
        **more,
    }
    return {**row, **FAILED} if score is None else row


def duel(dialogue: Any, pair: tuple[str, str], rater: str, kind: str, verdict: Any, **more: Any) -> Row:
    row = {
        "dialogue_id": str(dialogue),
        "system_a": pair[0],
        "system_b": pair[1],
        "criterion": "overall",
        "rater_id": rater,
        "rater_kind": kind,
        "order": "AB",
        "verdict": verdict,
        "outcome": "ok",
        **more,
    }
    return {**row, **FAILED} if verdict is None else row


def response(dialogue: Any, system: str, text: Any, **more: Any) -> Row:
    # A few sets hold texts such as "True" as bare JSON values.
    return {"dialogue_id": str(dialogue), "system_id": system, "text": str(text), **more}


def prompt_dialogue(dialogue: Any, *turns: str, **more: Any) -> Row:
    return {"dialogue_id": str(dialogue), "context": [turn for turn in turns if turn.strip()], **more}


def welivita(data: Path) -> Tables:
    """2,000 dialogues, three systems, one person's rating (1 bad, 2 okay, 3 good) for each response."""
    source = data / "human_ratings_welivita_pu" / "ratings.jsonl.gz"
    return {
        "dialogues": (
            prompt_dialogue(
                r["id"],
                *r["context"],
                emotion=r["emotion"],
                situation=r["situation"],
                split=r["split"],
                sentiment=r["sentiment"],
                reference=r["responses"]["human"]["text"],
            )
            for r in rows(source)
        ),
        "responses": (
            response(r["id"], system, given["text"])
            for r in rows(source)
            for system, given in r["responses"].items()
        ),
        "ratings": (
            rating(r["id"], system, "empathy", given["rater"], "human", given["rating"])
            for r in rows(source)
            for system, given in r["responses"].items()
        ),
    }


MAIN_SYSTEMS = {"kemp": "kemp", "moelrepo_moel": "moel", "mime_beam": "mime", "reference": "reference"}


def ed_outputs(data: Path) -> Tables:
    """The 5,255 listener turns of the ED test part with the outputs of published systems.

    ``responses`` holds KEMP, MoEL (the authors'), MIME (beam) and the reference; ``others`` the rest, some of
    them on 2,713 turns only. The outputs are lower-case tokens; they are joined by the simple rules of
    `judge.generators.detokenise`, and so is the reference as a system, so that no system is told by its
    surface. Contexts and ``reference`` of the dialogues are the raw text where it is known. Ids are made of
    conversation and turn; eight rows that have no conversation get ``idx:N``.
    """
    source = data / "ed_system_outputs" / "test_outputs.jsonl.gz"
    turns = {r["idx"]: r for r in rows(data / "empathetic_dialogues" / "turns_test.jsonl.gz")}

    def outputs(main: bool) -> Iterator[Row]:
        for r in rows(source):
            for system, text in {**r["outputs"], "reference": r["reference"]}.items():
                if text is not None and (system in MAIN_SYSTEMS) == main:
                    details = {"predicted_emotion": r["mime_predicted_emotion"]} if "mime" in system else {}
                    name = MAIN_SYSTEMS.get(system, system)
                    yield response(ed_id(r), name, detokenise(text), details=details or None)

    def dialogues() -> Iterator[Row]:
        for r in rows(source):
            raw = turns[r["idx"]]
            yield prompt_dialogue(
                ed_id(r),
                *raw["context"],
                emotion=r["emotion"],
                situation=raw["situation"],
                split="test",
                reference=raw["response"],
            )

    return {"dialogues": dialogues(), "responses": outputs(main=True), "others": outputs(main=False)}


def ed_id(row: Row) -> str:
    return f"{row['id']}:{row['turn']}" if row["id"] is not None else f"idx:{row['idx']}"


def kumar_ed(data: Path) -> Tables:
    """50 ED conversations rated by three experts (people), three LLMs and the crowd's mean (as judges).

    Rated is the supporter in the whole conversation. As response stands the supporter's last turn, as context
    what came before it.
    """
    source = data / "human_ratings_kumar2025" / "empatheticdialogues.jsonl.gz"
    return {
        "dialogues": (kumar_dialogue(r) for r in rows(source)),
        "responses": (response(r["id"], "supporter", kumar_turns(r)[1]) for r in rows(source)),
        "ratings": (
            rating(r["id"], "supporter", criterion, rater, kumar_kind(rater), score)
            for r in rows(source)
            for rater, given in r["ratings"].items()
            for criterion, score in given.items()
        ),
    }


def kumar_kind(rater: str) -> str:
    return "human" if rater.startswith("expert") else "judge"


def kumar_turns(row: Row) -> tuple[list[Row], str]:
    turns = []
    for line in row["text"].split("\n"):
        who, _, text = line.strip().partition(":")
        if text.strip():
            turns.append({"speaker": "speaker" if who == "Seeker" else "listener", "text": text.strip()})
    last = max(k for k, turn in enumerate(turns) if turn["speaker"] == "listener")
    return turns[:last], turns[last]["text"]


def kumar_dialogue(row: Row) -> Row:
    fields = {"emotion": row["emotion"], "situation": row["situation"], "split": row["split"]}
    return {"dialogue_id": row["id"], "context": kumar_turns(row)[0], **fields}


def kumar_epitome(data: Path) -> Tables:
    """50 EPITOME pairs rated 0-2 on ER, IP and EX by three experts (people), three LLMs and the crowd."""
    source = data / "human_ratings_kumar2025" / "epitome.jsonl.gz"
    short = {
        "level_emotional_reactions": "ER",
        "level_interpretations": "IP",
        "level_explorations": "EX",
    }

    def name(r: Row) -> str:
        return f"{r['sp_id']}:{r['rp_id']}"

    return {
        "dialogues": (prompt_dialogue(name(r), r["seeker_post"]) for r in rows(source)),
        "responses": (response(name(r), "supporter", r["response_post"]) for r in rows(source)),
        "ratings": (
            rating(name(r), "supporter", short[criterion], rater, kumar_kind(rater), score)
            for r in rows(source)
            for rater, given in r["ratings"].items()
            for criterion, score in given.items()
        ),
    }


AB = ("response_a", "response_b")


def llmbar(data: Path) -> Tables:
    """Pairs with a gold label (rater ``gold``, a person), judged by each judge and prompt in both orders.

    A rater is judge/prompt. The verdicts are already about the un-swapped labels; null is a parse failure.
    """
    items, verdicts = (data / "llmbar" / f"{name}.jsonl.gz" for name in ("items", "verdicts"))

    def duels() -> Iterator[Row]:
        judged = set()
        for r in rows(verdicts):
            judged.add(r["item_id"])
            rater, order = f"{r['judge']}/{r['prompt']}", r["order"].upper()
            yield duel(r["item_id"], AB, rater, "judge", r["verdict"], order=order, rubric=r["prompt"])
        for r in rows(items):
            if r["item_id"] in judged and r["human"] is not None:
                yield duel(r["item_id"], AB, "gold", "human", r["human"])

    return {**pair_texts(items, "item_id", "subset"), "duels": duels()}


def pair_texts(items: Path, key: str, split: str) -> Tables:
    return {
        "dialogues": (
            prompt_dialogue(r[key], f"{r['prompt']}\n\n{r.get('input') or ''}".strip() or "-", split=r[split])
            for r in rows(items)
        ),
        "responses": (
            response(r[key], system, r[system]) for r in rows(items) for system in AB if r[system] is not None
        ),
    }


def judgebench(data: Path) -> Tables:
    """Pairs of which one is correct (rater ``gold``). Decisions are as shown: order ba is turned back."""
    items, verdicts = (data / "judgebench" / f"{name}.jsonl.gz" for name in ("items", "verdicts"))
    word = {"A>B": "A", "B>A": "B", "A=B": "tie", None: None}
    turned = {"A": "B", "B": "A", "tie": "tie", None: None}

    def duels() -> Iterator[Row]:
        for r in rows(verdicts):
            verdict, order = word[r["decision"]], r["order"].upper()
            verdict = turned[verdict] if order == "BA" else verdict
            yield duel(r["pair_id"], AB, r["judge"], "judge", verdict, order=order, rubric=r["judge_name"])
        for r in rows(items):
            yield duel(r["pair_id"], AB, "gold", "human", word[r["human_or_gold"]])

    return {**pair_texts(items, "pair_id", "source"), "duels": duels()}


def pandalm(data: Path) -> Tables:
    """999 pairs of five systems, three annotators and two judges, order AB only; unreadable is a failure."""
    source = data / "pandalm" / "testset.jsonl.gz"

    def pair(r: Row) -> tuple[str, str]:
        a, _, b = r["pair"].partition("_")
        return a, b

    def duels() -> Iterator[Row]:
        for r in rows(source):
            for k, verdict in enumerate(r["human"], 1):
                yield duel(r["item_id"], pair(r), f"annotator{k}", "human", verdict)
            yield duel(r["item_id"], pair(r), "openai/gpt-3.5-turbo", "judge", r["verdict_gpt35"])
            yield duel(r["item_id"], pair(r), "pandalm-7b", "judge", r["verdict_pandalm"])

    return {
        "dialogues": pair_texts(source, "item_id", "source")["dialogues"],
        "responses": (
            response(r["item_id"], system, r[text])
            for r in rows(source)
            for system, text in zip(pair(r), AB, strict=True)
        ),
        "duels": duels(),
    }


def summeval(data: Path) -> Tables:
    """SummEval: 1,200 summaries rated 1-5 by three experts and by judges; adjacent systems compared.

    A rater is judge/prompt. Articles are not in the set, so there is no table of dialogues.
    """
    folder = data / "summeval_shen"

    def ratings() -> Iterator[Row]:
        for r in rows(folder / "items.jsonl.gz"):
            for k, given in enumerate(r["expert"], 1):
                for criterion, score in given.items():
                    yield rating(r["doc_id"], r["system"], criterion, f"expert{k}", "human", score)
        for r in rows(folder / "scores.jsonl.gz"):
            rater, score = f"{r['judge']}/{r['prompt']}", r["judge_score"]
            yield rating(r["doc_id"], r["system"], r["criterion"], rater, "judge", score, rubric=r["prompt"])

    def duels() -> Iterator[Row]:
        for r in rows(folder / "h2h.jsonl.gz"):
            pair, more = (r["system_a"], r["system_b"]), {"order": r["order"].upper()}
            more["criterion"] = r["criterion"]
            yield duel(r["doc_id"], pair, r["judge"], "judge", r["verdict"], **more)

    responses = (response(r["doc_id"], r["system"], r["summary"]) for r in rows(folder / "items.jsonl.gz"))
    return {"responses": responses, "ratings": ratings(), "duels": duels()}


def topicalchat(data: Path) -> Tables:
    """360 responses of six systems; the annotators' mean as one person, 20 samples of a judge as repeats."""
    folder = data / "topicalchat_gpt35"

    def ratings() -> Iterator[Row]:
        for r in rows(folder / "items.jsonl.gz"):
            for criterion, score in r["human"].items():
                yield rating(r["doc_id"], r["system"], criterion, "annotators-mean", "human", score)
        for r in rows(folder / "scores.jsonl.gz"):
            rater, place = f"{r['judge']}/{r['prompt']}", (r["doc_id"], r["system"], r["criterion"])
            for repeat, score in enumerate(r["scores"]):
                yield rating(*place, rater, "judge", score, repeat=repeat, rubric=r["prompt"])

    def dialogues() -> Iterator[Row]:
        seen = set()
        for r in rows(folder / "items.jsonl.gz"):
            if r["doc_id"] not in seen:
                seen.add(r["doc_id"])
                yield prompt_dialogue(r["doc_id"], *r["context"].split("\n"), fact=r["fact"])

    responses = (response(r["doc_id"], r["system"], r["response"]) for r in rows(folder / "items.jsonl.gz"))
    return {"dialogues": dialogues(), "responses": responses, "ratings": ratings()}


def alpaca(data: Path) -> Tables:
    """AlpacaEval 2: a preference from 1 (baseline, system_a) to 2 (system_b), kept as probability of A.

    The verdict is the side of 1.5. The order shown was drawn at random and is not in the set: AB stands for
    unknown, so that nothing about position can be read from it. The baseline against itself is left out.
    """
    folder = data / "alpaca_eval2"

    def duels() -> Iterator[Row]:
        for r in rows(folder / "preferences.jsonl.gz"):
            preference, pair = r["preference"], (r["system_a"], r["system_b"])
            if pair[0] == pair[1]:
                continue
            verdict = "tie" if preference == 1.5 else "A" if preference < 1.5 else "B"
            share = 2 - preference
            yield duel(r["item_id"], pair, r["judge"], "judge", verdict, probability=share)

    instructions = rows(folder / "instructions.jsonl.gz")
    dialogues = (prompt_dialogue(r["item_id"], r["instruction"]) for r in instructions)
    return {"dialogues": dialogues, "duels": duels()}


def alttest(data: Path) -> Tables:
    """The sets of the alternative annotator test that are here; the set's name is the criterion.

    Labels that are words become 0, 1, 2, ... in alphabetical order (rubric ``nominal``, and the column
    ``label`` keeps the word). MT-bench becomes duels.
    """
    folder = data / "alttest"
    names = [path.name.split(".")[0] for path in sorted(folder.glob("*.jsonl.gz"))]
    sets = [name for name in names if name not in ("published_notebook_output", "mtbench")]

    def labels(name: str) -> Iterator[tuple[str, str, str, Any]]:
        for r in rows(folder / f"{name}.jsonl.gz"):
            for kind, given in (("human", r["human"]), ("judge", r["llm"])):
                yield from ((r["item_id"], rater, kind, label) for rater, label in given.items())

    def ratings() -> Iterator[Row]:
        for name in sets:
            words = sorted({label for *_, label in labels(name) if isinstance(label, str)})
            codes = {word: k for k, word in enumerate(words)}
            for item, rater, kind, label in labels(name):
                text = isinstance(label, str)
                more = {"rubric": "nominal" if text else "", "label": str(label)}
                yield rating(item, "item", name, rater, kind, codes[label] if text else label, **more)

    def duels() -> Iterator[Row]:
        words = {"model_a": "A", "model_b": "B", "tie": "tie"}
        for item, rater, kind, label in labels("mtbench"):
            question, a, b, turn = item.split("__")
            yield duel(f"{question}:{turn}", (a, b), rater, kind, words[label])

    return {"ratings": ratings(), "duels": duels()}


def vicuna(data: Path) -> Tables:
    """Reviews by GPT-4 of the Vicuna questions, order AB only; FairEval's people on gpt35 v vicuna-13b."""
    folder = data / "vicuna_faireval"

    def duels() -> Iterator[Row]:
        for r in rows(folder / "reviews.jsonl.gz"):
            a, _, b = r["pair"].partition("_")
            yield duel(r["question_id"], (a, b), r["judge"], "judge", r["verdict"], rubric=r["run"])
            if r.get("human") is not None:
                yield duel(r["question_id"], (a, b), "faireval", "human", r["human"])

    items = folder / "items.jsonl.gz"
    return {
        "dialogues": (
            prompt_dialogue(r["question_id"], r["prompt"], split=r["category"]) for r in rows(items)
        ),
        "responses": (
            response(r["question_id"], system, text)
            for r in rows(items)
            for system, text in r["answers"].items()
        ),
        "duels": duels(),
    }


SETS: dict[str, Callable[[Path], Tables]] = {
    "welivita": welivita,
    "ed-outputs": ed_outputs,
    "kumar-ed": kumar_ed,
    "kumar-epitome": kumar_epitome,
    "llmbar": llmbar,
    "pandalm": pandalm,
    "judgebench": judgebench,
    "summeval": summeval,
    "topicalchat": topicalchat,
    "alpaca": alpaca,
    "alttest": alttest,
    "vicuna": vicuna,
}


def default_data() -> Path:
    return Path(os.environ.get("JUDGE_SHARED_DATA") or ROOT.parent / "shared") / "data"


def convert(name: str, out: Path, data: Path | None = None) -> dict[str, Path]:
    """Write the tables of a set to a folder outside the checkout and return their paths."""
    if out.resolve().is_relative_to(ROOT):
        raise SystemExit("the output folder must lie outside the checkout: this data may not be passed on")
    out.mkdir(parents=True, exist_ok=True)
    written = {}
    for table, content in SETS[name](data or default_data()).items():
        written[table] = out / f"{table}.jsonl"
        WRITERS["responses" if table == "others" else table](content, written[table])
    return written


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=[*SETS, "all"])
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, default=None)
    args = parser.parse_args()
    for name in SETS if args.name == "all" else [args.name]:
        folder = args.out / name if args.name == "all" else args.out
        for path in convert(name, folder, args.data).values():
            print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
