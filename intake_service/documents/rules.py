"""What a procedure asks for, held against what is there. What is missing is shown and holds nothing up: what was
received was received (Decree 61/2018 art. 17(1), 19(4): the one-stop asks for the rest). Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from intake_service.components.rules import is_result, key_of
from shared.domain.lifecycle import EventKind


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper that was handed in, as reception or a supplement has it."""

    name: str
    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of a dossier that is not erased. latest: no version came after it. What is None nobody has said."""

    id: str
    name: str
    component: str | None
    latest: bool
    digitised: bool | None
    reused: int | None
    from_store: bool | None


@dataclass(frozen=True, slots=True)
class Result:
    """The document that is the result, as it was recorded. number: None where its words were erased. file: its id."""

    seq: int
    recorded_at: datetime
    actor: str
    acting_agency_id: int
    number: str | None = None
    issued_on: date | None = None
    name: str | None = None
    code: str | None = None
    signed_by: str | None = None
    file: str | None = None
    sha256: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ComponentHeld:
    """A component that is asked for, with what is there of it. lacks: of each form that is asked for, how many are not
    on record; a file is one electronic copy. missing: nothing of it is there."""

    component: Mapping[str, Any]
    papers: tuple[Paper, ...]
    files: tuple[FileRow, ...]
    lacks: tuple[tuple[str, int], ...]

    @property
    def missing(self) -> bool:
        """Whether nothing of it is there."""
        return not self.papers and not any(file.latest for file in self.files)


@dataclass(frozen=True, slots=True)
class Held:
    """What is asked against what is there. components: None where no list is known. unasked: what no component asks
    for."""

    components: tuple[ComponentHeld, ...] | None
    unasked_papers: tuple[Paper, ...]
    unasked_files: tuple[FileRow, ...]
    result_files: tuple[FileRow, ...]

    @property
    def complete(self) -> bool | None:
        """Whether something is there of all that is required; None where that is not known."""
        if self.components is None:
            return None
        return not any(each.missing and each.component["required"] for each in self.components)


def held_against(
    components: Sequence[Mapping[str, Any]] | None, papers: Sequence[Paper], files: Sequence[FileRow]
) -> Held:
    """Each component with the papers and files that are called by its code or its name."""
    results = tuple(file for file in files if is_result(file.component))
    handed_in = [file for file in files if not is_result(file.component)]
    places = {
        key_of(component[field]): place
        for place, component in enumerate(components or ())
        for field in ("code", "name")
    }
    of_paper = [places.get(key_of(paper.name)) for paper in papers]
    of_file = [places.get(key_of(file.component)) if file.component else None for file in handed_in]
    held = [
        _component(
            component,
            tuple(paper for paper, at in zip(papers, of_paper, strict=True) if at == place),
            tuple(file for file, at in zip(handed_in, of_file, strict=True) if at == place),
        )
        for place, component in enumerate(components or ())
    ]
    return Held(
        tuple(held) if components is not None else None,
        tuple(paper for paper, at in zip(papers, of_paper, strict=True) if at is None),
        tuple(file for file, at in zip(handed_in, of_file, strict=True) if at is None),
        results,
    )


def _component(component: Mapping[str, Any], papers: tuple[Paper, ...], files: tuple[FileRow, ...]) -> ComponentHeld:
    there: Counter[str] = Counter()
    for paper in papers:
        there[paper.kind] += paper.count
    there["electronic"] += sum(file.latest for file in files)
    lacks = [(form["kind"], form["count"] - there[form["kind"]]) for form in component["forms"]]
    return ComponentHeld(component, papers, files, tuple((kind, count) for kind, count in lacks if count > 0))


def papers_of(*lists: Iterable[Mapping[str, Any]] | None) -> list[Paper]:
    """What reception and supplements say was handed in, in order."""
    return [
        Paper(each["name"], each.get("kind", "copy"), each.get("count", 1)) for given in lists for each in given or ()
    ]


def results_of(events: Sequence[tuple[str, Result]]) -> tuple[Result | None, list[Result]]:
    """(the result as it stands, those before it, the latest first), of the events that recorded one or took a finish
    back: with the finish its result is taken back."""
    current: Result | None = None
    earlier: list[Result] = []
    for kind, result in events:
        if current is not None:
            earlier.insert(0, current)
        current = result if kind == EventKind.RESULT_RECORDED else None
    return current, earlier
