"""The papers that a procedure asks for, as they go over the wire."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from shared.contracts.fields import Code, Day, Incoming, Name, Reasoning, ShortLine

PaperKind = Literal["original", "certified_copy", "copy", "electronic"]


class PaperForm(Incoming):
    """In which form a paper is asked for, and how many of it."""

    kind: PaperKind = Field(description="bản chính, bản sao chứng thực, bản sao, bản điện tử", examples=["original"])
    count: Annotated[int, Field(strict=True, ge=1, le=1000)] = Field(1, description="How many of it", examples=[1])


class Component(Incoming):
    """Thành phần hồ sơ: a paper that the procedure asks for."""

    code: Code = Field(
        description="Its code in the catalogue (MAGIAYTO); never `result`, which is the agency's own",
        examples=["000.00.00.G03-TP0001"],
    )
    name: Name = Field(description="What it is called", examples=["Giấy chứng sinh"])
    required: bool = Field(True, strict=True, description="False: only where it applies", examples=[True])
    forms: Annotated[list[PaperForm], Field(min_length=1, max_length=4)] = Field(
        description="In which forms, each of them; a kind stands once"
    )


class ComponentsIn(Incoming):
    """What a procedure asks for from a day on."""

    valid_from: Day = Field(
        description="First day on which dossiers are handed in by it; tomorrow or later unless `retroactive`"
    )
    components: Annotated[list[Component], Field(max_length=100)] = Field(
        description="All of them, in the order in which they are shown; none: it asks for nothing"
    )
    decision: ShortLine = Field(description="Number of the decision that publishes them", examples=["163/QĐ-BTP"])
    reason: Reasoning = Field(description="Why, for whoever looks later", examples=["Công bố lại thành phần hồ sơ"])
    retroactive: bool = Field(
        False,
        strict=True,
        description="Knowingly for dossiers handed in already, on days on which no list held. What was handed in "
        "under a list keeps it",
    )


class Components(BaseModel):
    """What a procedure asks for on a day."""

    procedure: str = Field(description="The procedure", examples=["1.001193"])
    as_of: date = Field(description="The day", examples=["2026-11-27"])
    entered: bool = Field(
        description="False: no list holds on this day, and what the procedure asks for is not known here",
        examples=[True],
    )
    components: list[Component] = Field(description="In their order; none: it asks for nothing, or no list holds")
    valid_from: date | None = Field(description="First day of this list; null: none holds")
    valid_to: date | None = Field(description="Last day before the next list; null: still")
    decision: str | None = Field(description="By which they were published", examples=["163/QĐ-BTP"])
    reason: str | None = Field(description="Why they were entered")
    changes_on: list[date] = Field(description="Later days on which other lists begin")
