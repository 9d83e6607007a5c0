"""The register of apologies as it goes over the wire: proposals, letters, sendings, receipts."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from shared.contracts.fields import Incoming, InstantIn, LongLine, Name, Reasoning, ShortLine

ApologyKindName = Literal["extension", "overdue", "lost_or_damaged"]
SendingChannel = Literal["sms", "email", "phone", "post", "counter", "social_network"]
ProposalState = Literal["open", "accepted", "rejected"]


class ExtensionProposalIn(Incoming):
    """Phiếu đề nghị gia hạn: what the handling agency writes to the one-stop, at latest one day before the term ends
    (NĐ 61/2018 art. 19(9))."""

    reason: Reasoning = Field(description="Why, for the applicant to read", examples=["Phải xác minh thực địa"])
    apology: LongLine = Field(
        description="The apology, as the applicant is to read it", examples=["Cơ quan xin lỗi ông, bà vì sự chậm trễ"]
    )
    new_due_at: InstantIn = Field(description="The date proposed", examples=["2019-08-20T17:00:00+07:00"])
    number: ShortLine = Field(description="Number of the letter", examples=["12/PXL-STP"])
    signed_by: Name = Field(description="Who signed it", examples=["Trần Văn Bình"])


class RejectionIn(Incoming):
    """Why the one-stop does not take a proposal."""

    reason: Reasoning = Field(description="For the handling agency to read", examples=["Ngày đề nghị quá xa"])


class ExtensionProposal(BaseModel):
    """A proposal and what became of it."""

    n: int = Field(description="1 is the first of the dossier", examples=[1])
    state: ProposalState = Field(description="Whether the one-stop has decided, and how", examples=["open"])
    proposed_at: datetime = Field(description="When", examples=["2019-07-22T09:00:00+07:00"])
    actor: str = Field(description="Who proposed it", examples=["handler@QT25-D03"])
    for_agency: str = Field(description="For which agency", examples=["QT25-D03"])
    reason: str = Field(description="Why", examples=["Phải xác minh thực địa"])
    apology: str = Field(description="The apology", examples=["Cơ quan xin lỗi ông, bà vì sự chậm trễ"])
    new_due_at: datetime = Field(description="The date proposed", examples=["2019-08-20T17:00:00+07:00"])
    number: str = Field(description="Number of the letter", examples=["12/PXL-STP"])
    signed_by: str = Field(description="Who signed it", examples=["Trần Văn Bình"])
    decided_at: datetime | None = Field(description="When the one-stop decided", examples=[None])
    rejection: str | None = Field(description="Why it was rejected", examples=[None])


class ExtensionProposals(BaseModel):
    """All proposals of a dossier, in order."""

    items: list[ExtensionProposal]


class OpenProposal(BaseModel):
    """A proposal that waits for the one-stop."""

    code: str = Field(description="Mã hồ sơ", examples=["19333-261123-0001"])
    agency: str = Field(description="The agency that received it", examples=["19333"])
    agency_name: str = Field(description="Its name", examples=["UBND Phường Đông Hà"])
    n: int = Field(description="The proposal's number", examples=[1])
    proposed_at: datetime = Field(description="When", examples=["2019-07-22T09:00:00+07:00"])
    due_at: datetime | None = Field(description="The date as it stands", examples=["2019-07-30T17:00:00+07:00"])
    new_due_at: datetime = Field(description="The date proposed", examples=["2019-08-20T17:00:00+07:00"])


class OpenProposalPage(BaseModel):
    """Proposals that wait for the one-stop, by dossier as received."""

    items: list[OpenProposal]
    next: str | None = Field(description="Cursor of the next page, null at the end", examples=[None])


class SendingIn(Incoming):
    """An apology was sent to the applicant (art. 19(9): by e-mail, SMS, phone or allowed social network)."""

    channel: SendingChannel = Field(description="How", examples=["sms"])
    to: LongLine | None = Field(None, description="Where to", examples=["0905 000 001"])
    occurred_at: InstantIn | None = Field(None, description="When, if not now; never in the future")


class ReceiptIn(Incoming):
    """An apology reached the applicant."""

    by: LongLine | None = Field(None, description="Who received it", examples=["Nguyễn Thị Đào"])
    occurred_at: InstantIn | None = Field(None, description="When, if not now; never in the future")


class Sending(BaseModel):
    """One sending of an apology."""

    channel: SendingChannel = Field(description="How", examples=["sms"])
    to: str | None = Field(description="Where to", examples=["0905 000 001"])
    occurred_at: datetime = Field(description="When it was sent", examples=["2019-07-22T10:00:00+07:00"])
    recorded_at: datetime = Field(description="When that was recorded", examples=["2019-07-22T10:00:01+07:00"])
    actor: str = Field(description="Who recorded it", examples=["counter@19333"])
    for_agency: str = Field(description="For which agency", examples=["19333"])


class Receipt(BaseModel):
    """One receipt of an apology."""

    by: str | None = Field(description="Who received it", examples=["Nguyễn Thị Đào"])
    occurred_at: datetime = Field(description="When it was received", examples=["2019-07-22T15:00:00+07:00"])
    recorded_at: datetime = Field(description="When that was recorded", examples=["2019-07-22T15:00:01+07:00"])
    actor: str = Field(description="Who recorded it", examples=["counter@19333"])
    for_agency: str = Field(description="For which agency", examples=["19333"])


class Apology(BaseModel):
    """One apology of a dossier, with what became of the letter."""

    n: int = Field(description="1 is the first of the dossier", examples=[1])
    kind: ApologyKindName = Field(description="What it is for", examples=["extension"])
    seq: int = Field(description="Of its event in the dossier's history", examples=[3])
    made_at: datetime = Field(description="When", examples=["2019-07-22T09:30:00+07:00"])
    reason: str | None = Field(description="Why", examples=["Phải xác minh thực địa"])
    number: str | None = Field(description="Number of the letter", examples=["12/PXL-STP"])
    signed_by: str | None = Field(description="Who signed it", examples=["Trần Văn Bình"])
    new_due_at: datetime | None = Field(
        description="The new date that it appoints", examples=["2019-08-20T17:00:00+07:00"]
    )
    sent_at: datetime | None = Field(
        description="When it was first sent; null: the applicant does not know of it", examples=[None]
    )
    received_at: datetime | None = Field(description="When it was first received", examples=[None])
    sendings: list[Sending] = Field(description="Every sending, in the order recorded")
    receipts: list[Receipt] = Field(description="Every receipt, in the order recorded")


class Apologies(BaseModel):
    """All apologies of a dossier, in order."""

    items: list[Apology]


class UnsentApology(BaseModel):
    """An apology that nobody has sent."""

    code: str = Field(description="Mã hồ sơ", examples=["19333-261123-0001"])
    agency: str = Field(description="The agency that received it: its one-stop informs", examples=["19333"])
    agency_name: str = Field(description="Its name", examples=["UBND Phường Đông Hà"])
    n: int = Field(description="The apology's number", examples=[1])
    kind: ApologyKindName = Field(description="What it is for", examples=["extension"])
    made_at: datetime = Field(description="When", examples=["2019-07-22T09:30:00+07:00"])
    new_due_at: datetime | None = Field(
        description="The new date that the applicant does not know of", examples=["2019-08-20T17:00:00+07:00"]
    )


class UnsentApologyPage(BaseModel):
    """Apologies that nobody has sent, the oldest first."""

    items: list[UnsentApology]
    next: str | None = Field(description="Cursor of the next page, null at the end", examples=[None])
