"""What routing promises: its wire models, and a typed client for whoever calls it."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Annotated, Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field, SkipValidation

from shared.contracts.bulk import MAX_BULK
from shared.contracts.fields import Code, Day, InstantIn, LongLine, Name, Reasoning, ShortLine, Subject
from shared.contracts.intake import OutcomeName, StatusName
from shared.contracts.neighbour import call

LevelName = Literal["ministry", "province", "district", "commune"]
DayKindName = Literal["holiday", "in_lieu", "swap_off", "make_up_work"]
FinishOutcome = Literal["granted", "refused"]
MovementName = Literal["hand_over", "decline", "recall", "return", "reorganisation"]
AnswerName = Literal["received", "declined", "recalled", "sent_back"]

MAX_OPENINGS = 1_000


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


# --- agencies -------------------------------------------------------------------------------------------------------


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


# --- calendar -------------------------------------------------------------------------------------------------------


class CalendarDayItem(BaseModel):
    """A day that is not what its weekday says, with the document that makes it so."""

    day: date = Field(description="The civil day", examples=["2019-04-29"])
    kind: DayKindName = Field(description="Day off, day off in lieu, swapped day off, or make-up day worked")
    name_vi: str = Field(description="Its name", examples=["Nghỉ hoán đổi dịp 30/4 - 1/5"])
    name_en: str = Field(description="Its name in English", examples=["Swapped day off"])
    status: Literal["announced", "provisional"] = Field(
        description="provisional: announced by nobody yet; a due date that rests on it may still move"
    )
    source: str = Field(description="The document it comes from", examples=["Labour Code 2012 art. 115"])
    confidence: str = Field(description="How sure that source is: high, medium or low", examples=["high"])


class SessionItem(BaseModel):
    """A block of working time on a weekday."""

    weekday: int = Field(description="0 Monday … 6 Sunday", ge=0, le=6, examples=[0])
    opens: time = Field(description="When it begins, by the clocks of Vietnam", examples=["07:00:00"])
    closes: time = Field(description="When it ends", examples=["11:30:00"])
    basis: str = Field(description="Where these hours come from", examples=["usual hours of the field"])


class CalendarOfYear(BaseModel):
    """The working calendar of a year. Days that are not listed are worked from Monday to Friday."""

    year: int = Field(description="The year", examples=[2026])
    working_days: int = Field(description="How many days of the year are worked", examples=[250])
    provisional: bool = Field(description="Whether any day of it is not announced yet", examples=[False])
    days: list[CalendarDayItem] = Field(description="Days off and make-up days, in order")
    sessions: list[SessionItem] = Field(description="Default working hours; an agency may have its own")


# --- cases ----------------------------------------------------------------------------------------------------------


class CaseOpening(_In):
    """A dossier that was received: routing opens its case. The holder is the agency that received the dossier."""

    code: Code = Field(description="Mã hồ sơ", examples=["19333-261123-0001"])
    desk: ShortLine | None = Field(None, description="Where in the agency it lies", examples=["Tư pháp - Hộ tịch"])
    opened_at: InstantIn | None = Field(
        None, description="When, if not with its acceptance", examples=["2026-11-23T08:00:00+07:00"]
    )


class CaseOpenings(_In):
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


class HandOverIn(_In):
    """Chuyển hồ sơ: the holder gives the dossier on."""

    to_agency: Code = Field(description="The receiver, in force on that day", examples=["QT25-D03"])
    to_desk: ShortLine | None = Field(None, description="Where in the receiver", examples=["Phòng Hành chính tư pháp"])
    note: LongLine | None = Field(
        None, description="What the receiver is to do; one line, no control characters", examples=["Xin ý kiến"]
    )
    occurred_at: InstantIn | None = Field(
        None, description="When, if not now; never in the future", examples=["2026-11-23T09:00:00+07:00"]
    )


class HandOverAnswerIn(_In):
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


class AssignmentIn(_In):
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


class CaseFinishIn(_In):
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


# --- bulk actions ---------------------------------------------------------------------------------------------------

BulkActionName = Literal["hand_over", "receive", "decline", "assign", "finish"]


class _Item(_In):
    code: Code = Field(description="Mã hồ sơ", examples=["19333-261123-0001"])
    version: int | None = Field(
        None, strict=True, ge=1, description="The case's ETag as read: refused if it changed", examples=[2]
    )


class BulkHandOver(_Item, HandOverIn):
    """Hand it over, as `POST /v1/cases/{code}/hand-overs` does."""

    action: Literal["hand_over"] = Field(description="Chuyển hồ sơ", examples=["hand_over"])


class BulkReceive(_Item, HandOverAnswerIn):
    """Say that the holder has what was handed over last."""

    action: Literal["receive"] = Field(description="Nhận hồ sơ", examples=["receive"])


class BulkDecline(_Item, ReasonedAnswerIn):
    """Decline what was handed over last."""

    action: Literal["decline"] = Field(description="Từ chối nhận", examples=["decline"])


class BulkAssign(_Item, AssignmentIn):
    """Say at which desk it lies, and who works on it."""

    action: Literal["assign"] = Field(description="Phân công", examples=["assign"])


class BulkFinish(_Item, CaseFinishIn):
    """Report that the holder is done. It is recorded; intake is told in the background."""

    action: Literal["finish"] = Field(description="Báo xử lý xong", examples=["finish"])


BulkItem = Annotated[BulkHandOver | BulkReceive | BulkDecline | BulkAssign | BulkFinish, Field(discriminator="action")]


class BulkActionsIn(_In):
    """Up to 1,000 actions in one call. Each is judged on its own: a malformed one holds up no other."""

    items: Annotated[list[Annotated[BulkItem, SkipValidation]], Field(min_length=1, max_length=MAX_BULK)] = Field(
        description="What is to happen to which dossier, each dossier once",
        examples=[[{"action": "receive", "code": "19333-261123-0001"}]],
    )


# --- delegations ----------------------------------------------------------------------------------------------------

DelegableAction = Literal["assign", "decline", "return"]


class DelegationIn(_In):
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


# --- overdue --------------------------------------------------------------------------------------------------------


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

    finished_at: datetime | None = Field(description="When it ended; null: it is open", examples=[None])
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


# --- client ---------------------------------------------------------------------------------------------------------


class RoutingClient:
    """Calls routing. Raises NeighbourUnavailable (try again later) and NeighbourRefused (its code says why)."""

    def __init__(self, http: httpx.AsyncClient, base_url: str) -> None:
        self._http = http
        self._base = base_url.rstrip("/")

    async def open_cases(self, openings: Sequence[CaseOpening]) -> CasesOpened:
        """Open up to 1,000 cases. Repeating it is safe: a case that is there stays as it is."""
        body = CaseOpenings(items=list(openings))
        return CasesOpened.model_validate_json(await call(self._http, "POST", f"{self._base}/v1/cases/bulk", body=body))

    async def case(self, code: str) -> Case:
        """A case as it stands."""
        return Case.model_validate_json(await call(self._http, "GET", f"{self._base}/v1/cases/{code}"))

    async def hand_overs(self, code: str) -> HandOvers:
        """Who gave a dossier to whom."""
        answer = await call(self._http, "GET", f"{self._base}/v1/cases/{code}/hand-overs")
        return HandOvers.model_validate_json(answer)

    async def agencies(
        self, as_of: date | None = None, *, level: LevelName | None = None, parent: str | None = None
    ) -> list[AgencySummary]:
        """All units in force on `as_of` (today), in Vietnamese order."""
        asked = {"as_of": as_of.isoformat() if as_of else None, "level": level, "parent": parent}
        found: list[AgencySummary] = []
        cursor: str | None = None
        while True:
            page = AgencyPage.model_validate_json(await self._get("agencies", **asked, cursor=cursor))
            found += page.items
            cursor = page.next
            if cursor is None:
                return found

    async def calendar(self, year: int) -> CalendarOfYear:
        """The working calendar of `year`. NeighbourRefused: it is not loaded."""
        return CalendarOfYear.model_validate_json(await self._get("calendar", year=str(year)))

    async def overdue(
        self,
        *,
        agency: str | None = None,
        as_of: datetime | None = None,
        min_days: int | None = None,
        sector: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> OverduePage:
        """A page of what is late at `as_of` (now) in the subtree of `agency` (the token's own)."""
        answer = await self._get(
            "overdue",
            agency=agency,
            as_of=as_of.isoformat() if as_of else None,
            min_days=_text(min_days),
            sector=sector,
            cursor=cursor,
            limit=_text(limit),
        )
        return OverduePage.model_validate_json(answer)

    async def due_soon(
        self, *, agency: str | None = None, max_days: int | None = None, cursor: str | None = None
    ) -> DueSoonPage:
        """A page of what is due within `max_days` working days."""
        answer = await self._get("due-soon", agency=agency, max_days=_text(max_days), cursor=cursor)
        return DueSoonPage.model_validate_json(answer)

    async def _get(self, path: str, **asked: str | None) -> bytes:
        params = {name: value for name, value in asked.items() if value is not None}
        return await call(self._http, "GET", f"{self._base}/v1/{path}", params=params)


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
