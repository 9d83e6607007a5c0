"""What a list of components has to be, and which holds on a day. A dossier keeps the list of the day on which it was
handed in, so a list is entered for days to come; one for days gone by fills only days that had none. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from shared.domain.vietnamese import normalised
from shared.web.problems import Problem, Reason

#: As what a file is sent that is the agency's result: no procedure asks its applicant for it.
RESULT = "result"


def is_result(component: str | None) -> bool:
    """Whether a file is sent as a result, however the word is written."""
    return component is not None and key_of(component) == RESULT


@dataclass(frozen=True, slots=True)
class ListRow:
    """A list as it stands in the table. components: as they went in."""

    id: int
    valid_from: date
    components: Sequence[Mapping[str, Any]]
    decision: str
    reason: str


@dataclass(frozen=True, slots=True)
class Held:
    """The list that holds on a day, until its last day (None: still)."""

    row: ListRow
    valid_to: date | None


def holding(lists: Sequence[ListRow], day: date) -> Held | None:
    """The list of a version that holds on a day: the last that began."""
    begun = [row for row in lists if row.valid_from <= day]
    if not begun:
        return None
    row = max(begun, key=lambda each: each.valid_from)
    following = min((each.valid_from for each in lists if each.valid_from > row.valid_from), default=None)
    return Held(row, following - timedelta(days=1) if following else None)


def placed(
    lists: Sequence[ListRow], begin: date, components: Sequence[Mapping[str, Any]], today: date, *, retroactive: bool
) -> tuple[int, ...] | Problem:
    """Which lists a new one takes the place of: those that were to begin with it or later, and hold for nobody yet."""
    reasons = [*_unclear(components), *_untimely(lists, begin, today, retroactive=retroactive)]
    if reasons:
        return Problem("invalid_request", *reasons)
    return tuple(row.id for row in lists if row.valid_from >= begin) if begin > today else ()


def unchanged(
    lists: Sequence[ListRow], begin: date, components: Sequence[Mapping[str, Any]], decision: str, today: date
) -> bool:
    """Whether exactly this holds from that day on already. One for a day to come is the last: it replaces what was to
    follow."""
    later = [row for row in lists if row.valid_from >= begin]
    same = [row.valid_from == begin and list(row.components) == list(components) for row in later[:1]]
    return same == [True] and later[0].decision == decision and (begin <= today or len(later) == 1)


def _untimely(lists: Sequence[ListRow], begin: date, today: date, *, retroactive: bool) -> Iterator[Reason]:
    if begin > today:
        return
    if not retroactive:
        tomorrow = (today + timedelta(days=1)).isoformat()
        yield Reason("valid_from", "back_dated", {"day": tomorrow, "flag": "retroactive"})
        return
    first = min((row.valid_from for row in lists), default=None)
    if first is not None and first <= begin:
        yield Reason("valid_from", "listed_then", {"day": first.isoformat()})


def _unclear(components: Sequence[Mapping[str, Any]]) -> Iterator[Reason]:
    """Files and papers are told by code or by name: none may mean two."""
    seen: set[str] = set()
    for place, component in enumerate(components):
        keys = {field: key_of(component[field]) for field in ("code", "name")}
        for field, key in keys.items():
            if is_result(component[field]):
                yield Reason(f"components.{place}.{field}", "component_of_results")
            elif key in seen:
                yield Reason(f"components.{place}.{field}", "component_twice")
        seen.update(keys.values())
        kinds = [form["kind"] for form in component["forms"]]
        for at, kind in enumerate(kinds):
            if kind in kinds[:at]:
                yield Reason(f"components.{place}.forms.{at}.kind", "component_form_twice")


def key_of(text: str) -> str:
    """What a code or a name is told by, however its letters are written."""
    return normalised(text).casefold()
