"""What a dossier looks like from outside: to anybody, and to whoever holds its receipt."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from shared.contracts.intake import OutcomeName, StatusName

DegreeName = Literal["submitted", "received", "in_process", "waiting", "finished", "returned"]


class Tracked(BaseModel):
    """What anybody may know of a dossier: its code and its degree of completion (TT 01/2018/TT-VPCP art. 16(2)d)."""

    code: str = Field(description="Mã hồ sơ; until acceptance, its reference", examples=["19333-261123-0001"])
    degree: DegreeName = Field(description="How far it has come", examples=["in_process"])
    degree_name: str = Field(description="In Vietnamese", examples=["Đang giải quyết"])
    step: int = Field(description="As a step of `steps`; 0: not yet received", examples=[2])
    steps: int = Field(description="With the last of them it is done", examples=[4])


class TrackedDocument(BaseModel):
    """A component that the applicant was asked for."""

    name: str = Field(description="What it is", examples=["Giấy chứng sinh"])
    kind: str = Field(description="original, certified_copy, copy, electronic", examples=["copy"])
    count: int = Field(description="How many of it", examples=[1])


class Notice(BaseModel):
    """What the agency had to tell the applicant, and why."""

    kind: str = Field(description="The kind of event", examples=["supplement_requested"])
    kind_name: str = Field(description="In Vietnamese", examples=["Yêu cầu bổ sung"])
    occurred_at: datetime = Field(description="When", examples=["2026-11-24T09:00:00+07:00"])
    reason: str | None = Field(description="Why", examples=["Thiếu bản sao giấy chứng sinh"])
    documents: list[TrackedDocument] = Field(description="What is asked for")
    amount: int | None = Field(description="What is to be paid, đồng", examples=[500_000])
    apology: str | None = Field(
        description="The apology in the agency's own words", examples=["Cơ quan xin lỗi ông, bà vì sự chậm trễ"]
    )
    new_due_at: datetime | None = Field(description="The new date that was appointed", examples=[None])


class TrackedResult(BaseModel):
    """The document that is the result."""

    number: str = Field(description="Số, ký hiệu", examples=["125/GCN-UBND"])
    issued_on: date = Field(description="Its date", examples=["2026-11-27"])


class TrackedByHolder(Tracked):
    """A dossier as its applicant may know it. It says nothing of a person: whose it is, the reader knows."""

    status: StatusName = Field(description="The national status", examples=["supplement_awaited"])
    status_code: int = Field(description="Its code, 1 to 10", examples=[5])
    status_name: str = Field(description="Its Vietnamese name", examples=["Yêu cầu bổ sung giấy tờ"])
    procedure: str = Field(description="Procedure code", examples=["1.001193"])
    procedure_name: str = Field(description="Its name", examples=["Thủ tục đăng ký khai sinh"])
    agency: str = Field(description="The agency that received it", examples=["19333"])
    agency_name: str = Field(description="Its name", examples=["UBND Phường Đông Hà"])
    holder: str = Field(description="The agency that has it now", examples=["QT25-D03"])
    holder_name: str = Field(description="Its name", examples=["Sở Tư pháp"])
    desk: str | None = Field(description="The desk there that has it", examples=["Tư pháp - Hộ tịch"])
    submitted_at: datetime = Field(description="When it was handed in", examples=["2026-11-23T08:00:00+07:00"])
    reception_due_at: datetime | None = Field(
        description="Of an online submission: until when the one-stop is to look at it", examples=[None]
    )
    accepted_at: datetime | None = Field(description="When it was accepted", examples=["2026-11-23T08:00:00+07:00"])
    original_due_at: datetime | None = Field(description="As first promised", examples=["2026-11-25T17:00:00+07:00"])
    due_at: datetime | None = Field(
        description="As it stands; null without a term, or while the clock stands still",
        examples=["2026-11-25T17:00:00+07:00"],
    )
    due_is_provisional: bool = Field(
        description="The date rests on a day of the calendar that is not announced yet", examples=[False]
    )
    answer_due_at: datetime | None = Field(
        description="Until when the applicant is to complete it; null: nothing is asked for, or no law says",
        examples=[None],
    )
    finished_at: datetime | None = Field(description="When the agency was done", examples=[None])
    returned_at: datetime | None = Field(description="When the applicant got the result", examples=[None])
    outcome: OutcomeName | None = Field(description="How it ended", examples=[None])
    return_channel: Literal["counter", "post"] = Field(
        description="Where the result is collected", examples=["counter"]
    )
    result: TrackedResult | None = Field(
        None, description="There is a result no. … of …; null: none is recorded", examples=[None]
    )
    notices: list[Notice] = Field(description="What the agency had to tell the applicant, the latest first")
