"""What stats promises: its wire models, and a typed client for whoever calls it."""

from datetime import date, datetime
from typing import Annotated, Literal, cast, get_args

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from shared.contracts.agencies import LevelName
from shared.contracts.definitions import Counts, DefinitionId, OnDemandCount, OnTimeDefinition, Rates
from shared.contracts.fields import Code, Day, InstantIn, Name, Subject, refused
from shared.contracts.intake import ChannelName, StatusName, VerdictName
from shared.contracts.neighbour import call

GroupingName = Literal["agency", "tree", "level", "sector", "procedure", "channel", "month", "officer"]
GROUPING_NAMES: tuple[GroupingName, ...] = get_args(GroupingName)
#: The units as they were in the period, or restated on today's map through succession.
UnitsName = Literal["then", "today"]
ReportFormat = Literal["json", "csv", "xlsx", "docx", "pdf"]
ListFormat = Literal["json", "ndjson", "csv"]
Basis = Literal["as_known_now", "as_recorded_then"]
Scope = Literal["own", "tree"]
#: How months are cut: on the calendar, or from the 15th or 21st of the month before to the 14th or 20th.
CutName = Literal["calendar", "15-14", "21-20"]
#: The figures that count dossiers: each has a list.
CountName = Literal[
    "carried_over",
    "received",
    "received_online",
    "received_counter",
    "received_post",
    "to_handle",
    "resolved",
    "resolved_early",
    "resolved_on_day",
    "resolved_late",
    "resolved_on_time",
    "resolved_without_term",
    "pending",
    "pending_in_term",
    "pending_overdue",
    "pending_paused",
]
#: All that count dossiers, those that are made on demand too.
AnyCountName = Literal[CountName, OnDemandCount]
RateName = Literal["on_time_rate", "late_rate", "received_on_time_rate", "national_on_time_rate"]
COUNT_NAMES: tuple[CountName, ...] = get_args(CountName)
RATE_NAMES: tuple[RateName, ...] = get_args(RateName)

#: A report's rows are few and read as a whole; a list's are many.
MAX_REPORT_ROWS = 1000
MAX_LIST_ITEMS = 1000


def _written_groupings(text: str) -> str:
    if text != "none" and any(name not in GROUPING_NAMES for name in text.split(",")):
        raise refused("not_one_of", expected=", ".join(("none", *GROUPING_NAMES)))
    return text


#: Where a page begins, of what comes in pages.
PageCursor = Annotated[
    Annotated[str, Field(max_length=2000)] | None, Field(description="`next` of the page before; JSON only")
]
#: Groupings as they are written: `none`, one, or several joined by commas, the outermost first.
GroupBy = Annotated[str, StringConstraints(max_length=100), AfterValidator(_written_groupings)]


