"""How alike a response is to a reference: chrF, BLEU, ROUGE-L, cosine of embeddings, BERTScore.

Every measure takes many texts at once and carries a signature that says which version of it was computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from judge.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Scores: TypeAlias = "list[float | None]"
    Measure: TypeAlias = "Callable[[Sequence[str], Sequence[str]], Scores]"
    Encode: TypeAlias = "Callable[[Sequence[str]], NDArray[np.float32]]"

SIMILARITIES = ("chrf", "bleu", "rouge_l", "embedding", "bertscore")
"""The measures by name. chrF is the first choice: deterministic, without a model, no extra."""
BERT_MODEL = "roberta-large"
BERT_LAYER = 17


@dataclass(frozen=True)
class Similarity:
    """One measure: `score(responses, references)` gives a number a pair, None where there can be none.

    `signature` names library, version and settings: numbers are comparable only where it is the same.
    """

    name: str
    score: Measure
    signature: str


def chrf_similarity() -> Similarity:
    """Return sentence chrF2 (sacrebleu's, to the last bit), 0 to 100.

    Nothing is loaded before texts are scored: many a run has no references.

    References
    ----------
    Popovic 2015, doi:10.18653/v1/W15-3049; Post 2018, doi:10.18653/v1/W18-6319.

    Examples
    --------
    >>> chrf_similarity().score(["are you okay ?"], ["are you okay ?"])
    [100.0]
    """

    def score(responses: Sequence[str], references: Sequence[str]) -> Scores:
        from judge.analysis.text_metrics.overlap import sentence_chrf

        return [*sentence_chrf(responses, references)]

    return Similarity("chrf", score, chrf_signature())


def chrf_signature() -> str:
    """Return sacrebleu's signature of chrF2, without loading sacrebleu.

    >>> chrf_signature().partition("|version:")[0]
    'nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no'
    """
    from importlib.metadata import version

    return f"nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:{version('sacrebleu')}"


def bleu_similarity() -> Similarity:
    """Return sentence BLEU-4 (sacrebleu), 0 to 100; exponential smoothing, effective order.

    Notes
    -----
    The mean over sentences is not corpus BLEU. Effective order leaves out the orders that a response is too
    short to have, so that three words can score at all.

    References
    ----------
    Papineni et al. 2002, doi:10.3115/1073083.1073135; Chen and Cherry 2014, doi:10.3115/v1/W14-3346.

    Examples
    --------
    >>> [round(s) for s in bleu_similarity().score(["oh no", "oh no"], ["oh no", "hi"])]
    [100, 0]
    """
    from sacrebleu.metrics.bleu import BLEU

    metric = BLEU(smooth_method="exp", effective_order=True)
    metric.sentence_score("a", ["a"])  # the signature is known once something was scored

    def score(responses: Sequence[str], references: Sequence[str]) -> Scores:
        pairs = zip(responses, references, strict=True)
        return [float(metric.sentence_score(one, [two]).score) for one, two in pairs]

    return Similarity("bleu", score, str(metric.get_signature()))


def rouge_l_similarity() -> Similarity:
    """Return ROUGE-L F1 (rouge-score, stemming on), 0 to 100.

    Raises
    ------
    InputError
        The package rouge-score is not installed.

    References
    ----------
    Lin 2004, https://aclanthology.org/W04-1013.
    """
    from judge.analysis.text_metrics.overlap import rouge_l

    try:
        signature = rouge_l([], []).signature
    except ImportError as error:
        raise missing_extra("rouge_l", "rouge-score", "metrics") from error

    def score(responses: Sequence[str], references: Sequence[str]) -> Scores:
        return [float(value) for value in rouge_l(responses, references).sums[:, 0]]

    return Similarity("rouge_l", score, f"{signature}; {_version('rouge-score')}")


def embedding_similarity(encode: Encode, model: str) -> Similarity:
    """Return the cosine of two texts' vectors, -1 to 1; None where a text is empty.

    Parameters
    ----------
    encode
        Gives one vector a text, shape (texts, dimensions), of any length.
    model
        Its name, for the signature: cosines of two models are not comparable.

    References
    ----------
    Reimers and Gurevych 2019, arXiv 1908.10084.

    Examples
    --------
    >>> import numpy as np
    >>> letters = lambda texts: np.array([[t.count("a"), t.count("b")] for t in texts], dtype=np.float32)
    >>> embedding_similarity(letters, "letters").score(["aa", "a", ""], ["a", "b", "b"])
    [1.0, 0.0, None]
    """

    def score(responses: Sequence[str], references: Sequence[str]) -> Scores:
        import numpy as np

        # References come back again and again (once a system): each text is encoded once.
        place = {text: k for k, text in enumerate(dict.fromkeys([*responses, *references]))}
        vectors = np.asarray(encode(list(place)), dtype=np.float64)
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit = np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
        return [
            float(unit[place[one]] @ unit[place[two]]) if one.strip() and two.strip() else None
            for one, two in zip(responses, references, strict=True)
        ]

    return Similarity("embedding", score, f"cosine; {model}; {_version('sentence-transformers')}")


def bertscore_similarity(scorer: Any = None) -> Similarity:
    """Return BERTScore F1, rescaled with the baseline: near 0 for unrelated texts, 1 for equal ones.

    Parameters
    ----------
    scorer
        A ``bert_score.BERTScorer``; by default one of roberta-large, layer 17, English. The signature is its
        hash.

    Raises
    ------
    InputError
        The package bert-score is not installed, or its model cannot be loaded.

    Notes
    -----
    Texts are cut at 512 tokens; an empty text has no score (None). What was scored is remembered: the same
    pairs are asked for as a feature and as a metric of texts.

    References
    ----------
    Zhang et al. 2020, arXiv 1904.09675.
    """
    made = _bert_scorer() if scorer is None else scorer
    known: dict[tuple[str, str], float] = {}

    def score(responses: Sequence[str], references: Sequence[str]) -> Scores:
        pairs = list(zip(responses, references, strict=True))
        full = [pair for pair in pairs if pair[0].strip() and pair[1].strip()]
        new = [pair for pair in dict.fromkeys(full) if pair not in known]
        if new:
            _, _, f1 = made.score([one for one, _ in new], [two for _, two in new])
            known.update(zip(new, (float(value) for value in f1), strict=True))
        return [known.get(pair) for pair in pairs]

    return Similarity("bertscore", score, str(made.hash))


def _bert_scorer() -> Any:
    try:
        from bert_score import BERTScorer
    except ImportError as error:
        raise missing_extra("bertscore", "bert-score", "bertscore") from error
    try:
        return BERTScorer(model_type=BERT_MODEL, num_layers=BERT_LAYER, lang="en", rescale_with_baseline=True)
    except Exception as error:  # the package raises whatever its backends raise
        raise InputError(f"BERTScore's model {BERT_MODEL!r} cannot be loaded: {error}") from error


def missing_extra(name: str, package: str, extra: str) -> InputError:
    """Return the error that a measure's package is not installed, with what to install."""
    return InputError(
        f"the similarity {name!r} needs the package {package}\n"
        f"  mend: pip install 'judge[{extra}]', or leave it out: chrf and bleu need nothing more"
    )


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return package
