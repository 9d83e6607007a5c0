"""Many actions on cases in one call, as they go over the wire."""

from typing import Annotated, Literal

from pydantic import Field, SkipValidation

from shared.contracts.assignments import AssignmentIn
from shared.contracts.bulk import MAX_BULK
from shared.contracts.cases import CaseFinishIn
from shared.contracts.fields import Code, Incoming
from shared.contracts.hand_overs import HandOverAnswerIn, HandOverIn, ReasonedAnswerIn


class _Item(Incoming):
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


class BulkActionsIn(Incoming):
    """Up to 1,000 actions in one call. Each is judged on its own: a malformed one holds up no other."""

    items: Annotated[list[Annotated[BulkItem, SkipValidation]], Field(min_length=1, max_length=MAX_BULK)] = Field(
        description="What is to happen to which dossier, each dossier once",
        examples=[[{"action": "receive", "code": "19333-261123-0001"}]],
    )
