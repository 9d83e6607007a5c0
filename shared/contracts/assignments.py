"""Assignments as they go over the wire: at which desk of the holder a dossier lies, and who works on it."""

from datetime import datetime

from pydantic import BaseModel, Field

from shared.contracts.fields import Incoming, InstantIn, LongLine, ShortLine, Subject


class AssignmentIn(Incoming):
    """Phân công: a leader of the holder says at which desk it lies, and who works on it."""

    assignee: Subject | None = Field(
        None, description="Who works on it, as the token names the officer; null: nobody yet", examples=["an@QT25-D03"]
    )
    desk: ShortLine | None = Field(
        None, description="Where in the holder, if it moves", examples=["Phòng Bổ trợ tư pháp"]
    )
    note: LongLine | None = Field(
        None, description="What is to be done, or why it passes on", examples=["Thay người nghỉ phép"]
    )
    occurred_at: InstantIn | None = Field(
        None, description="When, if not now; never in the future", examples=["2026-11-23T10:00:00+07:00"]
    )


class Assignment(BaseModel):
    """One assignment, as it stands in the append-only log."""

    seq: int = Field(description="1 is the first", examples=[1])
    agency: str = Field(description="The holder within which it was assigned", examples=["QT25-D03"])
    desk: str | None = Field(description="Where in the holder", examples=["Phòng Bổ trợ tư pháp"])
    assignee: str | None = Field(description="Who works on it; null: nobody yet", examples=["an@QT25-D03"])
    occurred_at: datetime = Field(description="When it happened, as claimed", examples=["2026-11-23T10:00:00+07:00"])
    recorded_at: datetime = Field(
        description="When it was recorded, by the server's clock", examples=["2026-11-23T10:00:01+07:00"]
    )
    actor: str = Field(description="Who recorded it", examples=["leader@QT25-D03"])
    for_agency: str = Field(description="For which agency", examples=["QT25-D03"])
    delegator: str | None = Field(
        description="The leader in whose place the actor decided; null: in the own", examples=[None]
    )
    note: str | None = Field(description="What is to be done, or why it passes on", examples=[None])


class Assignments(BaseModel):
    """All assignments of a case, in order."""

    items: list[Assignment]
