"""Changes of the working calendar as they go over the wire: what is asked, what it would move, how far it has."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from shared.contracts.fields import Day, Incoming, LongLine, Name, Reasoning, ShortLine

DayStatusName = Literal["announced", "provisional"]
ChangedKindName = Literal["holiday", "in_lieu", "swap_off", "make_up_work", "normal"]
RecomputeState = Literal["waiting", "sweeping", "settling", "done"]

#: A year's letter names some twenty days.
MOST_DAYS = 60


class ChangedDayIn(Incoming):
    """One day as it is to be from now on."""

    day: Day = Field(description="The civil day, of a year that is loaded", examples=["2026-09-01"])
    kind: ChangedKindName = Field(
        description="Day off, day off in lieu, swapped day off, make-up day worked (a Saturday or Sunday); normal: "
        "what its weekday says",
        examples=["holiday"],
    )
    name_vi: Name | None = Field(
        None, description="Its name; needed unless normal", examples=["Nghỉ theo công điện phòng, chống bão"]
    )
    name_en: Name | None = Field(None, description="Its name in English; needed unless normal", examples=["Storm day"])
    status: DayStatusName = Field(
        "announced", description="provisional: announced by nobody yet; due dates that rest on it say so"
    )
    source: LongLine | None = Field(
        None, description="The document that makes it so; needed unless normal", examples=["3383/BNV-CVL 10/04/2026"]
    )


class CalendarPreviewIn(Incoming):
    """Days that are thought of otherwise."""

    days: Annotated[list[ChangedDayIn], Field(min_length=1, max_length=MOST_DAYS)] = Field(
        description="Each day once", examples=[[{"day": "2026-09-01", "kind": "normal"}]]
    )
    examples: Annotated[int, Field(strict=True, ge=0, le=200)] = Field(
        20, description="How many examples to show", examples=[20]
    )


class CalendarChangeIn(Incoming):
    """A change of the calendar, with why and by which decision."""

    days: Annotated[list[ChangedDayIn], Field(min_length=1, max_length=MOST_DAYS)] = Field(
        description="Each day once", examples=[[{"day": "2026-09-01", "kind": "normal"}]]
    )
    reason: Reasoning = Field(description="Why, for the record", examples=["Nghỉ phòng, chống bão số 5"])
    decision: ShortLine = Field(
        description="Number of the decision; receipts that are printed anew name it", examples=["512/QĐ-UBND"]
    )


class AgencyMoved(BaseModel):
    """What a change would move in an agency, those under it left out."""

    agency: str = Field(description="Code of the agency that received the dossiers", examples=["19333"])
    agency_name: str = Field(description="Its name", examples=["UBND Phường Đông Hà"])
    moved: int = Field(description="Open dossiers whose date would move", examples=[12])
    newly_late: int = Field(description="Of them, late by the new date and not by the old", examples=[0])
    no_longer_late: int = Field(description="Of them, late by the old date and not by the new", examples=[1])


class MovedExample(BaseModel):
    """A dossier that would move."""

    code: str = Field(description="Mã hồ sơ, or its reference", examples=["19333-261123-0001"])
    agency: str = Field(description="Code of the agency that received it", examples=["19333"])
    due_before: datetime | None = Field(description="What it is judged by now; while it waits, what was promised")
    due_after: datetime | None = Field(description="The same by the changed calendar")
    late_before: bool = Field(description="Late by the date as it stands", examples=[False])
    late_after: bool = Field(description="Late by the new date", examples=[False])


class CalendarPreview(BaseModel):
    """What a change of the calendar would move, reckoned on what is there now. Nothing is written."""

    as_of: datetime = Field(description="When this was reckoned")
    complete: bool = Field(
        description="False: there are more open dossiers than could be looked at in time; these are the least",
        examples=[True],
    )
    looked_at: int = Field(description="Open dossiers whose clock rests on the changed days", examples=[340])
    moved: int = Field(description="Of them, those whose date would move", examples=[338])
    newly_late: int = Field(description="Late by the new date and not by the old", examples=[0])
    no_longer_late: int = Field(description="Late by the old date and not by the new", examples=[1])
    unreckoned: int = Field(description="Reaching into a year without a calendar: they would stay", examples=[0])
    by_agency: list[AgencyMoved] = Field(description="The agencies where any would move, in order of their codes")
    examples: list[MovedExample] = Field(description="The first of them, in order of their reception")


class DayAs(BaseModel):
    """What a day was, or is since."""

    kind: ChangedKindName = Field(description="normal: what its weekday says", examples=["holiday"])
    name_vi: str | None = Field(description="Its name; null: normal", examples=["Quốc khánh"])
    name_en: str | None = Field(description="Its name in English; null: normal", examples=["National Day"])
    status: DayStatusName | None = Field(description="Whether it is announced; null: normal")
    source: str | None = Field(description="The document; null: normal", examples=["Labour Code 2019 art. 112"])


class ChangedDay(BaseModel):
    """A day that was changed."""

    day: date = Field(description="The civil day", examples=["2026-09-01"])
    before: DayAs
    after: DayAs


class RecomputeProgress(BaseModel):
    """How far open dossiers are reckoned anew."""

    state: RecomputeState = Field(
        description="settling: those are looked at last that were received while it ran", examples=["done"]
    )
    to_look_at: int = Field(description="Open dossiers whose clock rests on the changed days", examples=[340])
    looked_at: int = Field(description="Of them, looked at", examples=[340])
    left: int = Field(description="Of them, still to be looked at", examples=[0])
    moved: int = Field(description="Moved, with an event each", examples=[338])
    unreckoned: int = Field(description="Left as they stand: they reach into a year without a calendar", examples=[0])
    started_at: datetime | None = Field(description="When it began; null: not yet")
    finished_at: datetime | None = Field(description="When it was done; null: not yet")


class CalendarChange(BaseModel):
    """A change of the calendar, who made it and why, and what came of it."""

    id: int = Field(description="Its number", examples=[7])
    recorded_at: datetime = Field(description="When it was recorded")
    actor: str = Field(description="Who recorded it", examples=["admin@44"])
    for_agency: str = Field(description="For which agency", examples=["44"])
    decision: str = Field(description="Number of the decision", examples=["512/QĐ-UBND"])
    reason: str = Field(description="Why", examples=["Nghỉ phòng, chống bão số 5"])
    days: list[ChangedDay] = Field(description="The days, in order")
    progress: RecomputeProgress


class CalendarChangePage(BaseModel):
    """Changes, newest first."""

    items: list[CalendarChange]
    next: str | None = Field(description="Cursor of the next page, null at the end", examples=[None])
