"""The rubrics at hand: ours, other packages', and the user's own folders. Nothing overrides silently."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge.errors import RubricError, UnknownNameError
from judge.rubrics.answers import read_answer
from judge.rubrics.loading import Source, check_source, load_source
from judge.rubrics.problems import Problem, as_error
from judge.rubrics.render import render

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from importlib.metadata import EntryPoint

    from judge.types import Answer, JudgeTask, Mode, Outcome, Prompt, Rubric

ENDING = ".jinja"
GROUP = "judge.rubrics"


@dataclass(frozen=True, slots=True)
class RubricLibrary:
    """Every rubric at hand, ours first, then in order of id, mode and version.

    Examples
    --------
    >>> library = load_rubrics()
    >>> library.get("epitome", "absolute").criteria[0].name
    'emotional_reaction'
    >>> library.choose("exploration", "absolute").rubric_id
    'epitome'
    """

    rubrics: tuple[Rubric, ...]

    def __iter__(self) -> Iterator[Rubric]:
        return iter(self.rubrics)

    def __len__(self) -> int:
        return len(self.rubrics)

    def list(self, mode: Mode | None = None) -> tuple[Rubric, ...]:
        """Return the rubrics of one mode, or all."""
        return tuple(r for r in self.rubrics if mode is None or r.mode == mode)

    def get(self, rubric_id: str, mode: Mode | None = None) -> Rubric:
        """Return one rubric by its id, or by ``id@version``.

        Raises
        ------
        judge.errors.UnknownNameError
            There is none of that name in that mode.
        judge.errors.RubricError
            There are several (two modes, or two versions) and the name does not say which.
        """
        found = self._named(rubric_id, mode)
        if not found:
            raise self._unknown(rubric_id, mode, criteria=False)
        return _only(rubric_id, found)

    def choose(self, criterion: str, mode: Mode) -> Rubric:
        """Return the rubric for a criterion: the one of that id, else the only one that judges it.

        Parameters
        ----------
        criterion
            A rubric's id (or ``id@version``), or a criterion's name.
        mode
            ``"pairwise"`` or ``"absolute"``.

        Raises
        ------
        judge.errors.UnknownNameError
            No rubric of that mode has that id or judges that criterion; the nearest names are given.
        judge.errors.RubricError
            Several do: the mend is to name the rubric.
        """
        found = self._named(criterion, mode)
        if not found:
            found = [r for r in self.list(mode) if any(c.name == criterion for c in r.criteria)]
        if not found:
            raise self._unknown(criterion, mode, criteria=True)
        return _only(criterion, found)

    def render(self, rubric: Rubric, task: JudgeTask) -> Prompt:
        """Make the prompt for one question; see `judge.rubrics.render`."""
        return render(rubric, task)

    def read(self, rubric: Rubric, answer: Answer) -> tuple[Outcome, ...]:
        """Read an answer; see `judge.rubrics.read_answer`."""
        return read_answer(rubric, answer)

    def _named(self, name: str, mode: Mode | None) -> Sequence[Rubric]:
        rubric_id, _, version = name.partition("@")
        return [
            r for r in self.list(mode) if r.rubric_id == rubric_id and (not version or r.version == version)
        ]

    def _unknown(self, name: str, mode: Mode | None, *, criteria: bool) -> UnknownNameError:
        known = {r.rubric_id for r in self.list(mode)}
        if criteria:
            known |= {c.name for r in self.list(mode) for c in r.criteria}
        what = f"{mode} rubric" if mode else "rubric"
        if criteria:
            what += " or criterion"
        others = sorted({r.mode for r in self.rubrics if r.rubric_id == name})
        if others:
            what += f" (there is one in mode {' and '.join(others)})"
        return UnknownNameError(what, name, sorted(known))


def _only(name: str, found: Sequence[Rubric]) -> Rubric:
    if len(found) == 1:
        return found[0]
    listing = ", ".join(f"{r.rubric_id}@{r.version} ({r.mode}, {r.source})" for r in found)
    raise RubricError(
        f"{name!r} stands for {len(found)} rubrics: {listing}\n"
        "  mend: name one by its id, with @version where the versions differ, and by its mode"
    )


def load_rubrics(folders: Iterable[str | Path] = (), *, plugins: bool = True) -> RubricLibrary:
    """Load our rubrics, those of other packages, and the user's.

    Parameters
    ----------
    folders
        Folders (every ``*.jinja`` in them) or single files of the user's. They are checked in full: header,
        template, and a trial with two made-up items.
    plugins
        Whether to ask other packages (entry points of the group ``judge.rubrics``).

    Raises
    ------
    judge.errors.RubricError
        Every problem of every file at once; two rubrics of one id, version and mode with other content; a
        folder that does not exist; a package whose rubrics cannot be loaded.
    """
    ours = [load_source(source) for source in bundled_sources()]
    sources = [*(_plugin_sources() if plugins else ()), *user_sources(folders)]
    problems: list[Problem] = []
    added: list[Rubric] = []
    for source in sources:
        rubric, found = check_source(source)
        problems += found
        added += [rubric] if rubric is not None else []
    if problems:
        raise as_error(problems)
    return RubricLibrary(tuple(_without_conflicts([*ours, *added])))


def _without_conflicts(rubrics: Iterable[Rubric]) -> Iterable[Rubric]:
    kept: dict[tuple[str, str, str], Rubric] = {}
    for rubric in rubrics:
        key = (rubric.rubric_id, rubric.mode, rubric.version)
        other = kept.setdefault(key, rubric)
        if other.sha256 != rubric.sha256:
            name = f"{rubric.rubric_id}@{rubric.version} ({rubric.mode})"
            message = f"{name} is also in {other.source}, with other content"
            raise as_error([Problem(rubric.source, 2, message, "give yours an id of its own")])
    return [kept[key] for key in sorted(kept)]


def bundled_sources() -> tuple[Source, ...]:
    """Return the rubric files that come with the package, in order of their names."""
    folder = resources.files("judge.rubrics")
    return _in_folder(folder, "judge.rubrics/")


def user_sources(folders: Iterable[str | Path]) -> tuple[Source, ...]:
    """Return the rubric files in these folders, and these files."""
    sources: list[Source] = []
    for path in map(Path, folders):
        if path.is_file():
            sources.append(Source(str(path), path))
            continue
        if not path.is_dir():
            raise as_error([Problem(str(path), 0, "there is no such folder or file", "check the path")])
        found = _in_folder(path, f"{path}/")
        if not found:
            mend = f"rubric files end in {ENDING}; those that begin with _ are not read"
            raise as_error([Problem(str(path), 0, "there is no rubric in this folder", mend)])
        sources += found
    return tuple(sources)


def _in_folder(folder: Any, prefix: str) -> tuple[Source, ...]:
    entries = sorted(folder.iterdir(), key=lambda entry: str(entry.name))
    return tuple(
        Source(f"{prefix}{entry.name}", entry)
        for entry in entries
        if entry.name.endswith(ENDING) and not entry.name.startswith(("_", "."))
    )


def _plugin_sources() -> Iterator[Source]:
    from importlib.metadata import entry_points

    for point in sorted(entry_points(group=GROUP), key=lambda p: (p.name, p.value)):
        yield from _from_entry_point(point)


def _from_entry_point(point: EntryPoint) -> Sequence[Source]:
    """Load what a package declares: a folder, or a function without arguments that returns one."""
    name = f"entry point {point.name!r} ({point.dist.name if point.dist else point.value})"
    try:
        value = point.load()
        folder = value() if callable(value) else value
        folder = Path(folder) if isinstance(folder, str) else folder
        return _in_folder(folder, f"{point.name}:")
    except Exception as error:  # any fault of another package's becomes one clear error of ours
        message = f"its rubrics cannot be loaded: {type(error).__name__}: {error}"
        raise as_error([Problem(name, 0, message, "mend or uninstall that package")]) from error
