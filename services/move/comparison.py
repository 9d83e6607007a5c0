"""What `motcua move compare` does: what came is held against the export, by agency and month of acceptance."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rich.table import Table

from services import tables
from services.client import Client
from services.installation import Installation
from services.language import said
from services.move.left_out import show_left_out
from services.move.mapping_file import read_mapping
from services.move.names import names_of
from services.move.records import Export
from services.move.scanning import scanned
from services.move.seen import Cell, Seen
from services.move.sums import sums_table
from services.refusals import Refused
from services.terminal import console, running, token_of

_MOST_SHOWN = 50
NOTHING = Cell(0, 0, 0, 0)


class Line(NamedTuple):
    """An agency and month: the export's sums and ours."""

    agency: str
    month: str
    export: Cell
    ours: Cell


def compared(seen: Seen, totals: Iterable[dict[str, Any]]) -> list[Line]:
    """Both sides by agency and month, each that either has."""
    ours: dict[tuple[str, str], Cell] = {}
    for one in totals:  # of a month in which a unit ended and another took its code there are two
        key = (one["agency"], one["month"])
        ours[key] = Cell(
            *(before + one[name] for name, before in zip(Cell._fields, ours.get(key, NOTHING), strict=True))
        )
    theirs = seen.to_compare()
    keys = sorted(ours.keys() | theirs.keys())
    return [Line(key[0], key[1], theirs.get(key, NOTHING), ours.get(key, NOTHING)) for key in keys]


def comparison(export: Export, data_dir: Path) -> tuple[Seen, list[Line]]:
    """What the export holds, and both sides by agency and month. Raises Refused."""
    installation = Installation(data_dir)
    intake, client = running(installation).intake, Client(token_of(installation, "admin"))
    seen = scanned(export)
    lines = compared(seen, client.get(f"{intake}/v1/imports/totals", {}).json()["items"])
    if not lines:
        show_left_out(seen, installation)
        raise Refused(
            said(
                f"Không có gì để so sánh: {export.name} không có dòng nào nhập được có mã hồ sơ cũ, ở đây cũng"
                " không có hồ sơ nào như vậy. Hãy xem lại tệp xuất và tệp ánh xạ.",
                f"There is nothing to compare: {export.name} has no line that could go in with a code of the other"
                " system, and no such dossier is here. See whether these are the right export and mapping.",
            )
        )
    return seen, lines


def compare(file: Path, mapping: Path, data_dir: Path, *, every: bool) -> bool:
    """Show both sides; whether as many were received and finished. every: lines without a difference too."""
    seen, lines = comparison(Export(file, read_mapping(mapping)), data_dir)
    shown = lines if every else [line for line in lines if line.export != line.ours]
    if shown:
        names = names_of(Installation(data_dir), {"agency"})["agency"]
        tables.show(_comparison_table(shown if every else shown[:_MOST_SHOWN], names))
    if len(shown) > _MOST_SHOWN and not every:
        more = tables.number(len(shown) - _MOST_SHOWN)
        console.print(said(f"… và {more} dòng nữa: --every", f"… and {more} lines more: --every"))
    say_what_is_not_compared(seen)
    if differing(lines):
        return False
    received, finished = (tables.number(sum(line.ours[place] for line in lines)) for place in (0, 1))
    console.print(
        said(
            f"Số tiếp nhận và số đã xong khớp ở cả {tables.number(len(lines))} dòng (cơ quan, tháng): {received} tiếp"
            f" nhận, {finished} đã xong. Từng dòng: --every",
            f"As many were received and finished on both sides, in all {tables.number(len(lines))} lines (agency,"
            f" month): {received} received, {finished} finished. Line by line: --every",
        )
    )
    return True


def differing(lines: Iterable[Line]) -> int:
    """Lines on which the two sides differ in how many were received or finished. What is in time each side reckons by
    its own dates."""
    return sum(line.export[:2] != line.ours[:2] for line in lines)


def say_what_is_not_compared(seen: Seen) -> None:
    """How many lines stand on neither side of it."""
    refused = sum(seen.problems.values())
    if refused or seen.without_code:
        console.print(
            said(
                f"Không so sánh: {tables.number(refused)} dòng không nhập được;"
                f" {tables.number(seen.without_code)} dòng không có mã hồ sơ cũ.",
                f"Not compared: {tables.number(refused)} lines that do not go in; {tables.number(seen.without_code)}"
                " lines without a code of the other system.",
            ),
            style="yellow",
        )


def _comparison_table(lines: list[Line], names: Mapping[str, str]) -> Table:
    shown = [
        (
            one.agency,
            one.month,
            [f"{tables.number(a)} · {tables.number(b)}" for a, b in zip(one.export, one.ours, strict=True)],
        )
        for one in lines
    ]
    return sums_table(said("Tệp xuất · hệ thống này", "Export · here"), names, shown)
