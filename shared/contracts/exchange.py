"""What is exchanged with the national portal beside dossiers, as it goes over the wire."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from shared.contracts.national import NationalReason

ExchangeKind = Literal["question", "agency_question", "rating_given", "answer", "agency_answer", "published", "rating"]
ExchangeState = Literal["waiting", "dead", "taken"]


class ExchangeMessage(BaseModel):
    """One thing that came in or goes out, without its words."""

    id: int = Field(description="The greater, the later it was queued", examples=[4711])
    kind: ExchangeKind = Field(
        description="In: question, agency_question, rating_given. Out: answer, agency_answer (to these), published"
        " (a petition of ours, as everybody may read it), rating"
    )
    key: str = Field(description="By what it is known at the portal", examples=["17"])
    agency: str = Field(description="To which it came, or which said it", examples=["19333"])
    petition: str | None = Field(description="Code of the petition; null: none", examples=["PA-261127-12"])
    state: ExchangeState = Field(
        description="waiting: to be sent; dead: refused again and again, or it cannot be read; taken: it is there, or"
        " here"
    )
    queued_at: datetime = Field(description="When it came, or was queued")
    next_at: datetime | None = Field(None, description="From when on it is sent; null: it is not waiting")
    attempts: int = Field(description="How often it was sent", examples=[1])
    tried_at: datetime | None = Field(None, description="When it was sent last")
    taken_at: datetime | None = Field(None, description="When it was taken")
    payload: dict[str, Any] | None = Field(
        None, description="As it was sent last, without its words, and of a rating its level and instant"
    )
    answer_code: str | None = Field(None, description="error_code of the answer; null: none came", examples=["0"])
    answer: str | None = Field(None, description="Its words; of an answer to a question they are not kept")
    reasons: list[NationalReason] = Field(description="Why it is dead, or nothing was made of it")


class ExchangePage(BaseModel):
    """A page of what is exchanged."""

    items: list[ExchangeMessage] = Field(description="The oldest first")
    next: str | None = Field(description="Cursor of the next page, null at the end")


class ExchangeCount(BaseModel):
    """How many of a kind are in each state."""

    kind: ExchangeKind = Field(description="As of a message", examples=["question"])
    waiting: int = Field(description="To be sent", examples=[0])
    dead: int = Field(description="For somebody to look at", examples=[1])
    taken: int = Field(description="There, or here", examples=[17])


class ExchangeInbox(BaseModel):
    """A list of the portal that is read, and how that went last."""

    service: str = Field(description="By which service", examples=["LayDanhSachHoiDapGuiTuDVCQG"])
    tried_at: datetime = Field(description="When it was asked for last")
    read_at: datetime | None = Field(description="When it was read to its end last")
    error: str | None = Field(description="Why it was not the last time; null: it was", examples=["status 503"])
    listed: int = Field(description="Entries in it then", examples=[17])
    fresh: int = Field(description="Of these new", examples=[1])
    unread: int = Field(description="Of the new ones not to be read", examples=[0])


class ExchangeStanding(BaseModel):
    """How the exchange stands, of an agency with all under it."""

    agency: str = Field(description="Code of the agency", examples=["44"])
    counts: list[ExchangeCount] = Field(description="Each kind")
    inboxes: list[ExchangeInbox] = Field(description="Each list that was ever asked for, by its service")
