"""Lists of dossiers by their due date, on the wire: late, late without an apology, due soon, to be done."""

from datetime import datetime

from pydantic import BaseModel, Field

from shared.contracts.intake import StatusName


class _Listed(BaseModel):
    code: str = Field(description="Mã hồ sơ", examples=["19333-261123-0001"])
    procedure: str = Field(description="Procedure code", examples=["1.001193"])
    procedure_name: str = Field(description="Its name", examples=["Thủ tục đăng ký khai sinh"])
    sector: str = Field(description="Lĩnh vực", examples=["Hộ tịch"])
    agency: str = Field(description="The agency that received it, whose figure it is", examples=["19333"])
    agency_name: str = Field(description="Its name", examples=["UBND Phường Đông Hà"])
    holder: str = Field(description="The agency that holds it now", examples=["QT25-D03"])
    holder_name: str = Field(description="Its name", examples=["Sở Tư pháp"])
    status: StatusName = Field(description="Of the dossier, now", examples=["in_process"])
    status_code: int = Field(description="National status code, 1 to 10", examples=[4])
    status_name: str = Field(description="In Vietnamese", examples=["Đang xử lý"])
    accepted_at: datetime = Field(description="When the dossier was accepted", examples=["2026-11-16T08:00:00+07:00"])
    original_due_at: datetime | None = Field(description="As first promised", examples=["2026-11-18T17:00:00+07:00"])
    due_at: datetime = Field(description="As it stands", examples=["2026-11-18T17:00:00+07:00"])


class OverdueItem(_Listed):
    """A dossier that is late at `as_of`."""

    days_overdue: int | None = Field(
        description="Working days after the due day, up to and with the day of `as_of`. 0: late, but no working day "
        "has begun since (an hour term that ran out today; a due Friday seen on Saturday). null: the due day lies in "
        "a year whose calendar is not loaded",
        examples=[3],
    )
    apology_sent: bool = Field(
        description="Whether an apology for its lateness, an extension's or a later one, was sent to the applicant (NĐ "
        "61/2018 art. 19(9), 12(5)); with an `as_of` in the past: by then",
        examples=[False],
    )
    apology_recorded: bool = Field(
        description="Whether there is one at all: recorded and not sent, the applicant does not know of it",
        examples=[True],
    )


class OverduePage(BaseModel):
    """Overdue dossiers, the one that became late first at the top."""

    items: list[OverdueItem]
    next: str | None = Field(description="Cursor of the next page, null at the end", examples=[None])


class OwedItem(_Listed):
    """A dossier that is or ended late, and whose applicant was sent no apology."""

    finished_at: datetime | None = Field(
        description="When it ended; null: it is open", examples=["2026-11-23T09:15:00+07:00"]
    )
    days_overdue: int | None = Field(
        description="Working days after the due day, up to and with the day on which it ended, or today. null: the due "
        "day lies in a year whose calendar is not loaded",
        examples=[3],
    )
    apology_recorded: bool = Field(description="Whether an apology is recorded, and waits to be sent", examples=[False])


class OwedPage(BaseModel):
    """Late dossiers without an apology, the one that became late first at the top."""

    items: list[OwedItem]
    next: str | None = Field(description="Cursor of the next page, null at the end", examples=[None])


class OwedCount(BaseModel):
    """How many late dossiers are without an apology: the length of the list."""

    total: int = Field(description="`open` + `ended`", examples=[12])
    open: int = Field(description="Late and not finished", examples=[5])
    ended: int = Field(description="Ended late", examples=[7])
    recorded: int = Field(description="Of `total`: an apology is recorded, and waits to be sent", examples=[2])


class DueSoonItem(_Listed):
    """A dossier in term at `as_of` that is due soon."""

    days_left: int | None = Field(
        description="Working days after the day of `as_of`, up to and with the due day. 0: due before another working "
        "day begins",
        examples=[2],
    )


class DueSoonPage(BaseModel):
    """Dossiers due soon, the first due at the top."""

    items: list[DueSoonItem]
    next: str | None = Field(description="Cursor of the next page, null at the end", examples=[None])


class WorklistItem(_Listed):
    """An open dossier that an agency holds."""

    due_at: datetime | None = Field(  # type: ignore[assignment]
        description="As it stands; null without a term, or while the clock stands still",
        examples=["2026-11-18T17:00:00+07:00"],
    )
    desk: str | None = Field(description="Where in the holder", examples=["Tư pháp - Hộ tịch"])
    assignee: str | None = Field(description="Who in the holder; null: not assigned", examples=["handler@19333"])
    received: bool = Field(
        description="False: it was handed over and the holder has not said that it has it", examples=[True]
    )
    overdue: bool = Field(description="Whether it is late by now", examples=[False])
    refused: str | None = Field(
        description="Code with which intake refused the finish last reported: it has to be corrected", examples=[None]
    )
    version: int = Field(description="The case's ETag", examples=[1])


class WorklistPage(BaseModel):
    """Open dossiers that an agency and those under it hold; the first due at the top, without a date at the end."""

    items: list[WorklistItem]
    next: str | None = Field(description="Cursor of the next page, null at the end", examples=[None])
