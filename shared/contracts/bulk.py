"""Many actions in one call, each with its own result: what all services answer to them."""

from typing import Literal

from pydantic import BaseModel, Field

MAX_BULK = 1_000


class BulkReason(BaseModel):
    """Why one field of one action was refused."""

    field: str = Field(description="Which field; empty: the whole", examples=["to_agency"])
    code: str = Field(description="Stable code", examples=["agency_not_in_force"])
    reason: str = Field(description="In words", examples=["cơ quan không hoạt động ngày 22/11/2026"])


class BulkProblem(BaseModel):
    """Why one action was refused, as the single call would have said it."""

    status: int = Field(description="The HTTP status that the single call would have had", examples=[409])
    code: str = Field(description="Stable code", examples=["not_allowed_in_status"])
    errors: list[BulkReason] = Field(description="The reasons")


class BulkResult(BaseModel):
    """What became of one action."""

    index: int = Field(description="Its place in the call; 0 is the first", examples=[0])
    code: str | None = Field(description="Mã hồ sơ; null where none could be read", examples=["19333-261123-0001"])
    result: Literal["done", "replayed", "refused"] = Field(
        description="replayed: it had been done before, nothing changed", examples=["done"]
    )
    problem: BulkProblem | None = Field(description="Why it was refused", examples=[None])


class BulkResults(BaseModel):
    """What became of all actions, in the order in which they were sent."""

    done: int = Field(description="How many were done", examples=[1])
    replayed: int = Field(description="How many had been done before", examples=[0])
    refused: int = Field(description="How many were refused; they changed nothing", examples=[0])
    items: list[BulkResult]
