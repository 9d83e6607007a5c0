"""What stats promises of sealed editions of reports: wire models."""

from datetime import date, datetime
from typing import Annotated, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.contracts.fields import Code, Day, Incoming, LongLine, Name, Reasoning
from shared.contracts.official_tables import AwaitingColumnIn
from shared.contracts.stats import CutName, GroupBy, GroupingName

#: The reports that can be sealed.
SealedReport = Literal["resolution", "ii-06a", "annex"]
ChangeKind = Literal["changed", "came", "gone"]
FindingName = Literal["content", "picture", "position", "parameters", "figures"]


def groupings_of(group_by: str) -> tuple[GroupingName, ...]:
    """What group_by names, outermost first."""
    return cast("tuple[GroupingName, ...]", () if group_by == "none" else tuple(group_by.split(",")))


EditionNumber = Annotated[int, Field(strict=True, ge=1, le=2**53 - 1)]


class ReportAsked(Incoming):
    """A report, as `GET /v1/reports/resolution`, `…/official-tables/ii-06a` or `…/annex` is asked for it. What is known
    now is sealed, and the units stand as they were."""

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
        None, description="Instead of `from` and `to`: a year, half, quarter or month", examples=["2019-H1"]
    )
    cut: CutName = Field("calendar", description="How months are cut: GET /v1/reports/resolution")
    group_by: GroupBy = Field(
        "none",
        description="resolution: what the rows are, as GET /v1/reports/resolution takes it. Not officer: who holds a "
        "dossier is no event",
        examples=["tree"],
    )
    form: Code | None = Field(None, description="ii-06a: under which form; ii-06a unless said", examples=["07a-btp"])
    rows: Literal["agency", "sector"] | None = Field(
        None, description="ii-06a: agency unless said", examples=["agency"]
    )
    awaiting_supplement_column: AwaitingColumnIn | None = Field(
        None,
        description="ii-06a: 9 or 12, as GET /v1/reports/official-tables/ii-06a takes it; as the installation has it "
        "unless said",
        examples=[12],
    )
    receiver: Name | None = Field(
        None,
        description="ii-06a: to whom it is sent; the unit above unless said, of a province whom the form names. The "
        "same to another receiver is the same report: GET …/print takes `receiver`",
        examples=["Văn phòng Chính phủ"],
    )
    units: Literal["then"] = Field("then", description="The units as they were in the period: no other are sealed")

    @property
    def groupings(self) -> tuple[GroupingName, ...]:
        """What group_by names, outermost first."""
        return groupings_of(self.group_by)


class EditionIn(Incoming):
    """Which report to seal; or which edition to correct, and why."""

    report: SealedReport = Field(description="Which report", examples=["resolution"])
    parameters: ReportAsked = Field(description="Of which agency and period, in which rows")
    note: LongLine | None = Field(
        None, description="Stands in the edition for good; no personal data", examples=["Báo cáo 6 tháng đầu năm"]
    )
    corrects: EditionNumber | None = Field(
        None,
        description="The `id` of the edition that this one corrects: the newest of the same report and parameters, "
        "whoever the receiver",
        examples=[41],
    )
    reason: Reasoning | None = Field(
        None,
        description="Why it is corrected, needed with `corrects`; stands in the edition for good; no personal data",
        examples=["12 hồ sơ ngày 28/6 được nhập bổ sung ngày 5/7"],
    )


class EditionParameters(BaseModel):
    """What was asked, with nothing left to be chosen."""

    model_config = ConfigDict(populate_by_name=True)

    agency: str = Field(examples=["45"])
    first: date = Field(alias="from", examples=["2019-01-01"])
    last: date = Field(alias="to", examples=["2019-06-30"])
    cut: CutName | None = Field(
        None, description="resolution only; calendar wherever months are not rows", examples=["calendar"]
    )
    group_by: str | None = Field(None, description="resolution only", examples=["tree"])
    form: str | None = Field(None, description="ii-06a only, like the next three", examples=["ii-06a"])
    rows: Literal["agency", "sector"] | None = Field(None, examples=["agency"])
    awaiting_supplement_column: int | None = Field(None, examples=[12])
    receiver: str | None = Field(None, examples=["Văn phòng Chính phủ"])
    units: Literal["then"] = Field(description="The units as they were in the period")


