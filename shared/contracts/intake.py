"""What intake promises: its wire models, and a typed client for whoever calls it."""

from datetime import datetime
from typing import Annotated, Any, Literal

import httpx
from pydantic import BaseModel, Field

from shared.contracts.fields import Code, Email, Incoming, InstantIn, LongLine, Name, ShortLine
from shared.contracts.neighbour import call
from shared.contracts.verbs import FinishIn, OnBehalf
from shared.domain.lifecycle import EventKind

ChannelName = Literal["counter", "online", "post"]
StatusName = Literal[
    "submitted",
    "accepted",
    "not_accepted",
    "in_process",
    "supplement_awaited",
    "payment_awaited",
    "withdrawn",
    "stopped",
    "finished",
    "returned",
]
OutcomeName = Literal["granted", "refused", "withdrawn", "stopped"]
VerdictName = Literal["early", "on_day", "late"]
ApplicantKind = Literal["person", "business", "agency", "organisation"]


class ApplicantIn(Incoming):
    """Chủ hồ sơ: whose dossier it is."""

    kind: ApplicantKind = Field(description="person, business, agency or organisation", examples=["person"])
    name: Name = Field(description="Full name, any Unicode form; stored as NFC", examples=["Nguyễn Thị Đào"])
    id_number: ShortLine | None = Field(
        None, description="Citizen number, tax code, passport", examples=["045190000001"]
    )
    phone: ShortLine | None = Field(None, description="As given; old numbers are kept", examples=["0905 000 001"])
    email: Email | None = Field(None, examples=["dao@example.vn"])
    address: LongLine | None = Field(None, examples=["12 Hùng Vương, phường Đông Hà"])


class SubmitterIn(Incoming):
    """Người nộp: who hands the dossier in, where that is somebody else."""

    name: Name = Field(description="Full name", examples=["Trần Văn Bình"])
    id_number: ShortLine | None = Field(None, description="Citizen number", examples=["045190000002"])
    phone: ShortLine | None = Field(None, description="As given", examples=["0905 000 002"])


class DocumentIn(Incoming):
    """One component of the dossier as handed in."""

    name: Name = Field(examples=["Giấy chứng sinh"])
    kind: Literal["original", "certified_copy", "copy", "electronic"] = Field("copy", examples=["original"])
    count: Annotated[int, Field(strict=True, ge=1, le=1000)] = Field(1, description="How many of it", examples=[1])


class DossierIn(Incoming):
    """A dossier handed in at the one-stop."""

    procedure: Code = Field(description="Procedure code, `GET /v1/procedures`", examples=["1.001193"])
    agency: Code = Field(description="Receiving agency, in force today, `GET /v1/agencies`", examples=["19333"])
    channel: ChannelName = Field(description="How it came in", examples=["counter"])
    applicant: ApplicantIn
    submitted_by: SubmitterIn | None = Field(None, description="Who hands it in, if not the applicant")
    documents: Annotated[list[DocumentIn], Field(max_length=100)] | None = None
    summary: LongLine | None = Field(None, description="Trích yếu", examples=["Đăng ký khai sinh cho con"])
    return_channel: Literal["counter", "post"] = Field("counter", description="Where the result is collected")
    case: Annotated[int, Field(strict=True, ge=1, le=99)] | None = Field(
        None,
        description="Which of the procedure's terms on the channel (`GET /v1/procedures/{code}`); 1 unless said",
        examples=[1],
    )
    submission: bool = Field(False, strict=True, description="Handed in online, to be looked at before it is accepted")


class Applicant(BaseModel):
    """Whose dossier it is, as far as the reader needs to know: of what stands in `masked` a part is shown, `***001`."""

    kind: ApplicantKind = Field(description="person, business, agency or organisation", examples=["person"])
    name: str = Field(description="Full name, NFC", examples=["Nguyễn Thị Đào"])
    id_number: str | None = Field(None, description="Citizen number or tax code", examples=["045190000001"])
    phone: str | None = Field(None, description="As given", examples=["0905 000 001"])
    email: str | None = Field(None, description="E-mail address", examples=["dao@example.vn"])
    address: str | None = Field(None, description="Postal address", examples=["12 Hùng Vương, phường Đông Hà"])
    masked: list[Literal["id_number", "phone", "email", "address"]] = Field(
        [], description="What the reader sees in part only, by role and relation to the dossier", examples=[[]]
    )
    erased_at: datetime | None = Field(None, description="When all of it was erased, by a decision", examples=[None])


