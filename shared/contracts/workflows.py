"""What routing promises of linked procedures and internal processes: definitions, what they make of a dossier, and the
opinions that are asked on the way."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from shared.contracts.fields import Code, Day, Incoming, InstantIn, LongLine, Name, ShortLine

KindName = Literal["linked", "internal"]
RelationName = Literal["receiving", "above", "department"]
RoleName = Literal[
    "one_stop",
    "lead",
    "coordinating",
    "reception",
    "specialist",
    "division_head",
    "unit_head",
    "clerk",
    "unstated",
]
AllotmentUnit = Literal["working_day", "working_hour"]
HoldingLevel = Literal["ministry", "province", "district", "commune"]
SegmentState = Literal["waiting", "open", "over"]
SegmentResult = Literal["early", "on_day", "late", "not_needed"]
OpinionState = Literal["open", "escalated", "answered"]

MAX_STEPS = 50


def _workflow_code(value: object) -> object:
    """It stands in an address: no blanks, no slashes."""
    if isinstance(value, str) and not (
        value.isascii() and value[:1].isalnum() and value.replace("-", "").replace(".", "").replace("_", "").isalnum()
    ):
        raise PydanticCustomError("motcua", "refused", {"code": "malformed", "params": {"expected": "LT-2.000908"}})
    return value


WorkflowCode = Annotated[Code, BeforeValidator(_workflow_code)]


class Allotment(Incoming):
    """How long a unit has."""

    value: Annotated[float, Field(strict=True, gt=0, le=1000, multiple_of=0.25)] = Field(
        description="Of the unit; quarters are allowed", examples=[3]
    )
    unit: AllotmentUnit = Field(description="A working day has eight working hours", examples=["working_hour"])


class WorkflowStepIn(Incoming):
    """One share of the work. Its number is its place in the list, from 1 on."""

    agency: Code | None = Field(
        None, description="Whose it is, in force when the workflow begins to hold", examples=["QT25-D03"]
    )
    relation: RelationName | None = Field(
        None,
        description="In place of a code: receiving (that received the dossier), above (the unit it stands under), "
        "department (the one called `department`, as of the day on which the case is opened)",
        examples=["receiving"],
    )
    department: Name | None = Field(None, description="With relation department: its name", examples=["Sở Tư pháp"])
    desk: ShortLine | None = Field(None, description="Where in the unit", examples=["Phòng Hành chính tư pháp"])
    role: RoleName = Field(
        description="Of a linked procedure: one_stop, lead or coordinating. Of an internal process: reception, "
        "specialist, division_head, unit_head, clerk or unstated",
        examples=["lead"],
    )
    task: LongLine | None = Field(None, description="What is to be done", examples=["Thẩm định hồ sơ"])
    allotted: Allotment = Field(description="How long the unit has, from its own receipt on")
    after: (
        Annotated[list[Annotated[int, Field(strict=True, ge=1, le=MAX_STEPS)]], Field(max_length=MAX_STEPS)] | None
    ) = Field(
        None,
        description="Numbers of the steps it waits for. Empty: it begins at once. Not said: the one before it",
        examples=[[1, 2]],
    )


class WorkflowIn(Incoming):
    """A workflow, or a new version of one: the former version then ends on the day before."""

    code: WorkflowCode = Field(description="Its code, the same for all versions", examples=["LT-2.000908"])
    kind: KindName = Field(
        description="linked: several agencies (một cửa liên thông). internal: the desks of one (quy trình nội bộ)",
        examples=["linked"],
    )
    name: Name = Field(description="What it is called", examples=["Liên thông cấp bản sao từ sổ gốc"])
    procedure: Code = Field(
        description="Code of the procedure; compared by its national core", examples=["2.000908.000.00.00.H50"]
    )
    agency: Code | None = Field(None, description="Holds for what this agency receives", examples=["19333"])
    level: HoldingLevel | None = Field(
        None, description="… or any agency of this level. Neither: any agency at all", examples=["commune"]
    )
    decision: ShortLine | None = Field(
        None, description="Number of the decision that approves it", examples=["2851/QĐ-UBND"]
    )
    decided_on: Day | None = Field(None, description="Its date", examples=["2019-07-23"])
    basis: LongLine = Field(
        description="Legal basis, and where this definition comes from", examples=["Nghị định 61/2018/NĐ-CP, Điều 19"]
    )
    confirmed: bool = Field(
        True, strict=True, description="False: still to be confirmed by an operator", examples=[True]
    )
    valid_from: Day = Field(description="First day on which it opens cases", examples=["2026-12-01"])
    valid_to: Day | None = Field(None, description="Last day; not said: until a new version", examples=["2027-12-31"])
    steps: Annotated[list[WorkflowStepIn], Field(max_length=MAX_STEPS)] = Field(
        description="Who works on it, for how long, after whom; at least one"
    )


class WorkflowStep(BaseModel):
    """One share of the work."""

    no: int = Field(description="Its number", examples=[1])
    agency: str | None = Field(description="Whose it is; null: found by `relation`", examples=["QT25-D03"])
    agency_name: str | None = Field(description="Its name", examples=["Sở Tư pháp"])
    relation: RelationName | None = Field(description="In place of a code", examples=["receiving"])
    department: str | None = Field(description="With relation department: its name", examples=["Sở Tư pháp"])
    desk: str | None = Field(description="Where in the unit", examples=["Phòng Hành chính tư pháp"])
    role: RoleName = Field(description="Chủ trì, phối hợp, một cửa …", examples=["lead"])
    task: str | None = Field(description="What is to be done", examples=["Thẩm định hồ sơ"])
    allotted: Allotment = Field(description="How long the unit has, from its own receipt on")
    after: list[int] = Field(description="Numbers of the steps it waits for; empty: it begins at once", examples=[[1]])


class WorkflowSummary(BaseModel):
    """A version of a workflow."""

    code: str = Field(description="Its code, the same for all versions", examples=["LT-2.000908"])
    version: int = Field(description="1 is the first", examples=[1])
    kind: KindName = Field(description="linked, or internal", examples=["linked"])
    name: str = Field(description="What it is called", examples=["Liên thông cấp bản sao từ sổ gốc"])
    procedure: str | None = Field(
        description="National core of the procedure's code; null: not known, of an example", examples=["2.000908"]
    )
    agency: str | None = Field(description="Holds for what this agency receives", examples=["19333"])
    level: HoldingLevel | None = Field(description="… or any agency of this level; neither: any", examples=[None])
    decision: str | None = Field(description="Number of the decision", examples=["2851/QĐ-UBND"])
    decided_on: date | None = Field(description="Its date", examples=["2019-07-23"])
    basis: str = Field(
        description="Where it comes from, and how sure it is", examples=["Nghị định 61/2018/NĐ-CP, Điều 19"]
    )
    confirmed: bool = Field(description="False: an operator is to confirm it", examples=[True])
    adopted: bool = Field(description="False: an example from elsewhere; it opens no case here", examples=[True])
    valid_from: date | None = Field(description="First day on which it opens cases", examples=["2026-12-01"])
    valid_to: date | None = Field(description="Last day; null: still", examples=[None])


class Workflow(WorkflowSummary):
    """A version of a workflow, with its steps."""

    longest_path_hours: float = Field(
        description="Σ along its longest sequential path, in working hours (eight make a day)", examples=[16.0]
    )
    versions: list[int] = Field(description="All versions there are", examples=[[1]])
    steps: list[WorkflowStep] = Field(description="Empty where only the decision is known, not its steps")


class WorkflowPage(BaseModel):
    """Workflows by code, one version of each."""

    items: list[WorkflowSummary]
    next: str | None = Field(description="Cursor of the next page, null at the end", examples=[None])


class CaseSegment(BaseModel):
    """One agency's share of a dossier: when it entered and left, what was allotted, what was used."""

    no: int = Field(description="Number of the step", examples=[1])
    agency: str = Field(description="Whose share it is", examples=["QT25-D03"])
    agency_name: str = Field(description="Its name", examples=["Sở Tư pháp"])
    desk: str | None = Field(description="Where in the agency", examples=["Phòng Hành chính tư pháp"])
    role: RoleName = Field(description="Chủ trì, phối hợp, một cửa …", examples=["lead"])
    task: str | None = Field(description="What is to be done", examples=["Thẩm định hồ sơ"])
    after: list[int] = Field(description="The segments it waits for; empty: it entered at once", examples=[[1]])
    state: SegmentState = Field(description="waiting: not entered yet. open: being worked on. over", examples=["open"])
    allotted: Allotment = Field(description="What the workflow gives it; nobody before it shortens that")
    planned_due_at: datetime | None = Field(
        description="When it would be due were nobody before it late", examples=["2026-11-25T17:00:00+07:00"]
    )
    entered_at: datetime | None = Field(description="When the agency got it", examples=["2026-11-23T08:00:00+07:00"])
    due_at: datetime | None = Field(
        description="By its own allotment, from its own entry, by the agency's own hours; waits for the applicant "
        "added. Null until it enters, and while the dossier's clock stands still",
        examples=["2026-11-25T17:00:00+07:00"],
    )
    left_at: datetime | None = Field(description="When the agency was done", examples=[None])
    left_by: str | None = Field(description="Who said so", examples=[None])
    worked_hours: float | None = Field(
        description="Working hours of the agency from entry until it left, or until now; waits for the applicant left "
        "out",
        examples=[4.5],
    )
    late: bool = Field(description="By its own allotment: the blame for this much is this agency's", examples=[False])
    result: SegmentResult | None = Field(
        description="Trước hạn, đúng hạn, quá hạn; not_needed: the dossier ended before it. Null until it is over",
        examples=[None],
    )
    note: str | None = Field(description="What the agency noted when it was done", examples=[None])


