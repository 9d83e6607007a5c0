"""Hand-overs as they go over the wire: one is given, the receiver answers, and the log shows both."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from shared.contracts.fields import Code, Incoming, InstantIn, LongLine, Reasoning, ShortLine

MovementName = Literal["hand_over", "decline", "recall", "return", "reorganisation"]

AnswerName = Literal["received", "declined", "recalled", "sent_back"]


class HandOverIn(Incoming):
    """Chuyển hồ sơ: the holder gives the dossier on."""

    to_agency: Code = Field(description="The receiver, in force on that day", examples=["QT25-D03"])
    to_desk: ShortLine | None = Field(None, description="Where in the receiver", examples=["Phòng Hành chính tư pháp"])
    note: LongLine | None = Field(
        None, description="What the receiver is to do; one line, no control characters", examples=["Xin ý kiến"]
    )
    occurred_at: InstantIn | None = Field(
        None, description="When, if not now; never in the future", examples=["2026-11-23T09:00:00+07:00"]
    )


class HandOverAnswerIn(Incoming):
    """The receiver has it: nhận hồ sơ."""

    occurred_at: InstantIn | None = Field(
        None, description="When, if not now; never in the future", examples=["2026-11-23T10:00:00+07:00"]
    )


class RecallIn(HandOverAnswerIn):
    """The giver takes it back before it is received: thu hồi."""

    reason: Reasoning | None = Field(None, description="Why; one line", examples=["Chuyển nhầm đơn vị"])


class ReasonedAnswerIn(HandOverAnswerIn):
    """The receiver declines it, or returns what it received: từ chối nhận, trả lại bên giao."""

    reason: Reasoning = Field(description="Why, for the giver to read; one line", examples=["Không đúng thẩm quyền"])


class HandOverReceipt(BaseModel):
    """That the receiver has what was handed over (phiếu kiểm soát, "2. Nhận")."""

    occurred_at: datetime = Field(description="Since when, as claimed", examples=["2026-11-23T10:00:00+07:00"])
    recorded_at: datetime = Field(
        description="When it was recorded, by the server's clock", examples=["2026-11-23T10:00:01+07:00"]
    )
    actor: str = Field(description="Who recorded it", examples=["handler@QT25-D03"])
    for_agency: str = Field(description="For which agency", examples=["QT25-D03"])
    implied: bool = Field(
        description="True: nobody said so, the receiver handed it on or finished it", examples=[False]
    )


class HandOver(BaseModel):
    """One movement, as it stands in the append-only log (phiếu kiểm soát, "1. Giao")."""

    seq: int = Field(description="1 is the first", examples=[1])
    kind: MovementName = Field(
        description="decline, recall and return undo an earlier hand-over; reorganisation: the holder's successor "
        "took over",
        examples=["hand_over"],
    )
    answers: int | None = Field(description="The hand-over that it undoes", examples=[None])
    from_agency: str = Field(description="Who gave it", examples=["19333"])
    from_agency_name: str = Field(description="Its name", examples=["UBND Phường Đông Hà"])
    from_desk: str | None = Field(description="From where in the giver", examples=[None])
    to_agency: str = Field(description="Who got it", examples=["QT25-D03"])
    to_agency_name: str = Field(description="Its name", examples=["Sở Tư pháp"])
    to_desk: str | None = Field(description="Where in the receiver", examples=["Phòng Hành chính tư pháp"])
    occurred_at: datetime = Field(description="When it happened, as claimed", examples=["2026-11-23T09:00:00+07:00"])
    recorded_at: datetime = Field(
        description="When it was recorded, by the server's clock", examples=["2026-11-23T09:00:01+07:00"]
    )
    actor: str = Field(description="Who recorded it", examples=["handler@19333"])
    for_agency: str | None = Field(
        description="For which agency; null in movements older than this was recorded", examples=["19333"]
    )
    delegator: str | None = Field(
        description="The leader in whose place the actor decided; null: in the own", examples=[None]
    )
    note: str | None = Field(
        description="What the receiver is to do; why it was declined, recalled or returned", examples=["Xin ý kiến"]
    )
    answer: AnswerName | None = Field(
        description="What became of it; null: the receiver has not said anything yet, or nothing is to be said",
        examples=["received"],
    )
    receipt: HandOverReceipt | None = Field(description="The receiver's, once it has it", examples=[None])
    reorganisation: int | None = Field(description="The reorganisation that moved it", examples=[None])


class HandOvers(BaseModel):
    """All hand-overs of a case, in order."""

    items: list[HandOver]