class DossierSummary(BaseModel):
    """A dossier as it stands, without the applicant's contact data."""

    code: str = Field(
        description="Mã hồ sơ: from acceptance on it never changes. Before, the reference of the submission (N-…)",
        examples=["19333-261123-0001"],
    )
    legacy_code: str | None = Field(None, description="Its code in another system")
    reference: str | None = Field(None, description="Of an online submission: its code until it was accepted")
    status: StatusName = Field(examples=["accepted"])
    status_code: int = Field(description="National status code, 1 to 10", examples=[2])
    status_name: str = Field(examples=["Được tiếp nhận"])
    procedure: str = Field(examples=["1.001193"])
    procedure_name: str = Field(examples=["Thủ tục đăng ký khai sinh"])
    sector: str = Field(examples=["Hộ tịch"])
    agency: str = Field(description="The agency that received it", examples=["19333"])
    agency_name: str = Field(examples=["UBND Phường Đông Hà"])
    holder: str = Field(description="The agency that holds it now", examples=["19333"])
    desk: str | None = Field(None, description="Where in the holder")
    channel: ChannelName = Field(description="How it came in", examples=["counter"])
    applicant_name: str = Field(description="Chủ hồ sơ", examples=["Nguyễn Thị Đào"])
    submitted_at: datetime = Field(description="When it was handed in")
    reception_due_at: datetime | None = Field(
        None, description="Of an online submission: until when the one-stop is to accept or refuse it"
    )
    accepted_at: datetime | None = Field(
        description="When it was accepted as complete; the term runs from here. Null until then"
    )
    original_due_at: datetime | None = Field(description="As first promised; null without a term")
    due_at: datetime | None = Field(description="As it stands; null without a term, or while the clock stands still")
    due_is_provisional: bool = Field(description="The date rests on a day of the calendar that is not announced yet")
    paused: bool = Field(description="Waiting for the applicant")
    finished_at: datetime | None = Field(description="When the agency was done; null until then")
    returned_at: datetime | None = Field(description="When the applicant got the result; null until then")
    outcome: OutcomeName | None = Field(description="How it ended; null until then", examples=["granted"])
    verdict: VerdictName | None = Field(description="Trước hạn, đúng hạn, quá hạn; null until finished")
    version: int = Field(description="Its ETag", examples=[1])


class Dossier(DossierSummary):
    """A dossier as its staff see it."""

    applicant: Applicant = Field(description="Whose dossier it is")
    submitted_by: dict[str, str | None] | None = Field(
        None, description="Who handed it in, if not the applicant; masked like the applicant"
    )
    documents: list[dict[str, Any]] | None = Field(None, description="Components as handed in: name, kind, count")
    summary: str | None = Field(None, description="Trích yếu", examples=["Đăng ký khai sinh cho con"])
    return_channel: Literal["counter", "post"] = Field("counter", description="Where the result is collected")
    answer_due_at: datetime | None = Field(
        None, description="Until when the applicant is to complete it; null: nothing was asked for, or no law says"
    )
    case: int = Field(1, description="Which of the procedure's terms", examples=[1])


class DossierPage(BaseModel):
    """One page of dossiers, newest first."""

    items: list[DossierSummary]
    next: str | None = Field(description="Cursor of the next page, null at the end")


