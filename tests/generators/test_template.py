"""A user adds a strategy with one file; mistakes in it are found before anything is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from judge.errors import InputError, UnknownNameError
from judge.generators import Ask, Done, get_strategy
from judge.generators.template import parse_template
from tests.generators.helpers import RESOURCES, dialogue, messages

if TYPE_CHECKING:
    from pathlib import Path

HEADER = '+++\nname = "mine"\nversion = "2"\nabout = "A try."\n'
GOOD = (
    HEADER + '[options]\ntone = "calm"\n+++\n=== respond\n--- system\nBe {{ options.tone }}.\n--- context\n'
)


def write(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.jinja"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_one_file_is_a_strategy(tmp_path: Path) -> None:
    """A template file with a header and no code is a strategy with options of its own."""
    path = write(tmp_path, GOOD)
    assert messages(get_strategy(path), dialogue("Hi"))[0].content == "Be calm."
    assert messages(get_strategy(path, {"tone": "loud"}), dialogue("Hi"))[0].content == "Be loud."
    assert get_strategy(path).ref.startswith("mine@2#")


def test_path_is_relative_to_the_folder(tmp_path: Path) -> None:
    """A study's relative path starts from the study's folder."""
    write(tmp_path, GOOD)
    assert get_strategy("mine.jinja", folder=tmp_path).name == "mine"


def test_a_chain_without_code(tmp_path: Path) -> None:
    """A user's file may ask twice, read a field, use exemplars and the shared parts."""
    text = HEADER + (
        'uses = ["similar-exemplars"]\n[options]\nk = 1\n[reads.think]\nmood = "Mood"\n+++\n'
        "=== think\n--- context\n--- user\nMood: ?\n"
        '=== respond\n--- system\n{% include "_task.jinja" %}\n{{ answers.think }}\n--- context\n'
    )
    step = get_strategy(write(tmp_path, text), resources=RESOURCES).start(dialogue("My parrot sings."))
    assert isinstance(step, Ask)
    second = step.then("Mood: cheerful")
    assert isinstance(second, Ask)
    assert "Mood: cheerful" in second.prompt.messages[0].content
    done = second.then("Nice!")
    assert isinstance(done, Done)
    assert done.details["mood"] == "cheerful"
    assert done.details["exemplars"] == ["train-3"]


def test_user_columns_can_be_asked_for(tmp_path: Path) -> None:
    """Extra columns of the dialogues table are there for templates; a lacking one is named."""
    path = write(tmp_path, HEADER + "+++\n=== respond\n--- system\nFor {{ dialogue.age }}.\n--- context\n")
    assert messages(get_strategy(path), dialogue("Hi", extra={"age": 9}))[0].content == "For 9."
    with pytest.raises(InputError, match=r"mine\.jinja.*'respond'.*'d1'.*age"):
        get_strategy(path).start(dialogue("Hi"))


def test_the_reference_cannot_be_asked_for(tmp_path: Path) -> None:
    """No template can leak the gold response into a prompt, not even by way of extra columns."""
    path = write(tmp_path, HEADER + "+++\n=== respond\n--- system\n{{ dialogue.reference }}\n--- context\n")
    with pytest.raises(InputError, match="reference"):
        get_strategy(path).start(dialogue("Hi", reference="gold", extra={"reference": "gold"}))


@pytest.mark.parametrize(
    "attack", ["{{ ''.__class__.__mro__ }}", "{{ dialogue.pop('id') }}", '{% include "/etc/passwd" %}{{ x }}']
)
def test_the_sandbox_holds(tmp_path: Path, attack: str) -> None:
    """Python internals, changes to the data and files outside are out of reach."""
    path = write(tmp_path, HEADER + f"+++\n=== respond\n--- system\n{attack}\n--- context\n")
    with pytest.raises(InputError):
        get_strategy(path).start(dialogue("Hi"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no header", "no header"),
        ("+++\nname = \n+++\n", "not valid TOML"),
        ('+++\nname = "x"\n+++\n', "lacks 'version'"),
        (HEADER + "color = 1\n+++\n=== a\n--- context\n", "unknown keys in the header: color"),
        (HEADER + "options = 3\n+++\n=== a\n--- context\n", "must be a table"),
        (HEADER + "+++\n--- system\nHi\n", "the first question"),
        (HEADER + "+++\n=== a\nloose text\n--- context\n", "before its first"),
        (HEADER + "+++\n=== a\n--- sytem\nHi\n", "a section is one of"),
        (HEADER + "+++\n=== a\n--- context\n=== a\n--- context\n", "the same name"),
        (HEADER + "+++\n=== a\n=== b\n--- context\n", "'a' holds no section"),
        (HEADER + '[reads.b]\nx = "X"\n+++\n=== a\n--- context\n', "no such question"),
    ],
)
def test_mistakes_are_named(text: str, message: str) -> None:
    """Each mistake in a file is refused in words that say what to mend."""
    with pytest.raises(InputError, match=message):
        parse_template(text, path="mine.jinja")


def test_bad_syntax_and_unknown_uses_are_found_at_once(tmp_path: Path) -> None:
    """Jinja mistakes and unknown resources are found when the strategy is made."""
    with pytest.raises(InputError, match="section 'system'"):
        get_strategy(write(tmp_path, HEADER + "+++\n=== a\n--- system\n{% if %}\n"))
    with pytest.raises(UnknownNameError, match="knowledge"):
        get_strategy(write(tmp_path, HEADER + 'uses = ["knowlege"]\n+++\n=== a\n--- context\n'))


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    """A file that is not there or not UTF-8 is an input error."""
    with pytest.raises(InputError, match=r"gone\.jinja"):
        get_strategy(str(tmp_path / "gone.jinja"))
    (tmp_path / "latin.jinja").write_bytes(b"+++\n# caf\xe9\n+++\n")
    with pytest.raises(InputError, match="cannot be read"):
        get_strategy(str(tmp_path / "latin.jinja"))


def test_the_digest_follows_shared_parts() -> None:
    """The digest of a strategy changes with its own text and with the text of parts that it includes."""
    one = parse_template(GOOD)
    assert one.sha256 != parse_template(GOOD.replace("Be", "Stay")).sha256
    assert one.sha256 != parse_template(GOOD, partials="x").sha256
