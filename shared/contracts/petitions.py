"""Phản ánh, kiến nghị: what anybody may send, what is done with it, and what is published, as it goes over the wire."""

from datetime import date, datetime
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, Field

from shared.contracts.fields import Code, Day, Email, Incoming, InstantIn, LongLine, Name, Prose, Reasoning, ShortLine

PetitionKind = Literal["about_procedure", "about_behaviour"]
PetitionChannel = Literal["online", "counter", "post", "phone", "email", "national_portal"]
#: By which staff may enter one; what comes online is sent by whoever has something to say.
EnteredChannel = Literal["counter", "post", "phone", "email"]
PetitionState = Literal[
    "received", "in_hand", "forwarded", "information_asked", "answered", "refused", "published", "withheld"
]
PetitionEventKind = Literal[
    "received",
    "taken_up",
    "forwarded",
    "information_asked",
    "information_given",
    "refused",
    "answered",
    "published",
    "withheld",
]
#: What a term is for: to refuse or forward, to ask for more, to answer, to publish.
PetitionStep = Literal["decide", "ask", "answer", "publish"]
#: By which a term is measured: the law's own, or the national scoring.
Measure = Literal["law", "scoring"]
PETITION_STATES: tuple[PetitionState, ...] = get_args(PetitionState)


class Petitioner(Incoming):
    """Who has something to say: name, address and telephone are needed (NĐ 20/2008/NĐ-CP)."""

    name: Name = Field(description="Full name, of a person or an organisation", examples=["Nguyễn Thị Đào"])
    address: LongLine = Field(description="Postal address", examples=["12 Hùng Vương, phường Đông Hà"])
    phone: ShortLine = Field(description="As given", examples=["0905 000 001"])
    email: Email | None = Field(None, description="E-mail address", examples=["dao@example.vn"])


class PetitionIn(Incoming):
    """What somebody has to say of a procedure, or of how officers behaved."""

    kind: PetitionKind = Field(
        description="about_procedure: of a policy or procedure; about_behaviour: of officers' behaviour",
        examples=["about_procedure"],
    )
    agency: Code = Field(description="To which agency, in force today, `GET /v1/agencies`", examples=["19333"])
    dossier: Code | None = Field(None, description="Mã hồ sơ, if it is about one", examples=["19333-261123-0001"])
    petitioner: Petitioner
    title: Name = Field(description="In a line", examples=["Niêm yết thiếu thủ tục"])
    content: Prose = Field(description="What there is to say", examples=["Bảng niêm yết không có thủ tục 2.000908"])


class EnteredPetitionIn(PetitionIn):
    """The same, as it came on another way and is entered by staff."""

    channel: EnteredChannel = Field(description="How it came", examples=["post"])
    received_at: InstantIn | None = Field(None, description="When it was received; now unless given")


class RefusalIn(Incoming):
    """Why it is not dealt with."""

    reason: Prose = Field(description="As the petitioner reads it", examples=["Nội dung đã được trả lời"])


class ForwardingIn(Incoming):
    """Whose it is to deal with."""

    agency: Code = Field(description="The agency that is competent, in force today", examples=["QT25-D03"])
    note: Reasoning | None = Field(None, description="For that agency", examples=["Thuộc thẩm quyền của Sở Tư pháp"])


class QuestionIn(Incoming):
    """What else has to be known."""

    question: Prose = Field(description="As the petitioner reads it", examples=["Đề nghị cho biết ngày nộp hồ sơ"])


class InformationIn(Incoming):
    """What the petitioner answers."""

    information: Prose = Field(description="As it was given", examples=["Tôi nộp ngày 23/11"])


class AnswerIn(Incoming):
    """What the agency answers."""

    answer: Prose = Field(description="As the petitioner reads it", examples=["Đã niêm yết bổ sung ngày 25/11"])


