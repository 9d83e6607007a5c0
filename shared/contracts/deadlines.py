"""Until when, and why: what the deadline account and its preview answer."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from shared.contracts.intake import ChannelName, StatusName, VerdictName


class Line(BaseModel):
    """One line of an explanation, in both languages."""

    vi: str = Field(examples=["Thứ Hai 29/4/2019: nghỉ hoán đổi, không tính."])
    en: str = Field(examples=["Monday 29/4/2019: swapped day off, not counted."])


class Rules(BaseModel):
    """What a date rests on."""

    regime: str = Field(description="The law in force on the day of acceptance", examples=["61/2018/NĐ-CP"])
    regime_confirmed: bool = Field(
        description="False: the text of that law was not read; the rule before is carried on"
    )
    supplement_effect: Literal["restart", "pause", "continue"] = Field(
        description="What a supplement does to the clock", examples=["restart"]
    )
    term: Line = Field(description="The term, as it is spoken")
    due_is_provisional: bool = Field(description="The date rests on a day of the calendar that is not announced yet")


class DeadlinePreview(Rules):
    """Until when a dossier would be due if it were accepted at an instant."""

    procedure: str = Field(examples=["2.000908"])
    agency: str = Field(examples=["19333"])
    channel: ChannelName = Field(description="How it would come in", examples=["counter"])
    case: int = Field(description="Which of the procedure's terms", examples=[1])
    at: datetime = Field(description="When it would be accepted")
    due_at: datetime | None = Field(description="What the receipt would show; null without a term")
    due_day: date | None = Field(description="The day of it", examples=["2026-11-25"])
    explanation: list[Line]


class PausedSpan(BaseModel):
    """A wait for the applicant."""

    kind: Literal["supplement", "payment"] = Field(description="What was waited for", examples=["supplement"])
    begin: datetime = Field(description="When it was asked for")
    end: datetime | None = Field(description="When it came; null: still waiting")
    clock: Literal["reception", "term"] = Field(
        description="Whose wait it is: reception: before acceptance, of the one-stop's 8 hours; term: after it",
        examples=["term"],
    )
    stopped_clock: bool = Field(description="False: the term had run out, or the law lets it run on")
    working_hours: float | None = Field(
        description="Working time of the agency in it; null where a year of it has no calendar", examples=[16.0]
    )


class DeadlineAccount(Rules):
    """The clock of a dossier: what was promised, what stood still, and how it stands."""

    code: str = Field(examples=["19333-261123-0001"])
    status: StatusName = Field(examples=["in_process"])
    as_of: datetime = Field(description="When this was reckoned")
    reception_due_at: datetime | None = Field(
        description="Of a submission: until when the one-stop is, or was, to accept or refuse it; null while the "
        "applicant completes it"
    )
    reception_in_time: bool | None = Field(
        description="Whether it was accepted or refused by then; null until it is, and at the counter"
    )
    accepted_at: datetime | None = Field(description="From then on the clock runs; null until then")
    original_due_at: datetime | None = Field(description="As first promised; null without a term")
    due_at: datetime | None = Field(description="As it stands; null without a term, or while the clock stands still")
    late_from: datetime | None = Field(description="The first instant that is late: an extension does not move it")
    extended: bool = Field(description="A new date was appointed with an apology: once")
    supplement_requests: int = Field(description="Since acceptance; before it, since the submission", examples=[0])
    paused: bool = Field(description="Waiting for the applicant")
    answer_due_at: datetime | None = Field(
        description="Until when the applicant is to complete it; null: nothing was asked for, or no law says"
    )
    lapses_at: datetime | None = Field(description="From then on it is closed if it is not complete; null: it is not")
    paused_spans: list[PausedSpan] = Field(description="Each wait, in order")
    working_hours_used: float | None = Field(
        description="Working time of the agency from acceptance until now or the end, waits left out; null where a "
        "year of it has no calendar",
        examples=[4.5],
    )
    working_hours_left: float | None = Field(
        description="Working time until the date, what is left of today included though the term in days does not "
        "count it; null while it stands still, without a term, and at the end",
        examples=[11.5],
    )
    overdue: bool = Field(description="Open, and late by now")
    finished_at: datetime | None = Field(description="When the agency was done; null until then")
    verdict: VerdictName | None = Field(description="Trước hạn, đúng hạn, quá hạn; null until finished")
    national_verdict: Literal["on_time", "overdue"] | None = Field(
        description="By the national scoring, as of now unless it is over: a wait for a supplement is subtracted, more "
        "than one request is overdue; null before acceptance",
        examples=["on_time"],
    )
    national_explanation: list[Line] | None = Field(
        description="That verdict line by line: what was judged, by what, and what counts against it; null where there "
        "is none"
    )
    explanation: list[Line]
