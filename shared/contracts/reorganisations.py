"""Reorganisations on the wire: which units' open dossiers go to which successors, and how far that has come."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from shared.contracts.fields import Code, Day, Incoming, LongLine, Name, ShortLine

ReorganisationState = Literal["waiting", "under_way", "finished"]
MAX_RULES, MAX_LISTED = 5_000, 10_000


class ReceiverIn(Incoming):
    """One of several successors among which dossiers are divided."""

    agency: Code = Field(description="The successor, in force on the effective day", examples=["19333"])
    share: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = Field(
        1, description="How large its part is, beside the others'", examples=[2]
    )


class ReorganisationRule(Incoming):
    """Where a unit's open dossiers go. The first rule that fits a dossier holds; without sector, procedure and desk it
    fits all. A rule to which those before leave nothing is refused."""

    from_: Code = Field(alias="from", description="The unit that holds them until then", examples=["19360"])
    to: Annotated[list[ReceiverIn], Field(min_length=1, max_length=50)] = Field(
        description="Who takes them over; several: divided by their shares, each dossier to one for good",
        examples=[[{"agency": "19333"}]],
    )
    sector: Name | None = Field(None, description="Dossiers of this sector only", examples=["Hộ tịch"])
    procedure: Code | None = Field(None, description="Dossiers of this procedure only", examples=["1.001193"])
    desk: ShortLine | None = Field(None, description="Dossiers at this desk only", examples=["Tư pháp - Hộ tịch"])
    to_desk: ShortLine | None = Field(
        None, description="Where in the successor; unless said, at the desk of the same name", examples=["Một cửa"]
    )


class ListedDossiers(Incoming):
    """Dossiers named one by one; they go before the rules."""

    to: Code = Field(description="Who takes them over", examples=["19333"])
    codes: Annotated[list[Code], Field(min_length=1, max_length=MAX_LISTED)] = Field(
        description="Their codes", examples=[["19360-191223-0001"]]
    )


class ReorganisationIn(Incoming):
    """Sắp xếp đơn vị: which units' open dossiers go to which successors, by whose decision."""

    name: Name = Field(description="What it is called", examples=["Sắp xếp đơn vị hành chính cấp xã năm 2019"])
    decision_number: ShortLine = Field(description="Number of the decision", examples=["832/NQ-UBTVQH14"])
    reason: LongLine = Field(description="Why; one line", examples=["Sáp nhập xã"])
    effective_day: Day = Field(
        description="First day of the new units. Not come yet: nothing moves before it", examples=["2020-01-01"]
    )
    rules: Annotated[list[ReorganisationRule], Field(max_length=MAX_RULES)] = Field(
        default=[], description="Where dossiers go; what no rule covers is listed, not guessed"
    )
    dossiers: Annotated[list[ListedDossiers], Field(max_length=MAX_RULES)] = Field(
        default=[], description="Dossiers named one by one"
    )
    beyond_succession: LongLine | None = Field(
        None,
        description="Why a receiver need not be a successor of the unit that held them; recorded",
        examples=["Huyện kết thúc hoạt động, không có đơn vị kế thừa"],
    )
    dry_run: bool = Field(
        False, strict=True, description="Only say what would move; nothing is written", examples=[True]
    )


class ReorganisationMove(BaseModel):
    """How many dossiers go from one unit to another."""

    from_: str = Field(alias="from", description="The unit that held them", examples=["19360"])
    from_name: str = Field(description="Its name", examples=["UBND Xã Gio Thành"])
    to: str = Field(description="The unit that takes them over", examples=["19333"])
    to_name: str = Field(description="Its name", examples=["UBND Xã Gio Hải"])
    dossiers: int = Field(description="How many", examples=[12])


class ReorganisationPreview(BaseModel):
    """What a reorganisation would move, as things stand."""

    looked_at: int = Field(description="Open dossiers that the units hold", examples=[13])
    moved: int = Field(description="How many would move", examples=[12])
    left_over: int = Field(description="How many no rule covers", examples=[1])
    moves: list[ReorganisationMove] = Field(description="From where to where")
    left_over_examples: list[str] = Field(
        description="Codes of dossiers that no rule covers, up to 100", examples=[["19360-191223-0001"]]
    )


class Reorganisation(BaseModel):
    """A reorganisation, and how far it has come. It is carried out in the background, and goes on where it stopped."""

    id: int = Field(description="Its number", examples=[3])
    name: str = Field(description="What it is called", examples=["Sắp xếp đơn vị hành chính cấp xã năm 2019"])
    decision_number: str = Field(description="Number of the decision", examples=["832/NQ-UBTVQH14"])
    reason: str = Field(description="Why", examples=["Sáp nhập xã"])
    effective_day: date = Field(description="First day of the new units", examples=["2020-01-01"])
    beyond_succession: str | None = Field(description="Why a receiver need not be a successor", examples=[None])
    state: ReorganisationState = Field(
        description="waiting: its day has not come, or it has not begun", examples=["finished"]
    )
    looked_at: int = Field(description="Dossiers looked at so far", examples=[13])
    moved: int = Field(description="Dossiers moved so far, each with a movement of its own", examples=[12])
    left_over: int = Field(description="Dossiers that stay where they are, listed with why", examples=[1])
    actor: str = Field(description="Who decided it here", examples=["admin@44"])
    created_at: datetime = Field(description="When", examples=["2026-11-26T08:00:00+07:00"])
    finished_at: datetime | None = Field(description="When all were looked at", examples=["2026-11-26T08:00:02+07:00"])


class ReorganisationPage(BaseModel):
    """Reorganisations, the newest first."""

    items: list[Reorganisation]
    next: str | None = Field(description="Cursor of the next page, null at the end", examples=[None])


class LeftOver(BaseModel):
    """A dossier that stayed where it was."""

    code: str = Field(description="Mã hồ sơ", examples=["19360-191223-0001"])
    holder: str = Field(description="The unit that holds it", examples=["19360"])
    holder_name: str = Field(description="Its name", examples=["UBND Xã Gio Thành"])
    reason: Literal["no_rule", "other_holder"] = Field(
        description="no_rule: no rule covers it. other_holder: it was named, and on the day somebody else held it than "
        "when that was decided",
        examples=["no_rule"],
    )


class LeftOverPage(BaseModel):
    """Dossiers that stayed where they were, in the order in which they were received."""

    items: list[LeftOver]
    next: str | None = Field(description="Cursor of the next page, null at the end", examples=[None])
