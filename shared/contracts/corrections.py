"""Correcting what was mis-entered at reception, as it goes over the wire."""

from typing import Annotated

from pydantic import Field

from shared.contracts.fields import Code, Email, Incoming, InstantIn, LongLine, Name, ShortLine
from shared.contracts.intake import ApplicantKind, ChannelName, SubmitterIn


class ApplicantCorrectionIn(Incoming):
    """What was mis-entered of the applicant. What is not named stays; null takes away what may be missing."""

    kind: ApplicantKind | None = Field(
        None, description="person, business, agency or organisation", examples=["person"]
    )
    name: Name | None = Field(None, description="Full name", examples=["Nguyễn Thị Đào"])
    id_number: ShortLine | None = Field(None, description="Citizen number, tax code", examples=["045190000001"])
    phone: ShortLine | None = Field(None, description="As given", examples=["0905 000 001"])
    email: Email | None = Field(None, description="E-mail address", examples=["dao@example.vn"])
    address: LongLine | None = Field(None, description="Postal address", examples=["12 Hùng Vương, phường Đông Hà"])


class CorrectionIn(Incoming):
    """What was mis-entered at reception, as it is right. What is not named stays."""

    reason: LongLine = Field(description="Why, for the record", examples=["Nhập nhầm ngày tiếp nhận"])
    decision: ShortLine = Field(
        description="Number of the decision or the minutes; the receipt that is printed anew names it",
        examples=["07/BB-TTPVHCC"],
    )
    accepted_at: InstantIn | None = Field(
        None,
        description="When it was accepted; not after what happened to it since",
        examples=["2026-11-23T08:00:00+07:00"],
    )
    procedure: Code | None = Field(None, description="Procedure code, offered there that day", examples=["2.000908"])
    agency: Code | None = Field(None, description="Receiving agency: the dossier is its figure", examples=["19333"])
    channel: ChannelName | None = Field(None, description="How it came in", examples=["post"])
    case: Annotated[int, Field(strict=True, ge=1, le=99)] | None = Field(
        None, description="Which of the procedure's terms on the channel; of another procedure 1", examples=[2]
    )
    applicant: ApplicantCorrectionIn | None = Field(None, description="Whose dossier it is")
    submitted_by: SubmitterIn | None = Field(None, description="Who handed it in; null: the applicant")
