"""How an edition stands on paper: the table as it was sealed, and by what it is known. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from shared.contracts.stats import GroupingName
from shared.domain.agencies import Level
from shared.domain.civil_time import local
from stats_service.definitions.rules import DEFINITION
from stats_service.editions.pictures import Picture, form_read
from stats_service.editions.recounting import plan_of
from stats_service.editions.rules import Edition, digest
from stats_service.exports.rules import Provenance
from stats_service.exports.table import Filled, Row, Table
from stats_service.figures.rules import ZERO, Figures
from stats_service.groupings.rules import Row as ReportRow
from stats_service.groupings.rules import printed_names
from stats_service.official_tables.rules import ANNEX, II_06A, Header, annex_table, ii_06a_table
from stats_service.reports.printing import Printable, laid_out


def on_paper(edition: Edition, content: bytes, picture: Picture, receiver: str | None = None) -> Filled:
    """The edition as a table: what its bytes say, and nothing that is known since. receiver: to whom this print is
    sent, if not to whom the edition says. Raises ValueError, KeyError or TypeError of bytes that are no edition's."""
    told = json.loads(content)
    asked = edition.sealing.parameters
    provenance = Provenance(
        *(asked.agency, asked.first, asked.last, None, edition.sealing.sealed_at, DEFINITION),
        synthetic=told["synthetic"],
    )
    filled = _BY_REPORT[edition.sealing.report](_sent_to(edition, receiver), told, picture, provenance)
    table = _known_by(filled.table, edition, digest(content))
    if receiver not in (None, asked.receiver):
        table = replace(table, notes=[*table.notes, f"Đơn vị nhận báo cáo ghi trong bản chốt: {asked.receiver}"])
    return replace(filled, table=table)


def _sent_to(edition: Edition, receiver: str | None) -> Edition:
    if receiver is None:
        return edition
    parameters = replace(edition.sealing.parameters, receiver=receiver)
    return replace(edition, sealing=replace(edition.sealing, parameters=parameters))


def _known_by(table: Table, edition: Edition, found: bytes) -> Table:
    """With the lines by which the paper is held against the edition."""
    sealing = edition.sealing
    at = f"{local(sealing.sealed_at):%H:%M:%S ngày %d/%m/%Y}"
    corrects = f", đính chính bản chốt số {edition.corrects}: {sealing.reason}" if edition.corrects else ""
    period, _, *more = table.subtitles  # in place of the line that says as of when
    known_by = f"Bản chốt số {edition.id} (lần {sealing.number}), chốt lúc {at}{corrects}"
    held = [f"SHA-256 của bản chốt: {found.hex()}"]
    origin = {**table.origin, "edition": str(edition.id), "sha256": found.hex(), "link.number": "", "link.seal": ""}
    if edition.link:
        number, seal = edition.link
        origin |= {"link.number": str(number), "link.seal": seal.hex()}
        held.append(f"Mắt xích số {number} trong chuỗi bản chốt: {seal.hex()}")
    return replace(
        table,
        name=f"{table.name}-{edition.id}",
        subtitles=[period, known_by, *more],
        notes=[*table.notes, *held],
        origin=origin,
    )


def _resolution(edition: Edition, told: Mapping[str, Any], picture: Picture, provenance: Provenance) -> Filled:
    group_by = edition.sealing.parameters.groupings
    rows = [_report_row(row, group_by) for row in told["rows"]]
    plan = plan_of(edition, picture)
    names = printed_names(rows, plan.landscape.units) if plan else [row.name for row in rows]
    sheet = Printable(told["agency_name"], group_by, _figures(told["total"]), rows, names)
    return laid_out(sheet, None, provenance)


def _report_row(row: Mapping[str, Any], group_by: Sequence[GroupingName]) -> ReportRow:
    by = row.get("by", group_by[0])
    return ReportRow(row["key"], row["name"], _figures(row), {}, by, row.get("depth", 0), tuple(row.get("within", ())))


def _figures(told: Mapping[str, Any]) -> Figures:
    return ZERO._replace(**{name: told[name] for name in Figures._fields if name in told})


def _ii_06a(edition: Edition, told: Mapping[str, Any], _: Picture, provenance: Provenance) -> Filled:
    asked = edition.sealing.parameters
    header = Header(
        *(told["agency_name"], None, asked.receiver or "", form_read(told["form"])), asked.awaiting_column or 12
    )
    table = ii_06a_table(header, provenance, told["moved_to_column_9"])
    return Filled(table, _lines(told["rows"], ("number", "name", *II_06A)))


def _annex(_: Edition, told: Mapping[str, Any], __: Picture, provenance: Provenance) -> Filled:
    idle = [(name, Level(level)) for _, name, level in told["non_users"]]
    table = annex_table(idle, told["agency_name"], told["superior"], provenance)
    return Filled(table, _lines(told["rows"], ("number", "name", *ANNEX)))


_BY_REPORT = {"resolution": _resolution, "ii-06a": _ii_06a, "annex": _annex}


def _lines(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> list[Row]:
    """The rows with what each sum is the sum of: a group of the lines under it, the total of the groups, or of all."""
    kinds = [row["row"] for row in rows]
    heads = [n for n, kind in enumerate(kinds) if kind == "group"]
    found = []
    for n, row in enumerate(rows):
        of: Sequence[int] = ()
        if row["row"] == "group":
            of = range(n + 1, next((m for m in range(n + 1, len(rows)) if kinds[m] != "line"), len(rows)))
        elif row["row"] == "total":
            of = heads or range(n)
        found.append(Row(row["key"], tuple(row[column] for column in columns), row["row"], of))
    return found