class CaseSegments(BaseModel):
    """What a workflow makes of a dossier. The verdict on the dossier is intake's, by its own date."""

    code: str = Field(description="Mã hồ sơ", examples=["19333-261123-0001"])
    workflow: str | None = Field(description="Code of the workflow; null: none held", examples=["LT-2.000908"])
    workflow_version: int | None = Field(description="The version it began with, and keeps", examples=[1])
    workflow_holds: bool | None = Field(
        description="false: the reception was corrected when a share was done already, and the workflow is still "
        "that of the former procedure or place. null: none held",
        examples=[True],
    )
    kind: KindName | None = Field(description="linked, or internal", examples=["linked"])
    mode: Literal["sequential", "parallel"] | None = Field(
        description="Paper goes from one to the next; an electronic dossier to all at once (art. 19(6))",
        examples=["sequential"],
    )
    due_at: datetime | None = Field(
        description="Of the whole dossier, as the applicant knows it", examples=["2026-11-27T17:00:00+07:00"]
    )
    receiving_due_at: datetime | None = Field(
        description="The second date on the receipt: when the receiving agency is done with its own part, by the plan. "
        "That is all its shares before which no other agency has had the dossier from it",
        examples=["2026-11-24T17:00:00+07:00"],
    )
    late: list[str] = Field(description="Agencies that are or were late by their own allotment", examples=[[]])
    version: int = Field(description="The case's ETag", examples=[1])
    items: list[CaseSegment] = Field(description="By number; empty where no workflow held")


