"""The local rate and the national rate over the same dossiers, and what lies between them, over the wire."""

from datetime import datetime
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, Field

from shared.contracts.national_verdicts import OnTimeName
from shared.contracts.stats import MAX_LIST_ITEMS, DaysQuery, ListedDossier, PageCursor, Period

#: Why a dossier stands otherwise at the portal; the first that holds is named. From second_request on it is the rule
#: itself that judges otherwise (national_verdicts.DIFFERENCES).
LineName = Literal[
    "not_compared",
    "never_told",
    "on_its_way",
    "blocked",
    "dead",
    "lost",
    "since_compared",
    "status",
    "dates",
    "second_request",
    "no_date",
    "hour_of_the_day",
    "supplement_awaited",
    "supplement_wait",
    "payment_wait",
    "other_date",
]
LINES: tuple[LineName, ...] = get_args(LineName)
RatesOf = Literal["resolved", "to_handle"]
_Percent = Annotated[
    str | None, Field(description="Percent, two decimals, rounded half up; null: nothing to divide", examples=["97.51"])
]


class RatesQuery(DaysQuery):
    """Whose dossiers, of which days, and which of them."""

    of: RatesOf = Field(
        "resolved",
        description="resolved: those over by the end of the period, as the local rate counts; to_handle: all that were"
        " to be handled, open ones in term as on time, as the national rate counts",
    )


class RatesListQuery(RatesQuery):
    """Which of them to show."""

    line: LineName | None = Field(
        None, description="Only those of this line; without it all that stand otherwise there", examples=["lost"]
    )
    cursor: PageCursor = None
    limit: int = Field(50, ge=1, le=MAX_LIST_ITEMS, description="Dossiers on a page")


class LocalRate(BaseModel):
    """The dossiers by the law's own verdicts, as this system keeps them."""

    on_time: int = Field(description="On time here", examples=[990])
    rate: _Percent = Field(description="on_time / dossiers, %", examples=["99.00"])


class NationalRate(BaseModel):
    """The same dossiers as the portal would judge them by what stands there."""

    there: int = Field(description="That stand there, as far as they were compared", examples=[800])
    on_time: int = Field(description="Of these on time by the national rule", examples=[730])
    rate: _Percent = Field(description="on_time / dossiers, %: of the same dossiers", examples=["73.00"])
    rate_of_there: _Percent = Field(
        description="on_time / there, %: as somebody counts who knows of no other", examples=["91.25"]
    )


class RatesLine(BaseModel):
    """Dossiers that stand otherwise there, for one reason, in one direction."""

    line: LineName = Field(description="The reason", examples=["lost"])
    title_vi: str = Field(description="In words", examples=["Đã được nhận trước đây, nay không còn ở cổng"])
    title_en: str = Field(description="The same in English")
    here: OnTimeName = Field(description="What they are here", examples=["on_time"])
    dossiers: int = Field(description="So many; the list opens them", examples=[200])
    effect: int = Field(description="What they add to the dossiers on time", examples=[-200])


class Looked(BaseModel):
    """How many of the dossiers were held against theirs, and when."""

    dossiers: int = Field(description="That were ever compared", examples=[990])
    first_at: datetime | None = Field(description="When the one was whose comparison is oldest; null: none was")
    last_at: datetime | None = Field(description="When the one was whose comparison is newest")


class RatesReport(BaseModel):
    """From one rate to the other: local.on_time and the effects of all lines add up to national.on_time."""

    agency: str = Field(description="The agency that was asked for", examples=["44"])
    agency_name: str = Field(description="Its name", examples=["UBND tỉnh Quảng Trị"])
    period: Period
    of: RatesOf = Field(description="Which of its dossiers")
    as_of: datetime = Field(description="When the report was made")
    synthetic: bool = Field(description="Whether made-up data was imported into this installation")
    compare: Literal["instant", "date"] = Field(
        description="What of an end the national rule is taken to hold against the date: a setting",
        examples=["instant"],
    )
    compared: Looked
    dossiers: int = Field(description="Over these both rates are", examples=[1000])
    local: LocalRate
    lines: list[RatesLine] = Field(description="Each that there is, in a fixed order")
    national: NationalRate


class RatesDossier(ListedDossier):
    """A dossier that stands otherwise there. No personal data."""

    line: LineName = Field(description="Why", examples=["lost"])
    here: OnTimeName = Field(description="What it is here", examples=["on_time"])
    there: OnTimeName | None = Field(
        description="What it is there, if it stands there; one that stands there as not received is not on time",
        examples=["overdue"],
    )
    compared_at: datetime | None = Field(description="When it was held against theirs; null: never")


class RatesList(BaseModel):
    """One page of dossiers, in order of reception."""

    items: list[RatesDossier]
    next: str | None = Field(description="Cursor of the next page, null at the end")