class DaysQuery(BaseModel):
    """Whose figures, for which days. A parameter that does not exist is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    agency: Code = Field(
        description="Code in force on the last day of the period; it covers its subtree", examples=["45"]
    )
    first: Day | None = Field(
        None,
        alias="from",
        description="First day, included. `from` and `to`, or `period`: one of the two is needed",
        examples=["2019-01-01"],
    )
    last: Day | None = Field(
        None, alias="to", description="Last day, included; today at the latest", examples=["2019-06-30"]
    )
    period: Annotated[str, StringConstraints(min_length=1, max_length=20)] | None = Field(
        None,
        description="Instead of `from` and `to`: a year, half, quarter or month (2019, 2019-H1, 2019-Q2, 2019-06). The "
        "answer names its days",
        examples=["2019-H1"],
    )
    cut: CutName = Field(
        "calendar",
        description="How months are cut, and with them quarters, halves and years: 21-20 begins them on the 21st of "
        "the month before and ends them on the 20th",
    )


class PeriodQuery(DaysQuery):
    """The same, as known when, and of which units."""

    as_of: InstantIn | None = Field(
        None,
        description="Only what was recorded by then (slower); without it, what is known now",
        examples=["2019-07-24T08:00:00+07:00"],
    )
    units: UnitsName = Field(
        "then",
        description="then: the units as they were; today: restated on today's map, each with what it succeeded. "
        "`agency` is then a code of today, or, where nobody carries it today, of the period",
    )


class ReportQuery(PeriodQuery):
    """What to report, in which rows and form."""

    group_by: GroupBy = Field(
        "none",
        description=(
            f"none, or one of {', '.join(GROUPING_NAMES)}, or up to three joined by commas, outermost first: each row "
            "then holds the subtotal of the rows below it. agency: each unit's own figures, zeros included; tree: the "
            "same units with subtotals; month: each month of the period with what it began and ended with; officer: "
            "in whose hands a dossier is, as known now (at as_of)"
        ),
        examples=["agency", "level,agency,month"],
    )
    definition: DefinitionId | None = Field(
        None,
        description="Add the rates of this definition of on time, and the figures that it needs: GET /v1/definitions",
        examples=["due-in-period"],
    )
    format: ReportFormat = Field("json", description="json by pages; csv, xlsx, docx and pdf with all rows at once")
    cursor: PageCursor = None
    limit: int = Field(MAX_REPORT_ROWS, ge=1, le=MAX_REPORT_ROWS, description="Rows on a page; JSON only")

    @property
    def groupings(self) -> tuple[GroupingName, ...]:
        """What group_by names, outermost first."""
        named = () if self.group_by == "none" else tuple(self.group_by.split(","))
        return cast("tuple[GroupingName, ...]", named)


class FigureListQuery(PeriodQuery):
    """Which figure to open, narrowed to the row in which it stands: to all the keys of a row within rows."""

    figure: AnyCountName = Field(description="The figure whose dossiers are wanted", examples=["pending_overdue"])
    scope: Scope = Field("tree", description="own: of the unit alone; tree: with all units under it")
    unit: Code | None = Field(None, description="The key of a row of group_by=agency or tree", examples=["19333"])
    level: LevelName | None = Field(None, description="The key of a row of group_by=level")
    channel: ChannelName | None = Field(None, description="The key of a row of group_by=channel")
    sector: Name | None = Field(None, description="The key of a row of group_by=sector", examples=["Hộ tịch"])
    procedure: Code | None = Field(None, description="The key of a row of group_by=procedure", examples=["1.001193"])
    month: Annotated[str, StringConstraints(min_length=1, max_length=20)] | None = Field(
        None,
        description="The key of a row of group_by=month: its days within the period, with the units as they are called "
        "in the period",
        examples=["2019-03"],
    )
    officer: Subject | None = Field(
        None, description="The key of a row of group_by=officer; unassigned: in nobody's hands", examples=["unassigned"]
    )
    format: ListFormat = Field("json", description="json: a page; ndjson, csv: the whole list as a stream")
    cursor: PageCursor = None
    limit: int = Field(50, ge=1, le=MAX_LIST_ITEMS, description="Dossiers on a page; JSON only")


_Rate = Annotated[
    str | None,
    Field(
        description="Percent with two decimals, rounded half up; null when there is nothing to divide by",
        examples=["97.51"],
    ),
]


class Figures(BaseModel):
    """The figures of a period: numbers of dossiers, and rates in percent. See GET /v1/definitions."""

    carried_over: int = Field(description="Kỳ trước chuyển qua", examples=[4098])
    received: int = Field(description="Tiếp nhận mới trong kỳ", examples=[132485])
    received_online: int = Field(description="Trực tuyến", examples=[9421])
    received_counter: int = Field(description="Trực tiếp", examples=[121032])
    received_post: int = Field(description="Qua dịch vụ bưu chính công ích", examples=[2032])
    to_handle: int = Field(description="Tổng số phải giải quyết = carried_over + received", examples=[136583])
    resolved: int = Field(description="Đã giải quyết = early + on_day + late", examples=[128843])
    resolved_early: int = Field(description="Trước hạn", examples=[70211])
    resolved_on_day: int = Field(description="Đúng hạn, on the day itself", examples=[55427])
    resolved_late: int = Field(description="Quá hạn", examples=[3205])
    resolved_on_time: int = Field(description="= early + on_day", examples=[125638])
    resolved_without_term: int = Field(
        description="Of resolved_on_day: dossiers of procedures without a term, on time only in name", examples=[0]
    )
    pending: int = Field(description="Đang giải quyết at the end of the period", examples=[7740])
    pending_in_term: int = Field(description="Trong hạn", examples=[7511])
    pending_overdue: int = Field(description="Quá hạn", examples=[229])
    pending_paused: int = Field(description="Of pending: waiting for the applicant (tạm dừng)", examples=[102])
    on_time_rate: _Rate = Field(description="resolved_on_time / resolved, %")
    late_rate: _Rate = Field(description="resolved_late / resolved, %", examples=["2.49"])
    received_on_time_rate: _Rate = Field(
        description="resolved_on_time / to_handle, %: NĐ 61/2018 art. 30(2)c", examples=["91.99"]
    )
    national_on_time_rate: _Rate = Field(
        description="(resolved_on_time + pending_in_term) / to_handle, %: QĐ 766/QĐ-TTg", examples=["97.49"]
    )


class DefinedFigures(Figures):
    """The figures of a period, and what the definition that was asked for adds to them."""

    rates: Rates = None
    counts: Counts = None


class ReportRow(DefinedFigures):
    """One row. Which of the fields beside key, name and figures are there depends on group_by."""

    model_config = ConfigDict(populate_by_name=True)

    key: str = Field(
        description=(
            "Agency, procedure or channel code, level, sector, or month (2019-01). A unit whose code another unit took "
            "over within the tree carries the last day it was in force: 19500@2019-12-31. An officer's id, or "
            "unassigned"
        ),
        examples=["19333"],
    )
    name: str = Field(examples=["UBND Phường Đông Hà"])
    printed_name: str = Field(
        description="As tables print it: units of the report that share a name carry that of the unit above too",
        examples=["UBND Phường Đông Hà"],
    )
    level: LevelName | None = Field(None, description="agency, tree: the unit's level")
    parent: str | None = Field(None, description="agency, tree: the key of the row above; null at the top")
    depth: int | None = Field(
        None, description="tree: 0 is the agency asked for; several groupings: how far to indent the row", examples=[1]
    )
    by: GroupingName | None = Field(None, description="several groupings: the one that the row is of")
    within: list[str] | None = Field(
        None,
        description="several groupings: the keys of the rows it stands in, outermost first",
        examples=[["commune"]],
    )
    in_force: bool | None = Field(None, description="agency, tree: whether it was, on the last day of the period")
    divided: bool | None = Field(
        None,
        description="agency, tree with units=today: it is no more, and several heirs divided it among them. Its row "
        "keeps the dossiers of which nothing tells to whom they went",
    )
    own: Figures | None = Field(
        None, description="tree: the unit's own figures; those in the row itself include all units under it"
    )
    first: date | None = Field(None, alias="from", description="month: its first day within the period")
    last: date | None = Field(None, alias="to", description="month: its last day within the period")


class Period(BaseModel):
    """Both days included."""

    model_config = ConfigDict(populate_by_name=True)

    first: date = Field(alias="from", examples=["2019-01-01"])
    last: date = Field(alias="to", examples=["2019-06-30"])


class ResolutionReport(BaseModel):
    """How dossiers were resolved in a period."""

    agency: str = Field(description="The agency that was asked for", examples=["45"])
    agency_name: str = Field(description="Its name", examples=["UBND tỉnh Quảng Trị"])
    period: Period
    as_of: datetime = Field(description="The instant of knowledge: as asked, or when the report was made")
    basis: Basis = Field(
        description="as_known_now: with all corrections made since; as_recorded_then: only what was recorded by as_of"
    )
    definition: str = Field(
        description="By which definition the figures are made, or the one that was asked for (`GET /v1/definitions`), "
        "and its version",
        examples=["resolution/1"],
    )
    synthetic: bool = Field(description="Whether made-up data was imported into this installation")
    group_by: str = Field(description="What the rows are", examples=["agency"])
    units: UnitsName = Field(description="Whether the units are those of the period, or those of today")
    total: DefinedFigures
    rows: list[ReportRow]
    next: str | None = Field(description="Cursor of the next page of rows, null at the end")


class ListedDossier(BaseModel):
    """A dossier in a figure's list. No personal data."""

    code: str = Field(examples=["19333-190722-0001"])
    procedure: str = Field(examples=["1.001193"])
    procedure_name: str = Field(examples=["Thủ tục đăng ký khai sinh"])
    sector: str = Field(examples=["Hộ tịch"])
    agency: str = Field(description="The agency whose figure it is", examples=["19333"])
    agency_name: str = Field(examples=["UBND Phường Đông Hà"])
    channel: ChannelName = Field(description="How it came in", examples=["counter"])
    status: StatusName = Field(description="As it stands now (at as_of), not at the end of the period")
    received_day: date = Field(description="Civil day of acceptance", examples=["2019-03-04"])
    due_day: date | None = Field(description="Null without a term, or while the clock stands still")
    finished_day: date | None = Field(description="Civil day of the result; null until then", examples=["2019-03-05"])
    verdict: VerdictName | None = Field(description="Trước hạn, đúng hạn, quá hạn; null until finished")


