"""Cases as they go over the wire: who holds a dossier, how a case is opened, and how its holder reports the finish."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from shared.contracts.fields import Code, Incoming, InstantIn, Reasoning, ShortLine
from shared.contracts.intake import OutcomeName, StatusName

FinishOutcome = Literal["granted", "refused"]

MAX_OPENINGS = 1_000


class CaseOpening(Incoming):
    """A dossier that was received: routing opens its case. The holder is the agency that received the dossier."""

    code: Code = Field(description="Mã hồ sơ", examples=["19333-261123-0001"])
    desk: ShortLine | None = Field(None, description="Where in the agency it lies", examples=["Tư pháp - Hộ tịch"])
    opened_at: InstantIn | None = Field(
        None, description="When, if not with its acceptance", examples=["2026-11-23T08:00:00+07:00"]
    )


class CaseOpenings(Incoming):
    """Up to 1,000 cases to open at once."""

    items: Annotated[list[CaseOpening], Field(min_length=1, max_length=MAX_OPENINGS)] = Field(
        description="The dossiers, each with its own result", examples=[[{"code": "19333-261123-0001"}]]
    )


class CaseOpened(BaseModel):
    """What became of one opening."""

    code: str = Field(description="Mã hồ sơ", examples=["19333-261123-0001"])
    result: Literal["opened", "existing", "not_found"] = Field(
        description="existing: it was open before, nothing changed. not_found: no such dossier in the caller's scope"
    )


class CasesOpened(BaseModel):
    """What became of all openings, in the order in which they were sent."""

    opened: int = Field(description="How many are new", examples=[1])
    existing: int = Field(description="How many were there before", examples=[0])
    not_found: int = Field(description="How many name no dossier", examples=[0])
    items: list[CaseOpened]


class Case(BaseModel):
    """Who holds a dossier now. What state the dossier is in is intake's to say; it is repeated here as read."""

    code: str = Field(description="Mã hồ sơ", examples=["19333-261123-0001"])
    agency: str = Field(description="The agency that received the dossier", examples=["19333"])
    agency_name: str = Field(description="Its name", examples=["UBND Phường Đông Hà"])
    holder: str = Field(description="The agency that holds the dossier now", examples=["QT25-D03"])
    holder_name: str = Field(description="Its name", examples=["Sở Tư pháp"])
    desk: str | None = Field(description="Where in the holder", examples=["Phòng Hành chính tư pháp"])
    assignee: str | None = Field(description="Who in the holder; null: not assigned", examples=["handler@QT25-D03"])
    received: bool = Field(
        description="False while the holder was given it and has not said that it has it; whoever goes on with it "
        "has received it",
        examples=[True],
    )
    procedure: str = Field(description="Procedure code", examples=["1.001193"])
    procedure_name: str = Field(description="Its name", examples=["Thủ tục đăng ký khai sinh"])
    sector: str = Field(description="Lĩnh vực", examples=["Hộ tịch"])
    status: StatusName = Field(description="Of the dossier", examples=["in_process"])
    status_code: int = Field(description="National status code, 1 to 10", examples=[4])
    status_name: str = Field(description="In Vietnamese", examples=["Đang xử lý"])
    opened_at: datetime = Field(description="When the case was opened", examples=["2026-11-23T08:00:00+07:00"])
    accepted_at: datetime = Field(description="When the dossier was accepted", examples=["2026-11-23T08:00:00+07:00"])
    original_due_at: datetime | None = Field(description="As first promised", examples=["2026-11-25T17:00:00+07:00"])
    due_at: datetime | None = Field(
        description="As it stands; null without a term, or while the clock stands still",
        examples=["2026-11-25T17:00:00+07:00"],
    )
    finished_at: datetime | None = Field(
        description="When the dossier was finished, by intake's log, wherever that was reported; until intake knows "
        "it, when the holder says it was. Null while open",
        examples=[None],
    )
    finished_by: str | None = Field(description="Who finished it; of an open case, who reported last", examples=[None])
    outcome: OutcomeName | None = Field(description="How it ended; of an open case, as reported last", examples=[None])
    told: bool = Field(description="Whether intake knows of the finish", examples=[False])
    told_at: datetime | None = Field(description="Since when it does", examples=[None])
    refused: str | None = Field(
        description="Code with which intake refused the finish last reported; the case is open again, the holder "
        "may correct and report anew",
        examples=[None],
    )
    hand_overs: int = Field(description="How many movements its log has", examples=[1])
    hand_over_due_at: datetime | None = Field(
        description="Until when the one-stop is to hand it over to another unit, if that handles it: the same working "
        "day, or the start of the next if received after 15:00 (NĐ 61/2018 art. 18). null: no calendar of that year",
        examples=["2026-11-23T17:00:00+07:00"],
    )
    handed_over_in_time: bool | None = Field(
        description="Whether it was: judged by the day, or by the first half of the next. null: not handed over",
        examples=[True],
    )
    version: int = Field(description="Its ETag", examples=[2])


class CasePage(BaseModel):
    """Cases in the order in which their dossiers were received."""

    items: list[Case]
    next: str | None = Field(description="Cursor of the next page, null at the end", examples=[None])


class CaseFinishIn(Incoming):
    """The holder is done: đã xử lý xong. Intake decides whether the dossier may be finished."""

    outcome: FinishOutcome = Field(
        "granted",
        description="granted unless said; a refusal on the merits is a result (NĐ 61/2018 art. 19(8))",
        examples=["granted"],
    )
    reason: Reasoning | None = Field(
        None,
        description="Why, for the applicant to read: needed for a refusal. Kept here until intake has answered, then "
        "only there",
        examples=["Không đủ điều kiện"],
    )
    occurred_at: InstantIn | None = Field(
        None, description="When, if not now; never in the future", examples=["2026-11-25T10:00:00+07:00"]
    )
