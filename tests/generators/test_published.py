"""Published outputs: every format of the family is read, detokenised, and aligned by content."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from judge.errors import InputError, TableError
from judge.generators.align import align, bare, published_responses
from judge.generators.detokenise import detokenise
from judge.generators.published import Published, parse_published, read_published
from tests.generators.helpers import dialogue
from tests.shared_data import shared

if TYPE_CHECKING:
    from pathlib import Path

    from judge.types import Dialogue

KEMP = """Emotion:proud
Context:['i baked bread', 'nice !', "it 's good"]
Concept:[defaultdict(<class 'list'>, {'bread': ['food']})]
Pred:that is great !
Ref:can i have some ?
Emotion:sad
Context:["the bus was n't there"]
Concept:[]
Pred:oh no .
Ref:did you walk ?"""
MOEL = """Emotion: proud
Context: ['i baked bread', 'nice !', "it 's good"]
trs: wow .
trs+multitask: great .
MOE: nice .
ref: can i have some ?
MOE+oracle: cool .

Emotion: sad
Context: ["the bus was n't there"]
trs: oh .
trs+multitask: sad .
MOE: hm .
MOE+oracle: no .
ref: did you walk ?
"""
MIME = """### COMMENT: scores ###
EVAL\tLoss\tPPL
test\t3.6\t37.5
emotion:proud\tvader-score: 0.1\tpredicted_emotion: joyful
Context:['i baked bread', 'nice !', "it 's good"]
Topk:yum .
Beam: good !
Greedy:great .
Ref:can i have some ?
----------------------
"""
CEM = """EVAL\tLoss\tPPL\tAccuracy
test\t3.6\t36.1\t0.39
Emotion: proud
Pred Emotions: joyful,content
x_intent:['to eat']
Context:['i baked bread', 'nice !', "it 's good"]
Beam:good .
Greedy:great .
Ref:can i have some ?
---------------------------------------------------------------
"""
DIALOGUES = [
    dialogue("I baked bread", "Nice!", "It's good", did="a", reference="Can I have some?"),
    dialogue("The bus wasn't there", did="b", reference="Did you walk?"),
]


def parsed(text: str) -> Published:
    return parse_published(text.splitlines())


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (KEMP, ("pred",)),
        (MOEL, ("trs", "trs+multitask", "moe", "moe+oracle")),
        (MIME, ("greedy", "beam", "topk")),
        (CEM, ("greedy", "beam")),
    ],
)
def test_each_format_is_read(text: str, fields: tuple[str, ...]) -> None:
    """KEMP, MoEL, MIME and CEM files give emotion, context, reference and every system's response."""
    published = parsed(text)
    record = published.records[0]
    assert published.fields() == fields
    assert record.emotion == "proud"
    assert record.context == ("i baked bread", "nice !", "it 's good")
    assert record.reference == "can i have some ?"
    assert all(field in record.responses for field in fields)


def test_other_fields_are_kept() -> None:
    """Predicted emotions and scores stay with the record, the head of the file with the whole."""
    assert parsed(MIME).records[0].details["predicted_emotion"] == "joyful"
    assert parsed(CEM).records[0].details["pred emotions"] == "joyful,content"
    assert parsed(CEM).preamble[1].startswith("test\t3.6")


def test_responses_are_aligned_by_content() -> None:
    """Records find their dialogues in any order; the text is detokenised; each field is a system."""
    published = Published(parsed(MOEL).records[::-1])
    responses, alignment = published_responses(published, DIALOGUES, {"trs": "transformer", "moe": "moel"})
    assert alignment.dialogue_ids == ("b", "a")
    assert (alignment.exact, alignment.missing) == (2, ())
    assert {(r.dialogue_id, r.system_id, r.text) for r in responses} >= {
        ("a", "moel", "Nice."),
        ("b", "transformer", "Oh."),
    }


def test_a_missing_line_is_named() -> None:
    """A file with one turn too few says which dialogue got no response; the others are right."""
    alignment = align(parsed(KEMP).records[1:], DIALOGUES)
    assert alignment.dialogue_ids == ("b",)
    assert alignment.missing == ("a",)


def test_a_changed_record_is_placed_by_likeness() -> None:
    """A record whose words were altered is placed between its neighbours; a foreign one is not."""
    changed = parsed(KEMP.replace("it 's good", "it is really good"))
    alignment = align(changed.records, DIALOGUES)
    assert (alignment.dialogue_ids, alignment.exact, alignment.placed) == (("a", "b"), 1, 1)
    foreign = parsed(KEMP.replace("i baked bread", "my ship sank").replace("can i have some", "was it far"))
    assert align(foreign.records, DIALOGUES).unmatched == (0,)


