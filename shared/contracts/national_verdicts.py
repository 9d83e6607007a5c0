"""The verdict of the national scoring beside that of the law, over the wire."""

from datetime import datetime
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, Field

from shared.contracts.deadlines import Line
from shared.contracts.fields import InstantIn, ShortLine
from shared.contracts.stats import MAX_LIST_ITEMS, Basis, DaysQuery, ListedDossier, PageCursor, Period

#: Why the two verdicts part; the first that holds is named.
DifferenceName = Literal[
    "second_request",
    "no_date",
    "hour_of_the_day",
    "supplement_awaited",
    "supplement_wait",
    "payment_wait",
    "other_date",
]
DIFFERENCES: tuple[DifferenceName, ...] = get_args(DifferenceName)
OnTimeName = Literal["on_time", "overdue"]
WhichVerdicts = Literal["differing", "late", "all"]
_Percent = Annotated[
    str | None, Field(description="Percent, two decimals, rounded half up; null: nothing to divide", examples=["97.51"])
]


class NationalVerdictsQuery(DaysQuery):
    """Whose dossiers, for which days, as known when."""

    as_of: InstantIn | None = Field(
        None,
        description="Only what was recorded by then (slower); without it, what is known now",
        examples=["2026-10-05T08:00:00+07:00"],
    )


class NationalVerdictsReportQuery(NationalVerdictsQuery):
    """The same, and by which rules progress is scored."""

    rules: ShortLine | None = Field(
        None,
        description="A rule version of the index of Decision 766 by name, for a trial; without it the one in force on "
        "the last day of the period, if any is",
        examples=["766/1"],
    )


class NationalVerdictsListQuery(NationalVerdictsQuery):
    """Which of them to show."""

    verdicts: WhichVerdicts = Field(
        "differing", description="differing: on which the two part; late: by the national rule; all", examples=["late"]
    )
    kind: DifferenceName | None = Field(None, description="Only those that part for this reason")
    cursor: PageCursor = None
    limit: int = Field(50, ge=1, le=MAX_LIST_ITEMS, description="Dossiers on a page")


class ByLaw(BaseModel):
    """The dossiers of the period by this system's own verdicts, as the resolution report counts them."""

    to_handle: int = Field(description="Carried over and received", examples=[1000])
    resolved: int = Field(description="Of them: over by the end of the period", examples=[900])
    resolved_on_time: int = Field(description="Before the date or on it", examples=[880])
    resolved_late: int = Field(description="After it", examples=[20])
    pending_in_term: int = Field(description="Open, in term at the end of the period", examples=[90])
    pending_overdue: int = Field(description="Open and overdue", examples=[10])
    on_time_rate: _Percent = Field(description="resolved_on_time / resolved, %")
    national_on_time_rate: _Percent = Field(
        description="(resolved_on_time + pending_in_term) / to_handle, %: the national proportion of these verdicts"
    )


class Nationally(BaseModel):
    """The same dossiers by the national rule, as the portal would count them: received = on_time + overdue."""

    received: int = Field(description="Carried over and received", examples=[1000])
    on_time: int = Field(description="Over on time, or open within term", examples=[930])
    overdue: int = Field(description="Late, over or not", examples=[70])
    ratio: _Percent = Field(description="on_time / received, %", examples=["93.00"])
    score: str | None = Field(
        description="Points for progress, two decimals; null: no rule version holds there", examples=["18.60"]
    )
    max: str | None = Field(description="Greatest possible; null likewise", examples=["20.00"])
    rule_version: str | None = Field(description="Of the rules by which it was scored", examples=["766/1"])


class Agreement(BaseModel):
    """Dossiers on which both say the same."""

    on_time: int = Field(description="Both say on time", examples=[925])
    overdue: int = Field(description="Both say late", examples=[25])


class Difference(BaseModel):
    """Dossiers on which the two part for one reason, in one direction."""

    kind: DifferenceName = Field(description="The first reason that holds", examples=["second_request"])
    title_vi: str = Field(
        description="In words", examples=["Yêu cầu bổ sung hơn một lần: cách tính quốc gia coi là quá hạn"]
    )
    title_en: str = Field(description="The same in English")
    law: OnTimeName = Field(description="What the law says", examples=["on_time"])
    national: OnTimeName = Field(description="What the portal would say", examples=["overdue"])
    dossiers: int = Field(description="So many; the list opens them", examples=[45])


class NationalVerdictsReport(BaseModel):
    """Both verdicts on the dossiers of an agency in a period. agreeing and differences add up to received."""

    agency: str = Field(description="The agency that was asked for", examples=["44"])
    agency_name: str = Field(description="Its name", examples=["UBND tỉnh Quảng Trị"])
    period: Period
    as_of: datetime = Field(description="The instant of knowledge: as asked, or when the report was made")
    basis: Basis = Field(
        description="as_known_now: with all corrections made since; as_recorded_then: only what was recorded by as_of"
    )
    synthetic: bool = Field(description="Whether made-up data was imported into this installation")
    compare: Literal["instant", "date"] = Field(
        description="What of an end the national rule is taken to hold against the date: a setting",
        examples=["instant"],
    )
    law: ByLaw
    national: Nationally
    agreeing: Agreement
    differences: list[Difference] = Field(description="Each reason that there is, in a fixed order")


class OneVerdict(BaseModel):
    """A verdict on a dossier, and why."""

    verdict: OnTimeName = Field(description="Open ones as of the end of the period", examples=["overdue"])
    explanation: list[Line] = Field(description="Line by line")


class NationalVerdict(OneVerdict):
    """The same by the national rule."""

    rules: list[str] = Field(
        description="What was applied, in order: the end that was taken, waits subtracted, the date it was held "
        "against, a second request",
        examples=[["end_finished", "wait_subtracted", "due_as_sent"]],
    )
    judged_at: datetime | None = Field(description="The end, less what was subtracted; null: a year has no calendar")
    against: datetime | None = Field(description="What it was held against; null: no date and no term")


class BothVerdicts(ListedDossier):
    """A dossier with both verdicts. No personal data."""

    kind: DifferenceName | None = Field(description="Why they part; null: they agree", examples=["hour_of_the_day"])
    law: OneVerdict
    national: NationalVerdict


class NationalVerdictsList(BaseModel):
    """One page of dossiers with both verdicts, in order of reception."""

    items: list[BothVerdicts]
    next: str | None = Field(description="Cursor of the next page, null at the end")