class FigureList(BaseModel):
    """One page of the dossiers that make up a figure, in order of reception (resolved ones: of finishing)."""

    items: list[ListedDossier]
    next: str | None = Field(description="Cursor of the next page, null at the end")


class Definition(BaseModel):
    """What a figure means."""

    name: str = Field(examples=["on_time_rate"])
    kind: Literal["count", "rate"] = Field(description="A count opens its list; a rate is made of counts")
    title_vi: str = Field(examples=["Tỷ lệ đúng hạn"])
    title_en: str = Field(examples=["On-time rate"])
    formula: str = Field(examples=["resolved_on_time / resolved"])
    source: str = Field(examples=["3322/UBND-NC (24/7/2019)"])


class Definitions(BaseModel):
    """The catalogue of figures, in the order in which reports carry them, and of the definitions made of them."""

    items: list[Definition] = Field(description="The figures that every row carries")
    on_demand: list[Definition] = Field(description="The figures that only some definitions need; each has its list")
    on_time: list[OnTimeDefinition] = Field(description="The definitions of on time that are in use")


class StatsClient:
    """Calls stats. Raises NeighbourUnavailable (try again later) and NeighbourRefused (its code says why)."""

    def __init__(self, http: httpx.AsyncClient, base_url: str) -> None:
        self._http = http
        self._base = base_url.rstrip("/")

    async def resolution(self, query: ReportQuery) -> ResolutionReport:
        """The resolution report, one page of rows."""
        return ResolutionReport.model_validate_json(await self._get("/v1/reports/resolution", query))

    async def dossiers(self, query: FigureListQuery) -> FigureList:
        """One page of the dossiers behind a figure."""
        return FigureList.model_validate_json(await self._get("/v1/reports/resolution/dossiers", query))

    async def definitions(self) -> Definitions:
        """What the figures mean."""
        return Definitions.model_validate_json(await self._get("/v1/definitions"))

    async def _get(self, path: str, query: BaseModel | None = None) -> bytes:
        asked = query.model_dump(mode="json", by_alias=True, exclude_none=True) if query else {}
        return await call(
            self._http, "GET", self._base + path, params={name: str(value) for name, value in asked.items()}
        )
