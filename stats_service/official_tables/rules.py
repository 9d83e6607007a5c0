"""What stands on the tables that agencies send upwards, and the sums that must hold on them. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from hashlib import sha256
from typing import NamedTuple

from shared.domain.agencies import Level
from shared.domain.vietnamese import printed_count
from shared.domain.working_calendar import CalendarMissing, WorkingCalendar
from stats_service.exports.rules import NATION, Provenance
from stats_service.exports.table import Column, Filled, Kind, Line, Row, Share, Signature, Sum, Table, Value
from stats_service.figures.rules import ZERO, Figures, added, rate
from stats_service.groupings.rules import Row as ReportRow
from stats_service.units.rules import Unit

#: Of table II.06a, in the order of its columns 3 to 13.
II_06A = (
    *("to_handle", "received_online", "received_counter_or_post", "carried_over"),
    *("resolved", "resolved_early", "resolved_on_day", "resolved_late"),
    *("pending", "pending_in_term", "pending_overdue"),
)
_II_NUMBERS = (
    *("(1)", "(2)", "(3)=4+5+6", "(4)", "(5)", "(6)", "(7)=8+9+10", "(8)", "(9)", "(10)"),
    *("(11)=12+13", "(12)", "(13)"),
)
_II_MADE: Mapping[str, Sum] = {
    "to_handle": Sum(("received_online", "received_counter_or_post", "carried_over")),
    "resolved": Sum(("resolved_early", "resolved_on_day", "resolved_late")),
    "pending": Sum(("pending_in_term", "pending_overdue")),
}
II_UNIT = "Số hồ sơ TTHC"
HEADINGS = 13

#: As rows of these tables are grouped; ministries' own offices come first.
GROUPS: Mapping[Level, str] = {
    Level.MINISTRY: "Bộ, ngành Trung ương",
    Level.PROVINCE: "Cấp tỉnh (sở, ban, ngành)",
    Level.DISTRICT: "Cấp huyện",
    Level.COMMUNE: "Cấp xã",
}
_ROMAN = ("I", "II", "III", "IV")
_AWAITING: Mapping[int, str] = {
    12: "Hồ sơ chờ bổ sung được tính vào cột (12) khi còn trong hạn, cột (13) khi đã quá hạn.",
    9: "{count} hồ sơ còn trong hạn đang chờ bổ sung được tính vào cột (9) thay vì cột (12): cột (7) và (9) tăng, "
    "cột (11) và (12) giảm đúng bằng số đó. Vì vậy cột (7), (9), (11), (12) không còn là số hồ sơ thực đã giải quyết "
    "và thực đang giải quyết; hồ sơ đó được tính lại khi có kết quả và vẫn là hồ sơ từ kỳ trước của kỳ sau, nên cột "
    "(11) kỳ này không bằng cột (6) kỳ sau. Chỉ tổng số ở cột (3) và các cột còn lại không đổi.",
}


@dataclass(frozen=True, slots=True)
class OfficialForm:
    """The form under which the table of 13 columns is sent. valid_from None: from the beginning; valid_to: last day.
    headings: paths, "Đã giải quyết > Trước hạn". `confirmed` is false where its columns were not read."""

    form: str
    number: str
    title: str
    legal_basis: str | None
    receiver: str
    valid_from: date | None
    valid_to: date | None
    confirmed: bool
    basis: str
    headings: Sequence[str]

    @property
    def tag(self) -> str:
        """Which version of it this is."""
        return sha256(repr((*astuple(self)[:-1], tuple(self.headings))).encode()).hexdigest()[:16]


class OfficialFormsLoaded(NamedTuple):
    """What a load changed."""

    forms: int

    @property
    def anything(self) -> bool:
        """Whether any form is new or different."""
        return self.forms > 0


@dataclass(frozen=True, slots=True)
class Subject:
    """A line of a table: an agency with its own figures, or a sector. awaiting: of pending_in_term, those that wait for
    the applicant, where these are counted apart."""

    key: str
    name: str
    figures: Figures
    level: Level | None = None
    awaiting: int = 0


class BrokenTable(RuntimeError):
    """A table whose columns do not add up is not given out."""


@dataclass(frozen=True, slots=True)
class Header:
    """Who reports to whom, on which form, and where dossiers that wait for their applicant are counted."""

    agency: str
    superior: str | None
    receiver: str
    form: OfficialForm
    awaiting_column: int


def in_columns(subject: Subject, awaiting_column: int) -> tuple[int, ...]:
    """Columns 3 to 13.

    To count in column 9 what waits for its applicant is to say that it is resolved, on the day: it leaves 12, and with
    it 11, and enters 9, and with it 7. Moved in one column alone, neither 7 nor 11 would be the sum of its parts. What
    is overdue already stays in 13: a wait that began too late does not make it on time.
    """
    f, moved = subject.figures, subject.awaiting if awaiting_column == 9 else 0
    return (
        *(f.to_handle, f.received_online, f.received_counter + f.received_post, f.carried_over),
        *(f.resolved + moved, f.resolved_early, f.resolved_on_day + moved, f.resolved_late),
        *(f.pending - moved, f.pending_in_term - moved, f.pending_overdue),
    )


def broken_sums(columns: Sequence[int]) -> list[str]:
    """Which of the sums of the form columns 3 to 13 break: none, ever."""
    of = dict(enumerate(columns, start=3))
    held = {
        "3 = 4 + 5 + 6": of[3] == of[4] + of[5] + of[6],
        "7 = 8 + 9 + 10": of[7] == of[8] + of[9] + of[10],
        "11 = 12 + 13": of[11] == of[12] + of[13],
        "3 = 7 + 11": of[3] == of[7] + of[11],
        "no column is negative": min(columns) >= 0,
    }
    return [sum_ for sum_, holds in held.items() if not holds]


def subjects_of(
    rows: Sequence[ReportRow],
    units: Sequence[Unit],
    names: Sequence[str],
    *,
    by_sector: bool,
    awaiting_apart: bool = False,
) -> list[Subject]:
    """The lines of a table, of the rows of the report by agency or by sector. names: of each row, as it is printed."""
    levels = {} if by_sector else {unit.key: unit.agency.level for unit in units}
    return [
        Subject(
            *(row.key, name, row.figures, levels.get(row.key)),
            row.figures.pending_paused - row.figures.pending_paused_overdue if awaiting_apart else 0,
        )
        for row, name in zip(rows, names, strict=True)
    ]


def ii_06a_rows(form: OfficialForm, subjects: Sequence[Subject], awaiting_column: int, *, by_sector: bool) -> list[Row]:
    """What stands in the 13 columns. Raises BrokenTable."""
    rows = _rows(subjects, lambda one: in_columns(one, awaiting_column), by_sector=by_sector)
    for row in rows:
        if broken := broken_sums(row.values[2:]):  # type: ignore[arg-type]
            raise BrokenTable(f"{form.number} {row.key}: {', '.join(broken)}")
    return rows


def ii_06a(subjects: Sequence[Subject], header: Header, provenance: Provenance, *, by_sector: bool) -> Filled:
    """Table II.06a, or one of its kind. Raises BrokenTable."""
    rows = ii_06a_rows(header.form, subjects, header.awaiting_column, by_sector=by_sector)
    return Filled(ii_06a_table(header, provenance, sum(one.awaiting for one in subjects)), rows)


def ii_06a_table(header: Header, provenance: Provenance, moved: int) -> Table:
    """The same without its rows. moved: how many dossiers stand in column 9 instead of 12."""
    form = header.form
    names = ("number", "name", *II_06A)
    kinds = (Kind.ORDINAL, Kind.TEXT, *[Kind.COUNT] * len(II_06A))
    widths = (9, 58, *[18] * len(II_06A))
    columns = [
        Column(name, tuple(part.strip() for part in heading.split(">")), kind, width, number, _II_MADE.get(name))
        for name, heading, kind, width, number in zip(names, form.headings, kinds, widths, _II_NUMBERS, strict=True)
    ]
    notes = [_AWAITING[header.awaiting_column].format(count=printed_count(moved)), *_of_form(form, provenance.last)]
    return Table(
        name=form.form,
        title=form.title.upper(),
        columns=columns,
        dated=provenance.known_at,
        left=[
            Line(f"Biểu số {form.number}", bold=True),
            Line(f"Ban hành theo Thông tư số {form.legal_basis}" if form.legal_basis else "(chưa rõ văn bản ban hành)"),
        ],
        right=[Line(f"Đơn vị báo cáo: {header.agency}"), Line(f"Đơn vị nhận báo cáo: {header.receiver}")],
        subtitles=provenance.lines,
        warning=provenance.warning,
        unit=II_UNIT,
        notes=_numbered(notes),
        signatures=_SIGNED,
        origin={
            **provenance.origin(),
            "form": form.number,
            "awaiting_supplement_column": str(header.awaiting_column),
            "receiver": header.receiver,
        },
    )


def _of_form(form: OfficialForm, last: date) -> list[str]:
    """What a reader has to know of the form itself."""
    notes = []
    if not form.confirmed:
        notes.append(f"Tiêu đề và các cột của biểu {form.number} chưa được đối chiếu với văn bản ban hành.")
    if form.valid_from and last < form.valid_from:
        notes.append(f"Biểu {form.number} có từ ngày {form.valid_from:%d/%m/%Y}, sau kỳ báo cáo này.")
    if form.valid_to and last > form.valid_to:
        notes.append(
            f"Biểu {form.number} chỉ áp dụng đến hết ngày {form.valid_to:%d/%m/%Y}, trước khi kỳ này kết thúc."
        )
    return notes


#: Of the letter's annex: (name, heading, kind, width, what it is made of).
_ANNEX: Sequence[tuple[str, tuple[str, ...], Kind, float, Sum | Share | None]] = (
    ("number", ("STT",), Kind.ORDINAL, 10, None),
    ("name", ("Cơ quan, đơn vị",), Kind.TEXT, 66, None),
    ("to_handle", ("Tổng số hồ sơ phải giải quyết",), Kind.COUNT, 21, None),
    ("resolved", ("Kết quả giải quyết", "Đã giải quyết"), Kind.COUNT, 20, Sum(("resolved_on_time", "resolved_late"))),
    ("resolved_on_time", ("Kết quả giải quyết", "Đúng hạn"), Kind.COUNT, 20, None),
    ("on_time_rate", ("Kết quả giải quyết", "Tỷ lệ đúng hạn"), Kind.PERCENT, 20, Share("resolved_on_time", "resolved")),
    ("resolved_late", ("Kết quả giải quyết", "Quá hạn"), Kind.COUNT, 20, None),
    ("late_rate", ("Kết quả giải quyết", "Tỷ lệ quá hạn"), Kind.PERCENT, 20, Share("resolved_late", "resolved")),
    ("received", ("Hồ sơ tiếp nhận trong kỳ", "Tổng số"), Kind.COUNT, 20, None),
    ("received_online", ("Hồ sơ tiếp nhận trong kỳ", "Trực tuyến"), Kind.COUNT, 20, None),
    (
        "online_rate",
        ("Hồ sơ tiếp nhận trong kỳ", "Tỷ lệ trực tuyến"),
        Kind.PERCENT,
        20,
        Share("received_online", "received"),
    ),
)
ANNEX = tuple(name for name, *_ in _ANNEX[2:])


def in_annex(figures: Figures) -> tuple[Value, ...]:
    """The columns of the annex. Each rate is rounded on its own: 97,51 and 2,49 are not made to add up."""
    f = figures
    return (
        *(f.to_handle, f.resolved, f.resolved_on_time, rate(f.resolved_on_time, f.resolved)),
        *(f.resolved_late, rate(f.resolved_late, f.resolved)),
        *(f.received, f.received_online, rate(f.received_online, f.received)),
    )


def non_users(subjects: Sequence[Subject]) -> list[Subject]:
    """The units for which the period has nothing at all: nothing carried over, received, resolved or pending."""
    return [one for one in subjects if not any(one.figures)]


def annex_rows(subjects: Sequence[Subject]) -> list[Row]:
    """What stands in the columns of the annex."""
    return _rows(subjects, lambda one: in_annex(one.figures), by_sector=False)


def annex(subjects: Sequence[Subject], agency: str, superior: str | None, provenance: Provenance) -> Filled:
    """The annex of the letter 3322/UBND-NC (24/7/2019): how each agency resolved, and who does not use the software."""
    idle = [(one.name, one.level) for one in non_users(subjects)]
    return Filled(annex_table(idle, agency, superior, provenance), annex_rows(subjects))


def annex_table(
    idle: Sequence[tuple[str, Level | None]], agency: str, superior: str | None, provenance: Provenance
) -> Table:
    """The same without its rows. idle: the units that do not use the software."""
    columns = [
        Column(name, heading, kind, width, f"({n})", made)
        for n, (name, heading, kind, width, made) in enumerate(_ANNEX, start=1)
    ]
    notes = [
        "Tỷ lệ đúng hạn, quá hạn tính trên số hồ sơ đã giải quyết; tỷ lệ trực tuyến tính trên số tiếp nhận trong kỳ. "
        "Mỗi tỷ lệ được làm tròn riêng đến hai chữ số thập phân.",
        f"Đơn vị không có hồ sơ nào trên phần mềm trong kỳ: {printed_count(len(idle))}."
        if idle
        else "Đơn vị nào cũng có hồ sơ trên phần mềm trong kỳ.",
        *(
            f"{GROUPS[level]} ({printed_count(len(names))} đơn vị không có hồ sơ): {'; '.join(names)}."
            for level in GROUPS
            if (names := [name for name, of in idle if of is level])
        ),
    ]
    return Table(
        name="annex",
        title="PHỤ LỤC: TỔNG HỢP TÌNH HÌNH GIẢI QUYẾT HỒ SƠ THỦ TỤC HÀNH CHÍNH TRÊN PHẦN MỀM MỘT CỬA ĐIỆN TỬ",
        columns=columns,
        dated=provenance.known_at,
        left=_office(agency, superior),
        right=_NATION,
        subtitles=provenance.lines,
        warning=provenance.warning,
        unit="hồ sơ; %",
        notes=_numbered(notes),
        signatures=_SIGNED,
        origin=provenance.origin(),
    )


@dataclass(frozen=True, slots=True)
class Late:
    """A dossier that was resolved late in the period, or was overdue and unresolved at its end (finished: None)."""

    code: str
    received: date
    due: date | None
    finished: date | None
    agency_key: str
    agency_name: str


#: Appendix I, without personal data.
LATE_COLUMNS = (
    Column("number", ("STT",), Kind.ORDINAL, 12, "(1)"),
    Column("code", ("Mã hồ sơ",), Kind.TEXT, 50, "(2)"),
    Column("received_day", ("Ngày tiếp nhận",), Kind.DAY, 26, "(3)"),
    Column("due_day", ("Ngày hẹn trả",), Kind.DAY, 26, "(4)"),
    Column("finished_day", ("Ngày có kết quả",), Kind.DAY, 26, "(5)"),
    Column("agency_name", ("Đơn vị",), Kind.TEXT, 72, "(6)"),
    Column("note", ("Ghi chú",), Kind.TEXT, 58, "(7)"),
)


def late_row(number: int, late: Late, calendar: WorkingCalendar, last: date) -> Row:
    """A line of Appendix I. last: the day up to which an unresolved one is late."""
    note = "Quá hạn" if late.finished else "Chưa có kết quả, quá hạn"
    if late.due is not None:
        try:
            days = calendar.working_days_between(late.due, late.finished or last)
            note += f" {printed_count(days)} ngày làm việc" if days else " dưới 1 ngày làm việc"
        except CalendarMissing:
            pass  # a year without a calendar: then the days are not counted, and the dates say it
    values = (str(number), late.code, late.received, late.due, late.finished, late.agency_name, note)
    return Row(late.agency_key, values)


def late_table(late_units: Iterable[Subject], agency: str, superior: str | None, provenance: Provenance) -> Table:
    """Appendix I without its rows. late_units: those that have late dossiers."""
    counted = [(unit.name, late_count(unit.figures)) for unit in late_units]
    whole = sum(count for _, count in counted)
    units = "; ".join(f"{name} ({printed_count(count)})" for name, count in counted)
    notes = [
        "Gồm hồ sơ có kết quả trong kỳ sau ngày hẹn trả, và hồ sơ đã quá hạn mà đến hết kỳ chưa có kết quả. Ngày hẹn "
        "trả là ngày dùng để đánh giá: xin lỗi và hẹn lại không thay đổi ngày này.",
        f"{printed_count(whole)} hồ sơ của {printed_count(len(counted))} đơn vị{': ' + units if units else ''}.",
    ]
    return Table(
        name="late-list",
        title="PHỤ LỤC I: DANH SÁCH ĐƠN VỊ CHẬM TRỄ VÀ HỒ SƠ QUÁ HẠN",
        columns=LATE_COLUMNS,
        dated=provenance.known_at,
        left=_office(agency, superior),
        right=_NATION,
        subtitles=provenance.lines,
        warning=provenance.warning,
        notes=_numbered(notes),
        signatures=_SIGNED,
        origin=provenance.origin(),
    )


def late_count(figures: Figures) -> int:
    """How many lines of Appendix I figures stand for."""
    return figures.resolved_late + figures.pending_overdue


_SIGNED = (Signature("NGƯỜI LẬP BIỂU"), Signature("THỦ TRƯỞNG ĐƠN VỊ", "(Ký, đóng dấu, ghi rõ họ tên)"))
_NATION = tuple(Line(text, bold=True) for text in NATION)


def _office(agency: str, superior: str | None) -> list[Line]:
    above = [Line(superior.upper())] if superior else []
    return [*above, Line(agency.upper(), bold=True)]


def _numbered(notes: Sequence[str]) -> list[str]:
    return [f"Ghi chú {n}: {note}" for n, note in enumerate(notes, start=1)]


def _rows(subjects: Sequence[Subject], values: Callable[[Subject], tuple[Value, ...]], *, by_sector: bool) -> list[Row]:
    """A line for each, under its level with the level's sums (by sector: without), and the sum of all at the end."""
    rows: list[Row] = []
    heads: list[int] = []
    groups = [(None, list(subjects))] if by_sector else [(g, [s for s in subjects if s.level is g]) for g in GROUPS]
    for level, members in groups:
        if not members:
            continue
        if level is not None:
            heads.append(len(rows))
            of = range(len(rows) + 1, len(rows) + 1 + len(members))
            whole = (_ROMAN[len(heads) - 1], GROUPS[level], *values(_together(level.value, members)))
            rows.append(Row(level.value, whole, "group", of))
        rows += [Row(s.key, (str(n), s.name, *values(s))) for n, s in enumerate(members, start=1)]
    total = values(_together("total", subjects))
    rows.append(Row("total", ("", "Tổng số", *total), "total", range(len(rows)) if by_sector else heads))
    return rows


def _together(key: str, subjects: Sequence[Subject]) -> Subject:
    whole = added(one.figures for one in subjects) if subjects else ZERO
    return Subject(key, key, whole, awaiting=sum(one.awaiting for one in subjects))