class DossierEvent(BaseModel):
    """One event in a dossier's append-only history."""

    seq: int = Field(examples=[1])
    kind: EventKind = Field(description="What happened", examples=["accepted"])
    status: StatusName = Field(description="Of the dossier, after the event")
    occurred_at: datetime = Field(description="When it happened, as claimed")
    recorded_at: datetime = Field(description="When it was recorded, by the server's clock")
    actor: str = Field(examples=["counter@19333"])
    for_agency: str = Field(description="The agency for which the actor acted", examples=["19333"])
    detail: dict[str, Any] = Field(description="What the kind of event adds, e.g. the due date", examples=[{}])
    hash: str = Field(description="sha256 over the previous event's hash and this event, hex")


class DossierEvents(BaseModel):
    """A dossier's whole history, in order."""

    items: list[DossierEvent]


class ProcedureTerm(BaseModel):
    """The term of a procedure on one channel and case."""

    channel: ChannelName = Field(description="The channel it holds for", examples=["counter"])
    case: int = Field(description="1 is what holds when nobody names a case")
    value: float = Field(examples=[5])
    unit: Literal["working_day", "calendar_day", "working_hour", "month", "same_day", "none"] = Field(
        description="What the value counts; none: no term is known"
    )
    cutoff: str | None = Field(None, description="Same-day: accepted from then on, due the next working day")
    verbatim: str | None = Field(None, description="As published", examples=["5 Ngày làm việc"])


class ProcedureSummary(BaseModel):
    """A procedure in force."""

    code: str = Field(examples=["1.001193"])
    name: str = Field(examples=["Thủ tục đăng ký khai sinh"])
    sector: str = Field(examples=["Hộ tịch"])
    levels: list[str] = Field(description="Administrative levels that handle it", examples=[["commune"]])
    channels: list[ChannelName] = Field(description="Through which it can be handed in", examples=[["counter"]])


class Procedure(ProcedureSummary):
    """A procedure in force, with its terms."""

    issuer: str = Field(description="Who published it", examples=["Bộ Tư pháp"])
    decision: str | None = Field(description="By which decision", examples=["163/QĐ-BTP"])
    valid_from: str | None = Field(description="First day of this version; null: from the beginning")
    valid_to: str | None = Field(description="Last day of this version; null: still in force")
    basis: str = Field(description="Where this version comes from, and how sure it is")
    terms: list[ProcedureTerm] = Field(description="By channel and case")


class ProcedurePage(BaseModel):
    """One page of procedures, by code."""

    items: list[ProcedureSummary]
    next: str | None = Field(description="Cursor of the next page, null at the end")


class ImportSupplement(Incoming):
    """One request to the applicant to supplement the dossier, and the answer if there was one."""

    requested_at: InstantIn = Field(description="When the applicant was asked")
    answered_at: InstantIn | None = Field(
        None, description="When the dossier was complete again; absent: still waiting"
    )


class ImportRecord(Incoming):
    """One dossier of another system, as it stands there. In a CSV nested fields are dotted: `applicant.name`,
    `supplements.0.requested_at`."""

    legacy_code: Code | None = Field(None, description="Its code there; makes a second import of it recognisable")
    code: Code | None = Field(None, description="Its dossier code, if one was issued already; else one is issued")
    procedure: Code = Field(description="Procedure code, in force on the day of acceptance", examples=["1.001193"])
    agency: Code = Field(description="Receiving agency, in force on the day of acceptance", examples=["19333"])
    channel: ChannelName = Field(description="How it came in", examples=["counter"])
    applicant: ApplicantIn = Field(description="Whose dossier it is")
    case: Annotated[int, Field(strict=True, ge=1, le=99)] | None = Field(
        None, description="Which of the procedure's terms on the channel; absent: case 1", examples=[1]
    )
    submitted_at: InstantIn | None = Field(None, description="When it was handed in; absent: when it was accepted")
    accepted_at: InstantIn = Field(description="When it was accepted; the term runs from here")
    due_at: InstantIn | None = Field(None, description="As promised there; else reckoned from the term")
    finished_at: InstantIn | None = Field(None, description="When the agency was done; absent: still open")
    returned_at: InstantIn | None = Field(None, description="When the applicant got the result")
    outcome: OutcomeName | None = Field(None, description="How it ended; granted unless said", examples=["granted"])
    supplements: Annotated[list[ImportSupplement], Field(max_length=20)] | None = Field(
        None, description="Requests to supplement, in order"
    )


