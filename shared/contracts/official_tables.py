"""The tables that agencies send upwards, as they go over the wire."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.contracts.agencies import LevelName
from shared.contracts.fields import Code, Day, Incoming, LongLine, Name, Reasoning, ShortLine, refused
from shared.contracts.stats import MAX_LIST_ITEMS, Basis, PageCursor, Period, PeriodQuery, ReportFormat, UnitsName


def _nine_or_twelve(column: int) -> int:
    if column not in (9, 12):
        raise refused("not_one_of", expected="9, 12")
    return column


def _a_path(heading: str) -> str:
    if not all(part.strip() for part in heading.split(">")):
        raise refused("malformed", expected="text on both sides of each >")
    return heading


Heading = Annotated[LongLine, AfterValidator(_a_path)]
AwaitingColumn = Annotated[int, AfterValidator(_nine_or_twelve)]
#: In a body, where a number is no text.
AwaitingColumnIn = Annotated[int, Field(strict=True), AfterValidator(_nine_or_twelve)]
RowName = Literal["line", "group", "total"]
OFFICIAL_TABLES = ("ii-06a", "annex", "late-list")


class OfficialQuery(PeriodQuery):
    """Whose table, for which days, as known when, in which form."""

    format: ReportFormat = Field(
        "json", description="json, csv, xlsx, docx or pdf; print holds 2,000 rows, a sheet a million"
    )


class FormTableQuery(OfficialQuery):
    """What to print the 13 columns of, and how."""

    form: Code = Field("ii-06a", description="Under which form", examples=["07a-btp"])
    rows: Literal["agency", "sector"] = Field(
        "agency",
        description="agency: units under their levels; sector: sectors of the agency with all under it",
    )
    awaiting_supplement_column: AwaitingColumn | None = Field(
        None,
        description=(
            "Where dossiers in term that wait for their applicant are counted: 12, in process, or 9, resolved on time; "
            "then 7 and 11 move with them, and only column 3 is what it was. Default: the installation's setting, 12"
        ),
    )
    receiver: Name | None = Field(
        None,
        description="To whom it is sent. Default: the unit above; of a province, whom the form names",
        examples=["Văn phòng Chính phủ"],
    )


class LateListQuery(OfficialQuery):
    """Whose late dossiers, and how many on a page."""

    cursor: PageCursor = None
    limit: int = Field(50, ge=1, le=MAX_LIST_ITEMS, description="Dossiers on a page; JSON only")


class OfficialForm(BaseModel):
    """A form under which the table of 13 columns is sent."""

    form: str = Field(description="How it is asked for", examples=["ii-06a"])
    number: str = Field(description="As printed", examples=["II.06a/VPCP/KSTT"])
    title: str = Field(examples=["Tình hình, kết quả giải quyết thủ tục hành chính"])
    legal_basis: str | None = Field(description="The circular; null: not known", examples=["01/2020/TT-VPCP"])
    receiver: str = Field(description="Whom a province reports to", examples=["Văn phòng Chính phủ"])
    valid_from: date | None = Field(description="Null: from the beginning", examples=["2020-10-21"])
    valid_to: date | None = Field(description="Last day in force; null: still", examples=[None])
    confirmed: bool = Field(description="false: its columns were not read", examples=[True])
    basis: str = Field(description="Where its title and columns come from", examples=["three templates in use"])
    headings: list[str] = Field(
        description="Of its 13 columns; parts of a path are joined by ' > ', neighbours that begin alike share a cell",
        examples=[["TT", "Đơn vị", "Tiếp nhận > Tổng số"]],
    )


class OfficialForms(BaseModel):
    """The forms that there are."""

    items: list[OfficialForm]


class OfficialFormIn(Incoming):
    """A form as an operator enters it."""

    number: ShortLine = Field(description="As printed", examples=["07a/BTP"])
    title: LongLine = Field(examples=["Tình hình, kết quả giải quyết thủ tục hành chính"])
    legal_basis: ShortLine | None = Field(None, description="The circular", examples=["01/2020/TT-VPCP"])
    receiver: Name = Field(description="Whom a province reports to", examples=["Bộ Tư pháp"])
    valid_from: Day | None = Field(None, description="Null: from the beginning", examples=["2026-01-01"])
    valid_to: Day | None = Field(None, description="Last day in force; null: still")
    confirmed: bool = Field(strict=True, description="Whether its columns were read in the circular", examples=[True])
    basis: Reasoning = Field(description="Where its title and columns come from", examples=["Thông tư, phụ lục I"])
    headings: Annotated[list[Heading], Field(min_length=1, max_length=13)] = Field(
        description="Of its 13 columns, in their order: Đã giải quyết > Trước hạn",
        examples=[["TT", "Đơn vị", "Tiếp nhận > Tổng số"]],
    )


class OfficialColumn(BaseModel):
    """A column of a table."""

    name: str = Field(description="Its field in the rows", examples=["to_handle"])
    number: str = Field(description="As printed under the heading", examples=["(3)=4+5+6"])
    heading: list[str] = Field(description="From the outermost", examples=[["Số lượng hồ sơ tiếp nhận", "Tổng số"]])


class OfficialHead(BaseModel):
    """Where a table comes from."""

    table: str = Field(description="Which table", examples=["ii-06a"])
    agency: str = Field(description="Who reports", examples=["45"])
    agency_name: str = Field(description="Its name", examples=["UBND tỉnh Quảng Trị"])
    period: Period
    period_name: str = Field(
        description="As print calls it; empty for a period without a name", examples=["6 tháng đầu năm 2019"]
    )
    as_of: datetime = Field(description="The instant of knowledge: as asked, or when the table was made")
    basis: Basis = Field(
        description="as_known_now: with all corrections made since; as_recorded_then: only what was recorded by as_of"
    )
    definition: str = Field(description="By which definition the figures are made", examples=["resolution/1"])
    synthetic: bool = Field(description="Whether made-up data was imported into this installation")
    restated_on: date | None = Field(
        description="The day whose units the figures are restated on (`units=today`); null: the units as they were",
        examples=[None],
    )
    columns: list[OfficialColumn] = Field(description="In the order of the paper")
    notes: list[str] = Field(description="As printed under the table")


class OfficialRow(BaseModel):
    """What a line, the head of a group, or the total is of."""

    row: RowName = Field(description="line; group: the sums of a level, above its lines; total")
    key: str = Field(description="Agency code or sector; of a group its level; total", examples=["19333"])
    number: str = Field(description="As printed: I, 1; empty for the total", examples=["1"])
    name: str = Field(examples=["UBND Phường Đông Hà"])


class FormTableRow(OfficialRow):
    """Columns 3 to 13."""

    to_handle: int = Field(description="(3) = 4 + 5 + 6 = 7 + 11", examples=[136583])
    received_online: int = Field(description="(4)", examples=[9421])
    received_counter_or_post: int = Field(description="(5)", examples=[123064])
    carried_over: int = Field(description="(6)", examples=[4098])
    resolved: int = Field(description="(7) = 8 + 9 + 10", examples=[128843])
    resolved_early: int = Field(description="(8)", examples=[70211])
    resolved_on_day: int = Field(description="(9)", examples=[55427])
    resolved_late: int = Field(description="(10)", examples=[3205])
    pending: int = Field(description="(11) = 12 + 13", examples=[7740])
    pending_in_term: int = Field(description="(12)", examples=[7511])
    pending_overdue: int = Field(description="(13)", examples=[229])


class FormTable(OfficialHead):
    """Table II.06a, or one of its kind."""

    units: UnitsName = Field(description="Whether the units are those of the period, or those of today")
    form: OfficialForm
    receiver: str = Field(description="To whom it is sent", examples=["Văn phòng Chính phủ"])
    unit: str = Field(description="What is counted", examples=["Số hồ sơ TTHC"])
    awaiting_supplement_column: int = Field(
        description="Where dossiers in term that wait for their applicant are counted: 9, or 12", examples=[12]
    )
    moved_to_column_9: int = Field(
        description="How many were moved from 12 (and 11) to 9 (and 7); 0 where the column is 12", examples=[0]
    )
    rows: list[FormTableRow]


_Rate = Annotated[
    str | None,
    Field(description="Percent with two decimals, half up, each on its own; null when there is nothing to divide by"),
]


class AnnexRow(OfficialRow):
    """How an agency resolved."""

    to_handle: int = Field(description="Carried over and received", examples=[136583])
    resolved: int = Field(description="Resolved in the period", examples=[128843])
    resolved_on_time: int = Field(description="Of resolved: early or on the day", examples=[125638])
    on_time_rate: _Rate = Field(description="resolved_on_time / resolved, %", examples=["97.51"])
    resolved_late: int = Field(description="Of resolved: after the due day", examples=[3205])
    late_rate: _Rate = Field(description="resolved_late / resolved, %", examples=["2.49"])
    received: int = Field(description="Received in the period", examples=[132485])
    received_online: int = Field(description="Of received: online", examples=[9421])
    online_rate: _Rate = Field(description="received_online / received, %", examples=["7.11"])


class NonUser(BaseModel):
    """A unit for which the period has nothing at all."""

    key: str = Field(description="Its code", examples=["19333"])
    name: str = Field(examples=["UBND Phường Đông Hà"])
    level: LevelName = Field(description="Under which it stands in the table", examples=["commune"])


class Annex(OfficialHead):
    """The annex of the letter 3322/UBND-NC."""

    units: UnitsName = Field(description="Whether the units are those of the period, or those of today")
    rows: list[AnnexRow]
    non_users: list[NonUser] = Field(
        description="Units in force at the end with nothing carried over, received, resolved or pending"
    )


class LateUnit(BaseModel):
    """A unit that has late dossiers."""

    key: str = Field(description="Its code", examples=["19333"])
    name: str = Field(examples=["UBND Phường Đông Hà"])
    resolved_late: int = Field(description="Resolved in the period, after the due day", examples=[12])
    pending_overdue: int = Field(description="Overdue and not resolved at the end of the period", examples=[3])


class LateDossier(BaseModel):
    """A line of Appendix I. No personal data."""

    row: RowName = Field(description="Always line")
    key: str = Field(description="Code of the unit", examples=["19333"])
    number: str = Field(description="In the whole list", examples=["1"])
    code: str = Field(examples=["19333-190722-0001"])
    received_day: date = Field(examples=["2019-03-04"])
    due_day: date | None = Field(description="By which it is judged", examples=["2019-03-11"])
    finished_day: date | None = Field(description="Null: not by the end of the period", examples=["2019-03-13"])
    agency_name: str = Field(description="The unit", examples=["UBND Phường Đông Hà"])
    note: str = Field(description="How late", examples=["Quá hạn 2 ngày làm việc"])


class LateList(OfficialHead):
    """Appendix I: the late units, and a page of the late dossiers, unit by unit."""

    dossiers: int = Field(description="The length of the whole list", examples=[15])
    units: list[LateUnit] = Field(description="All of them, on every page")
    items: list[LateDossier]
    next: str | None = Field(description="Cursor of the next page, null at the end")

    model_config = ConfigDict(populate_by_name=True)