class PublicationIn(Incoming):
    """What everybody is to read: written anew, without anybody's name, number or address."""

    title: Name = Field(description="In a line", examples=["Niêm yết thiếu thủ tục"])
    content: Prose = Field(description="What was said", examples=["Bảng niêm yết thiếu một thủ tục"])
    answer: Prose = Field(description="What was answered", examples=["Đã niêm yết bổ sung"])


class WithholdingIn(Incoming):
    """Why it is not published."""

    reason: Reasoning = Field(description="For the record", examples=["Nội dung liên quan đời tư"])


class SentPetition(BaseModel):
    """What was received, and by what its sender follows it."""

    code: str = Field(description="Its code", examples=["PA-261127-12"])
    secret: str = Field(description="By which, with the code, its sender sees what becomes of it", examples=["A" * 16])
    received_at: datetime = Field(description="When")
    agency: str = Field(description="By which agency", examples=["19333"])
    agency_name: str = Field(description="Its name", examples=["UBND Phường Đông Hà"])


class PetitionDue(BaseModel):
    """Until when something is to be done."""

    step: PetitionStep = Field(description="What is to be done", examples=["answer"])
    measure: Measure = Field(description="Whose term it is: the law's, or the national scoring's", examples=["scoring"])
    due_day: date | None = Field(description="Last day of the term; null: a year has no calendar yet")
    late: bool = Field(description="Whether that day is over", examples=[False])
    citation: str = Field(description="Where the term comes from", examples=["Nghị định 20/2008/NĐ-CP, Điều 9(1)d"])
    confirmed: bool = Field(description="False: the text was not read", examples=[True])


class PetitionEvent(BaseModel):
    """One thing that happened to it."""

    seq: int = Field(description="From 1", examples=[1])
    kind: PetitionEventKind = Field(description="What", examples=["forwarded"])
    occurred_at: datetime = Field(description="When")
    actor: str = Field(description="Who; `anybody`: it came from outside", examples=["counter@19333"])
    for_agency: str = Field(description="For which agency", examples=["19333"])
    to_agency: str | None = Field(description="To which it was forwarded", examples=["QT25-D03"])
    words: str | None = Field(description="Reason, question, answer, note; null: none, or erased")
    in_time_by_law: bool | None = Field(description="Whether within the law's term; null: there is none for it")
    in_time_by_scoring: bool | None = Field(description="Whether within the scored term; null: there is none for it")


class PetitionSummary(BaseModel):
    """A petition in a list, without whose it is and what it says."""

    code: str = Field(description="Its code", examples=["PA-261127-12"])
    kind: PetitionKind = Field(description="Of what it is", examples=["about_procedure"])
    channel: PetitionChannel = Field(description="How it came", examples=["online"])
    state: PetitionState = Field(description="How it stands", examples=["received"])
    state_name: str = Field(description="In Vietnamese", examples=["Mới tiếp nhận"])
    agency: str = Field(description="The agency that received it", examples=["19333"])
    agency_name: str = Field(description="Its name", examples=["UBND Phường Đông Hà"])
    holder: str = Field(description="The agency that is to deal with it", examples=["QT25-D03"])
    holder_name: str = Field(description="Its name", examples=["Sở Tư pháp"])
    received_at: datetime = Field(description="When it was received")
    due: list[PetitionDue] = Field(description="What is to be done next, by each measure; none where nothing is")


class Petition(PetitionSummary):
    """A petition as it stands, with all that happened to it."""

    dossier: str | None = Field(description="Mã hồ sơ, if it is about one", examples=["19333-261123-0001"])
    title: str | None = Field(description="In a line; null: erased")
    content: str | None = Field(description="What it says; null: erased")
    petitioner_name: str | None = Field(description="Who sent it; null: erased", examples=["Nguyễn Thị Đào"])
    phone: str | None = Field(description="As given, or masked", examples=["***001"])
    email: str | None = Field(description="As given, or masked", examples=["***@example.vn"])
    address: str | None = Field(description="As given, or masked", examples=["***"])
    masked: list[Literal["phone", "email", "address"]] = Field(description="What the reader sees in part only")
    version: int = Field(description="Its ETag", examples=[1])
    events: list[PetitionEvent] = Field(description="All of them, in order")