class ImportRun(BaseModel):
    """An import, while it runs and after."""

    id: str = Field(description="UUID", examples=["d079c4d1-21ca-4cb3-80b6-abadb57c9561"])
    state: Literal["running", "done", "interrupted"] = Field(
        description="interrupted: the upload broke off; what landed stays, send the same file again"
    )
    format: Literal["csv", "ndjson"] = Field(description="Of the file", examples=["ndjson"])
    started_at: datetime = Field(description="When the upload began")
    finished_at: datetime | None = Field(description="When it ended; null while it runs")
    bytes_read: int = Field(description="Bytes of the body read so far")
    lines_read: int = Field(description="Records read so far")
    created: int = Field(description="Dossiers made")
    updated: int = Field(description="Dossiers that had landed before, went on in the other system, and did so here")
    unchanged: int = Field(description="Records that had landed before")
    rejected: int = Field(description="Records that did not land")
    synthetic: bool = Field(description="The records are made up, and reports say so")
    trial: bool = Field(description="Nothing landed: `created` is what would have")
    rejects: str = Field(description="Where the rejected lines and their reasons are")


class ImportPage(BaseModel):
    """Imports, newest first."""

    items: list[ImportRun]
    next: str | None = Field(description="Cursor of the next page, null at the end")


class ImportTotal(BaseModel):
    """Dossiers with a code of another system, of one receiving agency and month."""

    agency: str = Field(description="Received them", examples=["19333"])
    month: str = Field(description="Of acceptance", examples=["2019-03"])
    received: int = Field(description="All of them", examples=[136])
    finished: int = Field(description="Of them, finished", examples=[120])
    on_time: int = Field(description="Of them, in time by the law's reckoning", examples=[117])
    late: int = Field(description="Of them, late", examples=[3])


class ImportTotals(BaseModel):
    """What came from another system, to be held against its export."""

    items: list[ImportTotal] = Field(description="By agency and month")


class RejectReason(BaseModel):
    """Why one field of a record was refused."""

    field: str = Field(description="Dotted path of the field", examples=["applicant.name"])
    code: str = Field(description="Stable code of the reason", examples=["required"])
    reason: str = Field(description="The reason in the language asked for", examples=["bắt buộc phải có"])


class ImportReject(BaseModel):
    """A record that did not land. The record itself is not kept: it may hold personal data."""

    line: int = Field(description="Line in the file, from 1; a CSV's header is line 1")
    reference: str | None = Field(description="Its code or legacy code, if well-formed")
    reasons: list[RejectReason]


class ImportRejects(BaseModel):
    """One page of rejected records, in order of their lines."""

    items: list[ImportReject]
    next: str | None = Field(description="Cursor of the next page, null at the end")


class IntakeClient:
    """Calls intake. Raises NeighbourUnavailable (try again later) and NeighbourRefused (its code says why)."""

    def __init__(self, http: httpx.AsyncClient, base_url: str) -> None:
        self._http = http
        self._base = base_url.rstrip("/")

    async def finish(
        self,
        code: str,
        *,
        occurred_at: datetime,
        outcome: Literal["granted", "refused"],
        reason: str | None,
        actor: str,
        agency: str,
        idempotency_key: str,
    ) -> None:
        """Report that `agency` has finished the dossier. Repeating it with the same key has no second effect."""
        by = OnBehalf(actor=actor, agency=agency)
        body = FinishIn(outcome=outcome, reason=reason, occurred_at=occurred_at, on_behalf_of=by)
        await call(
            self._http,
            "POST",
            f"{self._base}/v1/dossiers/{code}/finish",
            body=body,
            headers={"Idempotency-Key": idempotency_key},
        )

    async def dossier(self, code: str) -> Dossier:
        """A dossier as it stands."""
        return Dossier.model_validate_json(await call(self._http, "GET", f"{self._base}/v1/dossiers/{code}"))
