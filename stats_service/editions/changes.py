"""What two editions say differently. Pure."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from stats_service.editions.formats import FIGURES_1
from stats_service.official_tables.rules import ANNEX, II_06A

#: What says which row it is; the rest of it may have changed.
_IDENTITY = ("row", "key", "by", "within")
#: Of a line of a table: where it stands. Another line above it is no change of this one.
_PLACE = ("number",)
# Where rows stand in the canonical form, which has no blanks. Within a text no quote is followed by a letter, nor does
# one end an edition: so none of these stands in a text, whatever it says.
_BEFORE_ROWS = re.compile(rb'"rows":\[(?=\{"[a-z])')
_SEAM = re.compile(rb'\},(?=\{"[a-z])')
_AFTER_ROWS = re.compile(rb'\}\](?=,"[a-z]|\}\Z)')
_ORDER = tuple(dict.fromkeys((*FIGURES_1, *II_06A, *ANNEX)))


@dataclass(frozen=True, slots=True)
class Change:
    """What two editions say differently. kind: came or gone (a whole row), or changed: `figure` of a row, or of the
    total, where `key` is None. `figure` may be something else that a row says: its name."""

    kind: str
    key: str | None
    name: str | None
    within: Sequence[str]
    figure: str | None
    before: object
    after: object


def differing(before: bytes, after: bytes) -> list[Change]:
    """Of the total first, then row by row as they stand in `after`, then the rows that are gone."""
    old, new = _unlike(before, after), _unlike(after, before)
    found = [
        Change("changed", None, None, (), name, old[name], new[name])
        for name in ("agency_name", "synthetic")
        if old[name] != new[name]
    ]
    found += _changed(None, None, (), _of_the_whole(old), _of_the_whole(new))
    rows = {_identity(row): row for row in _lines(old)}
    for row in _lines(new):
        known = rows.pop(_identity(row), None)
        if known is None:
            found.append(_whole("came", row))
        else:
            found += _changed(row["key"], row["name"], row.get("within", ()), _flat(known), _flat(row))
    return [*found, *(_whole("gone", row) for row in rows.values())]


def _unlike(edition: bytes, other: bytes) -> dict[str, Any]:
    """An edition with those of its rows only that do not stand in the other one byte for byte: of fifty thousand rows a
    correction changes a few, and to read them all takes seconds and a hundred megabytes."""
    known = {_mark(row) for row in _rows(other)}
    told: dict[str, Any] = json.loads(_without_rows(edition))
    if told["rows"] == []:
        told["rows"] = [json.loads(row) for row in _rows(edition) if _mark(row) not in known]
    return told


def _mark(row: bytes) -> bytes:
    return blake2b(row, digest_size=16).digest()


def _rows(edition: bytes) -> Iterator[bytes]:
    """The bytes of each row of an edition; none where there is none, or its bytes are in no canonical form."""
    begin, end = _place_of_rows(edition)
    at = begin
    for seam in _SEAM.finditer(edition, begin, end):
        yield edition[at : seam.start() + 1]
        at = seam.end()
    if begin < end:
        yield edition[at:end]


def _without_rows(edition: bytes) -> bytes:
    begin, end = _place_of_rows(edition)
    return edition[:begin] + edition[end:]


def _place_of_rows(edition: bytes) -> tuple[int, int]:
    """From the first of them to the last."""
    begin = _BEFORE_ROWS.search(edition)
    after = begin and _AFTER_ROWS.search(edition, begin.end())
    return (begin.end(), after.start() + 1) if begin and after else (0, 0)


def _of_the_whole(edition: Mapping[str, Any]) -> dict[str, object]:
    """What is said of no row: the total, which stands apart or is a row of its own; and the words of a form."""
    totals = (row for row in edition["rows"] if row.get("row") == "total")
    total = edition["total"] if "total" in edition else next(totals, {})
    form = {f"form.{name}": _words(value) for name, value in edition.get("form", {}).items()}
    moved = {name: edition[name] for name in ("moved_to_column_9",) if name in edition}
    return {**form, **moved, **{name: value for name, value in total.items() if name in _ORDER}}


def _words(value: object) -> object:
    return " | ".join(map(str, value)) if isinstance(value, list) else value


def _lines(edition: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [row for row in edition["rows"] if row.get("row") != "total"]


def _identity(row: Mapping[str, Any]) -> tuple[object, ...]:
    return tuple(tuple(part) if isinstance(part := row.get(name), list) else part for name in _IDENTITY)


def _whole(kind: str, row: Mapping[str, Any]) -> Change:
    return Change(kind, row["key"], row["name"], row.get("within", ()), None, None, None)


def _flat(row: Mapping[str, Any]) -> dict[str, object]:
    """A row without what says which it is; the figures that a unit has of its own as own.received."""
    own = {f"own.{name}": value for name, value in row.get("own", {}).items()}
    return {**{name: value for name, value in row.items() if name not in (*_IDENTITY, *_PLACE, "own")}, **own}


def _changed(
    key: str | None, name: str | None, within: Sequence[str], old: Mapping[str, object], new: Mapping[str, object]
) -> Iterator[Change]:
    told = [*(each for each in new if each not in _ORDER), *_ORDER]
    for figure in told:
        if old.get(figure) != new.get(figure):
            yield Change("changed", key, name, within, figure, old.get(figure), new.get(figure))
