"""Anchors of the event log, as they go over the wire."""

from datetime import datetime

from pydantic import BaseModel, Field

_HEX = "3f1c0a2e7b1d4d6b…"


class Anchor(BaseModel):
    """What a third party keeps. Its text is what is stamped: its SHA-256 is the root."""

    number: int = Field(description="From 1, without a gap", examples=[12])
    taken_at: datetime = Field(description="When", examples=["2026-11-27T00:10:41+07:00"])
    events: int = Field(description="How many events came since the anchor before", examples=[1834])
    root: str = Field(description="SHA-256 of the text, in hexadecimal", examples=[_HEX])
    text: str = Field(
        description="The anchor itself: number, instant, events with the SHA-256 over their hashes, the end of the "
        "chain of editions, the ends of the chains of records of readings, the root of the anchor before",
        examples=["motcua-anchor/2\nnumber 12\n…"],
    )
    stamped_at: datetime | None = Field(
        None,
        description="The time of the authority that has stamped it; null: not stamped",
        examples=["2026-11-27T00:10:43+07:00"],
    )


class AnchorPage(BaseModel):
    """A page of anchors."""

    items: list[Anchor] = Field(description="The last one first")
    next: str | None = Field(description="Cursor of the next page, null at the end")
