"""How the index stands on paper: groups with their indicators, the units below, the months of the year. Pure."""

from collections.abc import Iterator

from stats_service.exports.rules import NATION, Provenance
from stats_service.exports.table import Column, Filled, Kind, Line, Row, Signature, Table, Value
from stats_service.figures.rules import rate
from stats_service.index_766.rules import MetricScore, Points, two, year_of
from stats_service.index_766.usecases import Index
from stats_service.national_scoring.rules import NationalCounts

_MADE_OF, _SCORE, _MAX = "Số liệu", "Điểm", "Điểm tối đa"
COLUMNS = (
    Column("number", ("TT",), Kind.ORDINAL, 10),
    Column("name", ("Nhóm chỉ số, chỉ số",), Kind.TEXT, 88),
    Column("numerator", (_MADE_OF, "Tử số"), Kind.COUNT, 18),
    Column("denominator", (_MADE_OF, "Mẫu số"), Kind.COUNT, 18),
    Column("ratio", ("Tỷ lệ",), Kind.PERCENT, 18),
    Column("score", (_SCORE, "Điểm"), Kind.POINTS, 16),
    Column("computed", (_SCORE, "Tính được"), Kind.POINTS, 16),
    Column("max", (_MAX, "Tất cả"), Kind.POINTS, 16),
    Column("max_computed", (_MAX, "Tính được"), Kind.POINTS, 16),
    Column("note", ("Ghi chú",), Kind.TEXT, 56),
)


def printed(index: Index, superior: str | None) -> Filled:
    """The index as a table. superior: the unit above the agency."""
    asked, rules = index.asked, index.asked.rules
    period, agency = asked.period, asked.agency
    came = Provenance(
        agency.code, period.first, period.last, asked.as_of, asked.known_at, rules.version, index.synthetic
    )
    told = [f"Điểm chấm theo quy tắc {rules.version}{'' if rules.confirmed else ', chưa xác nhận'}. {rules.note_vi}"]
    told.append("Dấu – là chưa có số liệu hoặc chưa có cách tính điểm, không phải là 0.")
    told += [
        f"{one.index}: {one.text_vi} Nguồn: {one.source}{'' if one.confirmed else ', chưa xác nhận'}."
        for one in rules.contributes_to
    ]
    table = Table(
        name="index-766",
        title="BỘ CHỈ SỐ CHỈ ĐẠO, ĐIỀU HÀNH VÀ ĐÁNH GIÁ CHẤT LƯỢNG PHỤC VỤ THEO QUYẾT ĐỊNH 766/QĐ-TTg",
        columns=COLUMNS,
        dated=asked.known_at,
        left=[*([Line(superior.upper())] if superior else []), Line(agency.name.upper(), bold=True)],
        right=[Line(text, bold=True) for text in NATION],
        subtitles=came.lines,
        warning=came.warning,
        unit="hồ sơ; %; điểm",
        notes=[f"Ghi chú {n}: {text}" for n, text in enumerate(told, start=1)],
        signatures=[Signature("NGƯỜI LẬP BIỂU"), Signature("THỦ TRƯỞNG ĐƠN VỊ", "(Ký, đóng dấu, ghi rõ họ tên)")],
        origin=came.origin(),
    )
    return Filled(table, [*_groups(index), *_units(index), *_months(index)])


def _groups(index: Index) -> Iterator[Row]:
    for group in index.whole.groups:
        points = _points(group.points)
        yield Row(group.rule.code, ("", group.rule.name_vi, None, None, two(group.points.ratio), *points, ""), "group")
        for metric in group.metrics:
            yield Row(metric.rule.code, _metric(metric), depth=1)
    total = index.whole.total
    yield Row("total", ("", "Tổng số", None, None, two(total.ratio), *_points(total), ""), "total")


def _metric(metric: MetricScore) -> tuple[Value, ...]:
    measured, why = metric.measured, metric.unavailable
    return (
        str(metric.rule.no),
        metric.rule.name_vi,
        measured.numerator if measured else None,
        measured.denominator if measured else None,
        two(metric.ratio),
        two(metric.score),
        None,
        two(metric.rule.max),
        None,
        why.why_vi if why else "",
    )


def _units(index: Index) -> Iterator[Row]:
    """Of each unit its progress, of which its points are made."""
    if not index.children:
        return
    yield Row(
        "children", ("", "Các đơn vị trực thuộc: tiến độ giải quyết", *_progress(index.whole.counts), *_NONE), "group"
    )
    for n, (child, name) in enumerate(zip(index.children, index.printed_names(), strict=True), start=1):
        values = (*_progress(child.counts), *_points(child.total), "Hồ sơ của chính đơn vị" if child.own else "")
        yield Row(child.unit.key, (str(n), name, *values), depth=1)


def _months(index: Index) -> Iterator[Row]:
    year = year_of(index.asked.period)
    yield Row(
        "months", ("", f"Các tháng của năm {year}: tiến độ giải quyết", *_progress(index.whole.counts), *_NONE), "group"
    )
    for number, counts in enumerate(index.months, start=1):
        values = _progress(counts) if counts is not None else (None, None, None)
        yield Row(f"{year}-{number:02d}", (str(number), f"Tháng {number:02d}/{year}", *values, *_NONE), depth=1)


def _progress(counts: NationalCounts) -> tuple[Value, ...]:
    return counts.on_time, counts.dossiers, rate(counts.on_time, counts.dossiers)


#: Of what has no points of its own.
_NONE: tuple[Value, ...] = (None, None, None, None, "")


def _points(points: Points) -> tuple[Value, ...]:
    return two(points.score), two(points.computed), two(points.max), two(points.max_computed)