class PetitionPage(BaseModel):
    """Petitions, those first that were received first."""

    items: list[PetitionSummary]
    next: str | None = Field(description="Cursor of the next page, null at the end")


class PetitionNotice(BaseModel):
    """What became of a petition, as its sender reads it."""

    kind: PetitionEventKind = Field(description="What", examples=["answered"])
    kind_name: str = Field(description="In Vietnamese", examples=["Đã trả lời"])
    occurred_at: datetime = Field(description="When")
    words: str | None = Field(description="Reason, question or answer")


class TrackedPetition(BaseModel):
    """A petition as its sender sees it."""

    code: str = Field(description="Its code", examples=["PA-261127-12"])
    state: PetitionState = Field(description="How it stands", examples=["answered"])
    state_name: str = Field(description="In Vietnamese", examples=["Đã trả lời"])
    received_at: datetime = Field(description="When it was received")
    holder: str = Field(description="The agency that is to deal with it", examples=["19333"])
    holder_name: str = Field(description="Its name", examples=["UBND Phường Đông Hà"])
    notices: list[PetitionNotice] = Field(description="What became of it, the latest first")


class PublishedPetition(BaseModel):
    """A petition with its answer, as everybody may read it."""

    code: str = Field(description="Its code", examples=["PA-261127-12"])
    kind: PetitionKind = Field(description="Of what it is", examples=["about_procedure"])
    agency: str = Field(description="The agency that answered", examples=["19333"])
    agency_name: str = Field(description="Its name", examples=["UBND Phường Đông Hà"])
    received_day: date = Field(description="When it was received")
    published_at: datetime = Field(description="When it was published")
    title: str = Field(description="In a line", examples=["Niêm yết thiếu thủ tục"])
    content: str = Field(description="What was said", examples=["Bảng niêm yết thiếu một thủ tục"])
    answer: str = Field(description="What was answered", examples=["Đã niêm yết bổ sung"])


class PublishedPetitionPage(BaseModel):
    """Published petitions, the latest first."""

    items: list[PublishedPetition]
    next: str | None = Field(description="Cursor of the next page, null at the end")


_Days = Annotated[int, Field(strict=True, ge=1, le=250)]


class _Termed(BaseModel):
    step: PetitionStep = Field(description="For what: to refuse or forward, ask, answer, publish", examples=["answer"])
    measure: Measure = Field(description="The law's own, or the national scoring's", examples=["scoring"])
    working_days: _Days = Field(description="How many, the day itself not counted", examples=[15])
    citation: LongLine = Field(description="Where it stands", examples=["Nghị định 20/2008/NĐ-CP, Điều 9(1)d"])
    basis: LongLine = Field(description="Where the fact comes from, and how sure it is", examples=["read whole"])
    confirmed: bool = Field(strict=True, description="False: the text was not read", examples=[True])


class PetitionTermIn(_Termed, Incoming):
    """A term for what is received from a day on."""

    valid_from: Day = Field(description="First day of reception; from tomorrow on")
    decision: ShortLine = Field(description="Number of the decision by which it is entered", examples=["12/QĐ-VP"])
    reason: Reasoning = Field(description="Why, for whoever looks later", examples=["Nghị định mới có hiệu lực"])


class PetitionTerm(_Termed):
    """A term, and the days of reception for which it holds."""

    id: int = Field(description="Its number", examples=[1])
    valid_from: date | None = Field(description="First day of reception; null: from the beginning")
    valid_to: date | None = Field(description="Last day of reception; null: still")
    decision: str | None = Field(description="By which an operator entered or ended it; null: it is as it came")
    reason: str | None = Field(description="Why; null: it is as it came")


class PetitionTerms(BaseModel):
    """Terms in force on a day, or all that ever were."""

    items: list[PetitionTerm]
