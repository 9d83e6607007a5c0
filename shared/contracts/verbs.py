"""What may be done to a dossier, as it goes over the wire: one body for each verb of its life."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, SkipValidation, ValidationInfo, field_validator

from shared.contracts.bulk import MAX_BULK
from shared.contracts.fields import (
    Code,
    Day,
    Incoming,
    InstantIn,
    LongLine,
    Name,
    Reasoning,
    ShortLine,
    Subject,
    refused,
)


class OnBehalf(Incoming):
    """For whom a service reports."""

    actor: Subject = Field(description="Who did it", examples=["handler@19333"])
    agency: Code = Field(description="For which agency", examples=["19333"])


class Verb(Incoming):
    """What every verb takes."""

    occurred_at: InstantIn | None = Field(None, description="When, if not now; never in the future")
    on_behalf_of: OnBehalf | None = Field(None, description="Only from role machine: who did it")


class _Reasoned(Verb):
    reason: Reasoning = Field(description="Why, for the applicant to read", examples=["Thiếu bản sao giấy chứng sinh"])


class AcceptIn(Verb):
    """An online submission is complete: it becomes a dossier, with its code and its term (NĐ 61/2018 art. 17)."""


class RefuseIn(_Reasoned):
    """An online submission is not received, with the reason (art. 17(2)): không tiếp nhận (national status 3)."""


class DocumentWanted(Incoming):
    """One component that is missing or wrong."""

    name: Name = Field(examples=["Giấy chứng sinh"])
    kind: Literal["original", "certified_copy", "copy", "electronic"] = Field("copy", examples=["original"])
    count: Annotated[int, Field(strict=True, ge=1, le=1000)] = Field(1, description="How many of it", examples=[1])


class SupplementRequestIn(_Reasoned):
    """What is missing, in full and once (art. 11(2)c, 19(4)): yêu cầu bổ sung (5)."""

    documents: Annotated[list[DocumentWanted], Field(max_length=100)] = Field(
        default=[], description="The components to be handed in"
    )
    legal_basis: LongLine | None = Field(
        None,
        description="The law that allows a request beyond the general rule, a second one or a later one; recorded",
        examples=["Luật Đất đai 2024, Điều 25"],
    )


class SupplementIn(Verb):
    """The applicant has completed the dossier."""

    documents: Annotated[list[DocumentWanted], Field(max_length=100)] = Field(
        default=[], description="What was handed in"
    )


class PaymentRequestIn(_Reasoned):
    """The applicant is to pay before it goes on: yêu cầu thực hiện nghĩa vụ tài chính (6)."""

    amount: Annotated[int, Field(strict=True, ge=0, le=10**13)] | None = Field(
        None, description="Đồng", examples=[500_000]
    )


class PaymentIn(Verb):
    """The applicant has paid."""

    receipt: ShortLine | None = Field(None, description="Number of the payment's receipt", examples=["BL-0001234"])


class ExtensionIn(Verb):
    """The agency apologises and appoints a new date, at latest one day before the term ends, once (art. 19(9)): by the
    number of the proposal that is accepted, or with all that stands in the letter."""

    proposal: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = Field(
        None, description="Number of the handling agency's proposal: the rest comes from it", examples=[1]
    )
    reason: Reasoning | None = Field(
        None, description="Why, for the applicant to read", examples=["Phải xác minh thực địa"]
    )
    new_due_at: InstantIn | None = Field(None, description="The new date", examples=["2019-08-20T17:00:00+07:00"])
    number: ShortLine | None = Field(None, description="Number of the letter", examples=["12/PXL-STP"])
    signed_by: Name | None = Field(None, description="Who signed it", examples=["Trần Văn Bình"])

    def misplaced(self) -> list[tuple[str, str]]:
        """(field, code) of what is missing of a letter, or stands beside a proposal."""
        letter = ("reason", "new_due_at", "number", "signed_by")
        if self.proposal is None:
            return [(name, "required") for name in letter if getattr(self, name) is None]
        return [(name, "not_with_proposal") for name in letter if getattr(self, name) is not None]


class ApologyIn(_Reasoned):
    """An apology for lateness that has come (art. 12(5)), or for a dossier lost or damaged (art. 21)."""

    kind: Literal["overdue", "lost_or_damaged"] = Field(
        "lost_or_damaged", description="What it is for; an extension brings its own", examples=["overdue"]
    )
    new_due_at: InstantIn | None = Field(
        None,
        description="Of `overdue`: a new time, the one re-appointment; late stays late",
        examples=["2019-08-20T17:00:00+07:00"],
    )
    number: ShortLine = Field(description="Number of the letter", examples=["13/PXL-STP"])
    signed_by: Name = Field(description="Who signed it", examples=["Trần Văn Bình"])

    @field_validator("new_due_at")
    @classmethod
    def _only_with_overdue(cls, value: datetime | None, info: ValidationInfo) -> datetime | None:
        if value is not None and info.data.get("kind") != "overdue":
            raise refused("only_with_overdue")
        return value


class WithdrawIn(_Reasoned):
    """The applicant takes the dossier back: rút hồ sơ (7)."""


class StopIn(_Reasoned):
    """The agency stops: dừng xử lý (8), with the reason."""


class ReopenIn(_Reasoned):
    """A supervisor takes an end back, with the reason."""


class FinishIn(Verb):
    """The handling agency is done: đã xử lý xong (national status 9)."""

    outcome: Literal["granted", "refused"] = Field(
        "granted", description="A refusal on the merits is a result (NĐ 61/2018 art. 19(8))"
    )
    reason: Reasoning | None = Field(
        None,
        description="Why, for the applicant to read: needed for a refusal (art. 19(8))",
        examples=["Không đủ điều kiện"],
    )


#: What a result says in words: kept apart from the log, which holds its hash.
RESULT_WORDS = ("number", "issued_on", "name", "code", "signed_by", "file")


class ResultIn(Verb):
    """The document that is the result (văn bản kết quả), once the agency is done."""

    number: ShortLine = Field(description="Số, ký hiệu", examples=["125/GCN-UBND"])
    issued_on: Day = Field(description="Its date; not before reception", examples=["2026-11-27"])
    name: Name | None = Field(
        None,
        description="What it is called; the national database asks for it",
        examples=["Bản sao trích lục khai sinh"],
    )
    code: ShortLine | None = Field(
        None, description="Its code in the store of results (MaGiayToKetQua)", examples=["000.00.00.G09-KQ002269"]
    )
    signed_by: Name | None = Field(None, description="Who signed it", examples=["Trần Văn Bình"])
    file: UUID | None = Field(
        None,
        description="Its file: the latest version of one that was sent as `component=result`",
        examples=["3f1c0a2e-7b1d-4d6b-9a53-0d7f8f2f6a10"],
    )
    reason: Reasoning | None = Field(
        None, description="Why it is corrected; needed if one was recorded before", examples=["Ghi nhầm số"]
    )


class ReturnIn(Verb):
    """The result is handed to the applicant: đã trả kết quả (national status 10)."""

    channel: Literal["counter", "post"] | None = Field(
        None, description="Where it was handed over, if not as the applicant had asked"
    )


class _Item(Incoming):
    code: Code = Field(description="Mã hồ sơ", examples=["19333-261123-0001"])
    version: int | None = Field(
        None, strict=True, ge=1, description="The dossier's ETag as read: refused if it changed", examples=[2]
    )


class BulkFinishIn(_Item, FinishIn):
    """Finish it, as `POST /v1/dossiers/{code}/finish` does."""

    action: Literal["finish"] = Field(description="Xử lý xong", examples=["finish"])


class BulkReturnIn(_Item, ReturnIn):
    """Hand its result over, as `POST /v1/dossiers/{code}/return` does."""

    action: Literal["return"] = Field(description="Trả kết quả", examples=["return"])


class DossierActionsIn(Incoming):
    """Up to 1,000 actions in one call. Each is judged on its own: a malformed one holds up no other."""

    items: Annotated[
        list[
            Annotated[
                Annotated[BulkFinishIn | BulkReturnIn, Field(discriminator="action")],
                SkipValidation,
            ]
        ],
        Field(min_length=1, max_length=MAX_BULK),
    ] = Field(
        description="What is to happen to which dossier; a dossier may be finished and returned in one call",
        examples=[[{"action": "finish", "code": "19333-261123-0001", "occurred_at": "2026-11-24T10:00:00+07:00"}]],
    )
