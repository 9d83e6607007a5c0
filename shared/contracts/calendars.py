"""The working calendar of a year, as it goes over the wire."""

from datetime import date, time
from typing import Annotated, Literal

from pydantic import BaseModel, Field, WithJsonSchema

#: By the clocks of Vietnam. Not of the format "time", which has an offset (RFC 3339 5.6).
LocalTime = Annotated[time, WithJsonSchema({"type": "string", "pattern": r"^\d{2}:\d{2}:\d{2}$"})]
DayKindName = Literal["holiday", "in_lieu", "swap_off", "make_up_work"]


class CalendarDayItem(BaseModel):
    """A day that is not what its weekday says, with the document that makes it so."""

    day: date = Field(description="The civil day", examples=["2019-04-29"])
    kind: DayKindName = Field(description="Day off, day off in lieu, swapped day off, or make-up day worked")
    name_vi: str = Field(description="Its name", examples=["Nghỉ hoán đổi dịp 30/4 - 1/5"])
    name_en: str = Field(description="Its name in English", examples=["Swapped day off"])
    status: Literal["announced", "provisional"] = Field(
        description="provisional: announced by nobody yet; a due date that rests on it may still move"
    )
    source: str = Field(description="The document it comes from", examples=["Labour Code 2012 art. 115"])
    confidence: str = Field(description="How sure that source is: high, medium or low", examples=["high"])


class SessionItem(BaseModel):
    """A block of working time on a weekday."""

    weekday: int = Field(description="0 Monday … 6 Sunday", ge=0, le=6, examples=[0])
    opens: LocalTime = Field(description="When it begins, by the clocks of Vietnam", examples=["07:00:00"])
    closes: LocalTime = Field(description="When it ends", examples=["11:30:00"])
    basis: str = Field(description="Where these hours come from", examples=["usual hours of the field"])


class CalendarOfYear(BaseModel):
    """The working calendar of a year. Days that are not listed are worked from Monday to Friday."""

    year: int = Field(description="The year", examples=[2026])
    working_days: int = Field(description="How many days of the year are worked", examples=[250])
    provisional: bool = Field(description="Whether any day of it is not announced yet", examples=[False])
    days: list[CalendarDayItem] = Field(description="Days off and make-up days, in order")
    sessions: list[SessionItem] = Field(description="Default working hours; an agency may have its own")
