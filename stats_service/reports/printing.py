"""How a resolution report stands on paper: figures as columns under shared headings, rows with their sums. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.contracts.definitions import OnTimeDefinition
from shared.contracts.stats import COUNT_NAMES, RATE_NAMES, GroupingName
from stats_service.exports.rules import NATION, Provenance
from stats_service.exports.table import Column, Filled, Kind, Laid, Line, Row, Share, Signature, Sum, Table, Value
from stats_service.figures.rules import Figures
from stats_service.groupings.rules import UNASSIGNED
from stats_service.groupings.rules import Row as ReportRow
from stats_service.on_time.rules import made
from stats_service.reports.usecases import Report

_RECEIVED, _RESOLVED, _PENDING, _RATES = "Tiếp nhận trong kỳ", "Đã giải quyết", "Đang giải quyết", "Tỷ lệ"
_HEADINGS: Mapping[str, tuple[str, ...]] = {
    "carried_over": ("Kỳ trước chuyển qua",),
    "received": (_RECEIVED, "Tổng số"),
    "received_online": (_RECEIVED, "Trực tuyến"),
    "received_counter": (_RECEIVED, "Trực tiếp"),
    "received_post": (_RECEIVED, "Bưu chính"),
    "to_handle": ("Tổng phải giải quyết",),
    "resolved": (_RESOLVED, "Tổng số"),
    "resolved_early": (_RESOLVED, "Trước hạn"),
    "resolved_on_day": (_RESOLVED, "Đúng hạn"),
    "resolved_late": (_RESOLVED, "Quá hạn"),
    "resolved_on_time": (_RESOLVED, "Trước và đúng hạn"),
    "resolved_without_term": (_RESOLVED, "Không có thời hạn"),
    "pending": (_PENDING, "Tổng số"),
    "pending_in_term": (_PENDING, "Trong hạn"),
    "pending_overdue": (_PENDING, "Quá hạn"),
    "pending_paused": (_PENDING, "Chờ bổ sung"),
    "on_time_rate": (_RATES, "Đúng hạn trên đã giải quyết"),
    "late_rate": (_RATES, "Quá hạn trên đã giải quyết"),
    "received_on_time_rate": (_RATES, "Đúng hạn trên phải giải quyết"),
    "national_on_time_rate": (_RATES, "Đúng hạn theo QĐ 766"),
}
#: A rate with a sum above its line is given as a figure, without a formula: there is no column of that sum.
_MADE: Mapping[str, Sum | Share] = {
    "received": Sum(("received_online", "received_counter", "received_post")),
    "to_handle": Sum(("carried_over", "received")),
    "resolved": Sum(("resolved_early", "resolved_on_day", "resolved_late")),
    "resolved_on_time": Sum(("resolved_early", "resolved_on_day")),
    "pending": Sum(("pending_in_term", "pending_overdue")),
    "on_time_rate": Share("resolved_on_time", "resolved"),
    "late_rate": Share("resolved_late", "resolved"),
    "received_on_time_rate": Share("resolved_on_time", "to_handle"),
}
_GROUPINGS: Mapping[GroupingName, str] = {
    "agency": "đơn vị",
    "tree": "đơn vị và đơn vị trực thuộc",
    "level": "cấp",
    "sector": "lĩnh vực",
    "procedure": "thủ tục",
    "channel": "hình thức nộp",
    "month": "tháng",
    "officer": "cán bộ thụ lý",
}
#: Rows that do not add up to the row above them: what is pending at the end of a month is carried over by the next, and
#: of a tree each row has figures of its own beside those of the rows under it.
_NOT_ADDED: frozenset[GroupingName] = frozenset({"month", "tree"})
#: Rows whose key stands on paper.
_CODED: frozenset[GroupingName] = frozenset({"agency", "tree", "procedure", "officer"})
_SIGNED = (Signature("NGƯỜI LẬP BIỂU"), Signature("THỦ TRƯỞNG ĐƠN VỊ", "(Ký, đóng dấu, ghi rõ họ tên)"))


@dataclass(frozen=True, slots=True)
class Printable:
    """What stands on the paper: the figures of the whole, the rows in their order, each with the name it prints."""

    agency_name: str
    group_by: Sequence[GroupingName]
    total: Figures
    rows: Sequence[ReportRow]
    names: Sequence[str]
    definition: OnTimeDefinition | None = None


def printed(report: Report, superior: str | None, provenance: Provenance) -> Filled:
    """The report as a table. superior: the unit above the one that reports."""
    name, group_by, names = report.asked.agency.name, report.group_by, report.printed_names()
    return laid_out(
        Printable(name, group_by, report.total, report.rows, names, report.definition), superior, provenance
    )


def laid_out(report: Printable, superior: str | None, provenance: Provenance) -> Filled:
    """The same, of what was counted at any time."""
    below = _children(report)
    top = [n for n, row in enumerate(report.rows) if row.depth == 0 and row.by not in _NOT_ADDED]

    def laid(n: int) -> Row:
        if n == len(report.rows):
            return Row("total", ("", "Tổng số", *_values(report, report.total)), "total", top)
        row, children = report.rows[n], below.get(n, ())
        return Row(
            row.key,
            (_code(row), report.names[n], *_values(report, row.figures)),
            "group" if children else "line",
            () if "tree" in report.group_by else children,
            row.depth,
        )

    by = ", ".join(_GROUPINGS[name] for name in report.group_by)
    table = Table(
        name="resolution",
        title="BÁO CÁO TÌNH HÌNH GIẢI QUYẾT HỒ SƠ THỦ TỤC HÀNH CHÍNH",
        columns=_columns(report),
        dated=provenance.known_at,
        left=[*([Line(superior.upper())] if superior else []), Line(report.agency_name.upper(), bold=True)],
        right=[Line(text, bold=True) for text in NATION],
        subtitles=[*provenance.lines, *([f"Phân theo {by}"] if by else [])],
        warning=provenance.warning,
        unit="hồ sơ; %",
        notes=_notes(report),
        signatures=_SIGNED,
        origin=provenance.origin(),
    )
    return Filled(table, Laid(len(report.rows) + 1, laid))


def _code(row: ReportRow) -> str:
    """What an office knows it by; the key of a level, a channel, a sector or a month is for programs."""
    return row.key if row.by in _CODED and row.key != UNASSIGNED else ""


def _columns(report: Printable) -> list[Column]:
    columns = [Column("key", ("Mã",), Kind.CODE, 19), Column("name", ("Tên",), Kind.TEXT, 48)]
    columns += [Column(name, _HEADINGS[name], Kind.COUNT, 11.5, made=_MADE.get(name)) for name in COUNT_NAMES]
    columns += [Column(name, _HEADINGS[name], Kind.PERCENT, 14, made=_MADE.get(name)) for name in RATE_NAMES]
    if report.definition:
        columns += [
            Column(f"rates.{each.name}.value", (report.definition.title_vi, each.title_vi), Kind.PERCENT, 14)
            for each in report.definition.rates
        ]
    return columns


def _values(report: Printable, figures: Figures) -> list[Value]:
    wire = figures.wire()
    values: list[Value] = [wire[name] for name in (*COUNT_NAMES, *RATE_NAMES)]  # type: ignore[misc]
    if report.definition:
        values += [value for value, _, _ in made(report.definition, figures._asdict()).values()]
    return values


def _children(report: Printable) -> Mapping[int, Sequence[int]]:
    """The places of the rows right below a row, where these add up to it, by its place."""
    children: dict[int, list[int]] = defaultdict(list)
    above: list[int] = []
    for n, row in enumerate(report.rows):
        del above[row.depth :]
        if above and row.by not in _NOT_ADDED:
            children[above[-1]].append(n)
        above.append(n)
    return children


def _notes(report: Printable) -> list[str]:
    notes = ["Ghi chú: mỗi tỷ lệ được làm tròn riêng đến hai chữ số thập phân."]
    if "month" in report.group_by:
        notes.append(
            "Hồ sơ chuyển kỳ và đang giải quyết của các tháng không cộng lại được: số đang giải quyết của tháng này là "
            "số chuyển qua của tháng sau."
        )
    if "tree" in report.group_by:
        notes.append("Mỗi dòng gồm cả hồ sơ của các đơn vị trực thuộc, nên các dòng không cộng lại thành tổng số.")
    return notes