def test_equal_turns_are_matched_in_order() -> None:
    """Two dialogues with the same words get the two records in their order."""
    twins = [dialogue("Hi", did=name, reference="Hey") for name in ("x", "y")]
    records = parsed("Emotion:sad\nContext:['hi']\nPred:a\nRef:hey\n" * 3).records
    alignment = align(records, twins)
    assert alignment.dialogue_ids == ("x", "y", None)


def test_unknown_and_doubled_fields_are_refused() -> None:
    """A field that the file lacks, or one name for two systems, is an error."""
    with pytest.raises(InputError, match="it has pred"):
        published_responses(parsed(KEMP), DIALOGUES, {"greedy": "kemp"})
    with pytest.raises(InputError, match="same system name"):
        published_responses(parsed(MIME), DIALOGUES, {"greedy": "mime", "beam": "mime"})


def test_broken_files_are_named(tmp_path: Path) -> None:
    """No record, no response, a context that is no list, wrong bytes: file and line are in the error."""
    with pytest.raises(TableError, match="holds no record"):
        parsed("nothing here")
    with pytest.raises(TableError, match="row 1: this record has no response"):
        parsed("Emotion:sad\nContext:['a']\nRef:b")
    for context in ("['a'", "[1, 2]", "[__import__('os')]"):
        with pytest.raises(TableError, match="not a list of strings"):
            parsed(f"Emotion:sad\nContext:{context}\nPred:x")
    path = tmp_path / "kemp.txt"
    path.write_bytes(b"Emotion:sad\nPred:caf\xe9")
    with pytest.raises(TableError, match=r"kemp\.txt: not UTF-8"):
        read_published(path)
    with pytest.raises(TableError, match="cannot be read"):
        read_published(tmp_path / "gone.txt")


@pytest.mark.parametrize(
    ("tokenised", "text"),
    [
        ("oh no ! i hope you are okay .  ", "Oh no! I hope you are okay."),
        ("i 'm glad . it 's good , is n't it ?", "I'm glad. It's good, isn't it?"),
        ("you ca n't , i can not .", "You can't, I cannot."),
        ("so nice : )", "So nice :)"),
        ("100 % sure ( really ) ...", "100% sure (really)..."),
        ("it cost $ 20 . wow ! ! !", "It cost $20. Wow!!!"),
        ("i am gon na go , got ta run", "I am gonna go, gotta run"),
        ("", ""),
    ],
)
def test_detokenising(tokenised: str, text: str) -> None:
    """Punctuation and clitics are joined, sentences and "I" get their capitals; twice changes nothing."""
    assert detokenise(tokenised) == text
    assert detokenise(text) == text


def test_bare_forms_agree() -> None:
    """Tokenised, expanded text and the original have the same bare form."""
    for raw, published in (
        ("I won't. Can't!", "i will not . ca n't !"),
        ("That’s why we'll go", "that is why we will go"),
    ):
        assert bare(raw) == bare(published)


def test_published_outputs_meet_the_test_turns() -> None:
    """All 5,255 published records find exactly their own turn; MIME's own emotion is right in 34.88 %."""
    with gzip.open(shared("data/ed_system_outputs/test_outputs.jsonl.gz"), "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    with gzip.open(shared("data/empathetic_dialogues/turns_test.jsonl.gz"), "rt", encoding="utf-8") as lines:
        turns: list[Dialogue] = [
            dialogue(
                *turn["context"], did=str(turn["idx"]), emotion=turn["emotion"], reference=turn["response"]
            )
            for turn in map(json.loads, lines)
        ]
    text = [
        line
        for row in rows
        for line in (
            f"emotion:{row['emotion']}\tpredicted_emotion: {row['mime_predicted_emotion']}",
            f"Context:{row['context']!r}",
            f"Greedy:{row['outputs']['mime_greedy']}",
            f"Ref:{row['reference']}",
        )
    ]
    published = parse_published(text)
    alignment = align(published.records, turns)
    assert alignment.exact == 5255
    assert alignment.dialogue_ids == tuple(str(row["idx"]) for row in rows)
    gold = {turn.dialogue_id: turn.emotion for turn in turns}
    right = sum(
        record.details["predicted_emotion"] == gold[str(did)]
        for record, did in zip(published.records, alignment.dialogue_ids, strict=True)
    )
    assert right / 5255 == pytest.approx(0.3488, abs=0.00005)
