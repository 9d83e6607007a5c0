"""What the national database is told, as it goes over the wire."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from shared.contracts.fields import Code, Day, Incoming

MessageState = Literal["waiting", "blocked", "dead", "taken"]


class NationalReason(BaseModel):
    """Why a message cannot be sent, or was refused."""

    field: str = Field(description="The field of the national side; empty: the whole", examples=["MaHoSo"])
    code: str = Field(description="Stable", examples=["code_not_national"])
    reason: str = Field(description="In the language asked for")


class NationalMessage(BaseModel):
    """What is told of one event of a dossier by one service."""

    id: int = Field(description="The greater, the later it was queued", examples=[4711])
    dossier: str = Field(description="Code of the dossier", examples=["000.15.27.H50-261127-0001"])
    agency: str = Field(description="Who received it", examples=["19333"])
    seq: int = Field(description="The event that it tells of, 1 is the first of the dossier", examples=[1])
    service: str = Field(description="By which service it is told", examples=["DongBoHoSoMC"])
    round: int = Field(description="0: as it happened; n: told once more, the n-th time", examples=[0])
    state: MessageState = Field(
        description="waiting: to be sent, or before it another of its dossier; blocked: something is missing that the"
        " national side needs; dead: refused again and again; taken: it is there"
    )
    queued_at: datetime = Field(description="When it was queued")
    next_at: datetime | None = Field(
        None, description="From when on it is sent; null: another of its dossier goes before it, or it is not waiting"
    )
    attempts: int = Field(description="How often it was sent", examples=[1])
    tried_at: datetime | None = Field(None, description="When it was sent last")
    taken_at: datetime | None = Field(None, description="When it was taken there")
    payload: dict[str, Any] | None = Field(None, description="As it was sent last; what is personal in it is not kept")
    answer_code: str | None = Field(None, description="error_code of the answer; null: none came", examples=["0"])
    answer: str | None = Field(None, description="Its words, without what is personal in them")
    reasons: list[NationalReason] = Field(
        description="Why it is blocked or was refused; of one that was taken, why without its papers"
    )


class NationalMessagePage(BaseModel):
    """A page of messages."""

    items: list[NationalMessage] = Field(description="The oldest first")
    next: str | None = Field(description="Cursor of the next page, null at the end")


class NationalStanding(BaseModel):
    """How far the national database is told of the dossiers of an agency, with all under it."""

    agency: str = Field(description="Code of the agency", examples=["44"])
    waiting: int = Field(description="Messages to be sent", examples=[12])
    blocked: int = Field(description="For which something is missing", examples=[3])
    dead: int = Field(description="Refused again and again", examples=[0])
    taken: int = Field(description="That are there", examples=[136583])
    waiting_since: datetime | None = Field(None, description="When the oldest was queued that is not taken yet")


class ResyncIn(Incoming):
    """Dossiers to be told once more, as they stand now."""

    agency: Code | None = Field(
        None, description="Receiving agency, with all under it. Default: the token's", examples=["44"]
    )
    from_: Day = Field(alias="from", description="First day of reception", examples=["2026-01-01"])
    to: Day = Field(description="Last day of reception, included", examples=["2026-06-30"])


class Resync(BaseModel):
    """What a re-synchronisation queued."""

    queued: int = Field(
        description="Dossiers that are told once more; those of which something waits yet are not among them",
        examples=[136],
    )


class ResendsIn(Incoming):
    """Stuck messages to be sent again, all of them."""

    agency: Code | None = Field(
        None, description="Receiving agency, with all under it. Default: the token's", examples=["44"]
    )
    state: Literal["blocked", "dead"] = Field(description="Those in this state", examples=["dead"])
    answer_code: Code | None = Field(
        None, description="Only those that were refused with this error_code", examples=["-8"]
    )


class Resends(BaseModel):
    """How many messages wait again."""

    waiting: int = Field(description="Messages that were stuck", examples=[12])