class OpenSegment(CaseSegment):
    """A share that an agency has to work on."""

    code: str = Field(description="Mã hồ sơ", examples=["19333-261123-0001"])
    version: int = Field(description="The case's ETag", examples=[1])


class OpenSegmentPage(BaseModel):
    """Shares to work on, the first due at the top."""

    items: list[OpenSegment]
    next: str | None = Field(description="Cursor of the next page, null at the end", examples=[None])


class SegmentFinishIn(Incoming):
    """An agency is done with its share."""

    note: LongLine | None = Field(None, description="What it gives back", examples=["Đã có văn bản trả lời"])
    occurred_at: InstantIn | None = Field(
        None, description="When, if not now; never in the future", examples=["2026-11-24T10:00:00+07:00"]
    )


class OpinionIn(Incoming):
    """Lấy ý kiến: another unit is asked. A deadline is either an instant or an allotment."""

    agency: Code = Field(description="The unit that is asked, in force today", examples=["QT25-D03"])
    content: LongLine = Field(description="What is asked", examples=["Xin ý kiến về nguồn gốc thửa đất"])
    due_at: InstantIn | None = Field(None, description="Until when", examples=["2026-11-27T17:00:00+07:00"])
    allotted: Allotment | None = Field(None, description="… or how long, by the asked unit's hours")


class OpinionAnswerIn(Incoming):
    """The asked unit answers."""

    answer: LongLine = Field(description="What it says", examples=["Thống nhất"])


class Opinion(BaseModel):
    """An opinion asked of another unit (NĐ 61/2018 art. 19(5)). It does not stop the applicant's clock."""

    code: str = Field(description="Mã hồ sơ", examples=["19333-261123-0001"])
    no: int = Field(description="1 is the first of the dossier", examples=[1])
    state: OpinionState = Field(
        description="open; escalated: the term is over and the head of the one-stop was told; answered"
    )
    from_agency: str = Field(description="Who asks", examples=["19333"])
    from_agency_name: str = Field(description="Its name", examples=["UBND Phường Đông Hà"])
    to_agency: str = Field(description="Who is asked", examples=["QT25-D03"])
    to_agency_name: str = Field(description="Its name", examples=["Sở Tư pháp"])
    content: str = Field(description="What is asked", examples=["Xin ý kiến về nguồn gốc thửa đất"])
    asked_at: datetime = Field(description="When", examples=["2026-11-23T08:00:00+07:00"])
    asked_by: str = Field(description="By whom", examples=["handler@19333"])
    due_at: datetime = Field(description="Until when", examples=["2026-11-27T17:00:00+07:00"])
    answered_at: datetime | None = Field(description="When it was answered", examples=[None])
    answered_by: str | None = Field(description="By whom", examples=[None])
    answer: str | None = Field(description="What was answered", examples=[None])
    late: bool = Field(description="Answered late, or not answered and late by now", examples=[False])
    escalated_at: datetime | None = Field(description="Since when the head of the one-stop is to act", examples=[None])


class Opinions(BaseModel):
    """The opinions asked on a dossier, in order."""

    items: list[Opinion]


class OpinionPage(BaseModel):
    """Opinions, the first due at the top."""

    items: list[Opinion]
    next: str | None = Field(description="Cursor of the next page, null at the end", examples=[None])