class EditionPosition(BaseModel):
    """Which events an edition knows."""

    snapshot: str = Field(
        description="The transactions it sees, as PostgreSQL's pg_snapshot writes them: one that was open while the "
        "edition was sealed, and committed later, is told apart",
        examples=["8123:8126:8124"],
    )
    txid: str | None = Field(
        description="Transaction of the last event it sees, in the order of the log; null before the first",
        examples=["8122"],
    )
    event_id: int | None = Field(description="That event", examples=[590217])


class ChangeCounts(BaseModel):
    """How much a correction changed."""

    figures: int = Field(description="Figures (and names) that say something else", examples=[14])
    rows_came: int = Field(description="Rows that were not there", examples=[0])
    rows_gone: int = Field(description="Rows that are there no more", examples=[0])


class EditionLink(BaseModel):
    """The place of an edition in the chain of all editions. Whoever notes it can show later that nothing up to there
    was changed, taken away or put in between: `motcua verify --anchor NUMBER:SEAL`."""

    number: int = Field(description="From 1, without a gap", examples=[12])
    seal: str = Field(
        description="SHA-256 over the seal before it and all that is kept of the edition", examples=["5feceb66…"]
    )


class Edition(BaseModel):
    """A sealed edition. Nothing of it ever changes but `corrected_by`."""

    id: int = Field(description="By which it is read", examples=[41])
    number: int = Field(description="1, and one more with each correction of the same report", examples=[1])
    report: SealedReport = Field(examples=["resolution"])
    format: str = Field(description="How its bytes are written: a format never changes", examples=["resolution/1"])
    parameters: EditionParameters
    sealed_at: datetime = Field(description="It says what was known then", examples=["2019-07-02T08:00:00+07:00"])
    sealed_by: str = Field(description="The subject of the token", examples=["leader@45"])
    position: EditionPosition
    picture: str = Field(
        description="SHA-256 of the units and names that it was made from, kept beside it", examples=["9f86d081…"]
    )
    sha256: str = Field(description="Of its bytes: GET …/content", examples=["e3b0c442…"])
    size: int = Field(description="Number of its bytes", examples=[81920])
    link: EditionLink | None = Field(
        description="Null only where somebody took it out of the chain: the operator verifies"
    )
    synthetic: bool = Field(description="Whether made-up data was in this installation when it was sealed")
    note: str | None = Field(examples=["Báo cáo 6 tháng đầu năm"])
    corrects: int | None = Field(description="The edition it corrects; null: it is the first", examples=[None])
    corrected_by: int | None = Field(description="The edition that corrects it; null: it holds", examples=[42])
    reason: str | None = Field(description="Why it was corrected", examples=[None])
    changes: ChangeCounts | None = Field(
        None, description="How much it changed: GET …/changes has each. Absent in lists, and of a first edition"
    )


class EditionPage(BaseModel):
    """A page of editions, the newest first."""

    items: list[Edition]
    next: str | None = Field(description="Cursor of the next page, null at the end")


class EditionChange(BaseModel):
    """One thing that a correction says otherwise."""

    kind: ChangeKind = Field(description="changed: a figure; came, gone: a whole row", examples=["changed"])
    key: str | None = Field(description="Of the row; null: of the whole report", examples=["19333"])
    name: str | None = Field(description="Of the row, as in the correction", examples=["UBND Phường Đông Hà"])
    within: list[str] = Field(description="Several groupings: the keys of the rows it stands in", examples=[[]])
    figure: str | None = Field(
        description="Which figure; `own.` before it: of the unit without those under it. Or what else a row says: name",
        examples=["resolved"],
    )
    before: int | str | bool | None = Field(description="In the edition that is corrected", examples=[128843])
    after: int | str | bool | None = Field(description="In the correction", examples=[128855])


class EditionChangePage(BaseModel):
    """A page of what a correction changed: of the total first, then row by row."""

    items: list[EditionChange]
    next: str | None = Field(description="Cursor of the next page, null at the end")


class Recomputation(BaseModel):
    """An edition computed again, from raw events."""

    equal: bool = Field(description="Whether the bytes are the same, and are what their hash says")
    sha256: str | None = Field(
        description="Of the bytes as computed now; null: they could not be computed", examples=["e3b0c442…"]
    )
    findings: list[FindingName] = Field(
        description="content: the bytes are not of their hash; picture: what it was made from is missing or not of its "
        "hash; position, parameters: they cannot be what they were; figures: the events give other bytes",
        examples=[[]],
    )
    changes: list[EditionChange] = Field(
        description="What is computed (`after`) otherwise than sealed (`before`); the first 100"
    )
