"""Agencies as they go over the wire: each unit in the period in which it was in force."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

LevelName = Literal["ministry", "province", "district", "commune"]


class AgencyRef(BaseModel):
    """Another unit, with the period that tells it from others of the same code."""

    code: str = Field(description="Its code in that period", examples=["45"])
    name: str = Field(description="Its name", examples=["UBND tỉnh Quảng Trị"])
    valid_from: date | None = Field(description="First day in force; null: from the beginning", examples=[None])
    valid_to: date | None = Field(description="Last day in force; null: still", examples=["2025-06-30"])


class AgencySummary(BaseModel):
    """A unit in the period in which it was in force. Codes are reused: 44 was Quảng Bình, then the merged province."""

    code: str = Field(description="Its code on the day asked", examples=["19333"])
    name: str = Field(description="Its name", examples=["UBND Phường Đông Hà"])
    level: LevelName = Field(description="Administrative level; a department is of level province")
    kind: str = Field(description="What kind of unit", examples=["commune_peoples_committee"])
    parent: str | None = Field(description="Code of the unit it stands under; null at the top", examples=["44"])
    parent_name: str | None = Field(description="Name of that unit", examples=["UBND tỉnh Quảng Trị"])
    identification_code: str | None = Field(
        description="National identification code; null where it is not known, never invented", examples=["H50"]
    )
    valid_from: date | None = Field(description="First day in force; null: from the beginning", examples=["2025-07-01"])
    valid_to: date | None = Field(description="Last day in force; null: still", examples=[None])
    confirmed: bool = Field(description="False: general knowledge, an operator is to confirm it", examples=[True])


class AgencyDetail(AgencySummary):
    """A unit, and the units it came from and went into."""

    predecessors: list[AgencyRef] = Field(description="Whose work it took over, wholly or in part")
    successors: list[AgencyRef] = Field(description="Who took over its work, wholly or in part", examples=[[]])


class AgencyPage(BaseModel):
    """Units in force on a day, in Vietnamese order of their names."""

    items: list[AgencySummary]
    next: str | None = Field(description="Cursor of the next page, null at the end", examples=[None])
