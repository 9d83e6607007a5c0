"""Delegations as they go over the wire: who decides in whose place, for how long and in what."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from shared.contracts.fields import Code, Day, Incoming, Name, Reasoning, Subject

DelegableAction = Literal["assign", "decline", "return"]


class DelegationIn(Incoming):
    """Ủy quyền: a leader lets somebody decide in the own place, from a day to a day."""

    delegate: Subject = Field(description="Who may, as the officer's token names them", examples=["an@QT25-D03"])
    from_: Day = Field(alias="from", description="First day, not before today", examples=["2026-11-26"])
    to: Day = Field(description="Last day", examples=["2026-12-04"])
    agency: Code | None = Field(
        None, description="For which agency; the leader's own unless said", examples=["QT25-D03"]
    )
    sectors: Annotated[list[Name], Field(min_length=1, max_length=100)] | None = Field(
        None, description="For dossiers of these sectors only", examples=[["Hộ tịch"]]
    )
    actions: Annotated[list[DelegableAction], Field(min_length=1, max_length=10)] | None = Field(
        None, description="For these decisions only", examples=[["assign"]]
    )
    reason: Reasoning | None = Field(None, description="Why", examples=["Đi công tác"])


class Delegation(BaseModel):
    """Who decides in whose place, for how long and in what."""

    id: int = Field(description="Its number", examples=[7])
    agency: str = Field(description="For which agency", examples=["QT25-D03"])
    agency_name: str = Field(description="Its name", examples=["Sở Tư pháp"])
    delegator: str = Field(description="The leader in whose place", examples=["leader@QT25-D03"])
    delegate: str = Field(description="Who decides", examples=["an@QT25-D03"])
    from_: date = Field(alias="from", description="First day", examples=["2026-11-26"])
    to: date = Field(description="Last day", examples=["2026-12-04"])
    sectors: list[str] | None = Field(description="Of these sectors only; null: of all", examples=[["Hộ tịch"]])
    actions: list[DelegableAction] | None = Field(
        description="These decisions only; null: all that can be delegated", examples=[["assign"]]
    )
    reason: str | None = Field(description="Why", examples=["Đi công tác"])
    created_at: datetime = Field(description="When it was given", examples=["2026-11-25T16:00:00+07:00"])
    ended_at: datetime | None = Field(description="When it was ended early; null: it was not", examples=[None])
    ended_by: str | None = Field(description="Who ended it", examples=[None])
    version: int = Field(description="Its ETag", examples=[1])


class DelegationPage(BaseModel):
    """Delegations that hold on a day, the oldest first."""

    items: list[Delegation]
    next: str | None = Field(description="Cursor of the next page, null at the end", examples=[None])
