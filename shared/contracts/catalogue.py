"""The national catalogue as it goes over the wire: readings of it, what is proposed, what ours is called there."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from shared.contracts.agencies import LevelName
from shared.contracts.fields import Code, Day, Incoming, LongLine, Reasoning, ShortLine

KindName = Literal["fields", "agencies", "procedures"]
PullState = Literal["running", "done", "failed"]
ChangeName = Literal["new", "changed", "gone"]
ProposalState = Literal["waiting", "approved", "rejected", "superseded"]


class CataloguePull(BaseModel):
    """A reading of the national catalogue."""

    id: int = Field(description="The greater, the later", examples=[3])
    state: PullState = Field(description="failed: it did not get to its end within a day")
    stage: Literal["fields", "agencies", "procedures", "details"] = Field(description="What is asked for next")
    begun_at: datetime = Field(description="When it began")
    begun_by: str | None = Field(description="Who had it begin; null: it was time")
    ended_at: datetime | None = Field(description="When it ended; null: it is under way")
    listed: int = Field(description="Entries of the lists of fields, agencies and procedures", examples=[3150])
    procedures: int | None = Field(description="Procedures to be asked for; null: not listed yet", examples=[2968])
    read: int = Field(description="Of them, asked for so far", examples=[1200])
    proposed: int = Field(description="Proposals that it made", examples=[12])
    findings: int = Field(description="What was wrong with what is published", examples=[2])
    error: str | None = Field(description="Why it does not go on at the moment; null: it does")


class CataloguePullPage(BaseModel):
    """A page of readings."""

    items: list[CataloguePull] = Field(description="The latest first")
    next: str | None = Field(description="Cursor of the next page, null at the end")


class CatalogueFinding(BaseModel):
    """What is wrong with something that is published: it was passed over, or what of it could not be used."""

    kind: KindName = Field(description="Of what", examples=["procedures"])
    code: str = Field(description="Its code, or its place in the list", examples=["1.004194"])
    field: str = Field(description="The field there; empty: the whole", examples=["CACHTHUCTHUCHIEN.0.THOIGIAN.0"])
    reason_code: str = Field(description="Stable", examples=["catalogue_term"])
    reason: str = Field(description="In the language asked for")


class CatalogueFindingPage(BaseModel):
    """A page of findings."""

    items: list[CatalogueFinding] = Field(description="In the order in which they were found")
    next: str | None = Field(description="Cursor of the next page, null at the end")


class CatalogueDifference(BaseModel):
    """A field as ours has it and as it is published."""

    field: str = Field(description="name, sector, issuer, publisher, terms.counter, …", examples=["terms.counter"])
    label: str = Field(description="What it is called", examples=["Thời hạn giải quyết (trực tiếp)"])
    ours: str | None = Field(description="Null: ours has none", examples=["15 ngày làm việc"])
    published: str | None = Field(description="Null: none is published", examples=["10 ngày làm việc"])


class CatalogueProposal(BaseModel):
    """What the national catalogue would have us change. Nothing is until somebody approves it."""

    id: int = Field(description="The greater, the later", examples=[17])
    pull: int = Field(description="The reading that made it", examples=[3])
    change: ChangeName = Field(description="new: we do not have it; changed; gone: it is published no more")
    code: str = Field(description="As published, with its publisher", examples=["1.004194.000.00.00.H50"])
    core: str | None = Field(description="What is national in it", examples=["1.004194"])
    publisher: str | None = Field(description="Who published it", examples=["000.00.00.H50"])
    procedure: str | None = Field(description="The procedure of ours; null: we have none", examples=["1.004194"])
    name: str | None = Field(description="As published; null: it is gone", examples=["Đăng ký tạm trú"])
    differences: list[CatalogueDifference] = Field(description="Field by field")
    state: ProposalState = Field(description="superseded: something else is published since, or no difference is left")
    made_at: datetime = Field(description="When it was made")
    decided_at: datetime | None = Field(description="When it was decided, or superseded")
    decided_by: str | None = Field(description="By whom")
    decision: str | None = Field(description="Number of the decision by which it holds here", examples=["1105/QĐ-UBND"])
    reason: str | None = Field(description="Why it was decided so")
    valid_from: date | None = Field(description="First day on which it holds", examples=["2026-12-01"])


class CatalogueProposalPage(BaseModel):
    """A page of proposals."""

    items: list[CatalogueProposal] = Field(description="The latest first")
    next: str | None = Field(description="Cursor of the next page, null at the end")


class CatalogueApprovalIn(Incoming):
    """What is published is to hold here."""

    valid_from: Day = Field(
        description="First day for what is received; of what is gone, the first day without it. Tomorrow or later "
        "unless `retroactive`",
        examples=["2026-12-01"],
    )
    decision: ShortLine = Field(description="Number of the decision that publishes it here", examples=["1105/QĐ-UBND"])
    reason: Reasoning = Field(description="Why, for whoever looks later", examples=["Công bố theo danh mục quốc gia"])
    levels: Annotated[list[LevelName], Field(max_length=4)] = Field(
        default=[], description="Of a new procedure: at which levels it is handled, which nobody publishes"
    )
    retroactive: bool = Field(
        False, strict=True, description="Knowingly from a day that has begun. What was received since keeps its version"
    )


class CatalogueRejectionIn(Incoming):
    """What is published is not to hold here."""

    reason: Reasoning = Field(description="Why, for whoever looks later", examples=["Tỉnh chưa công bố"])


class CatalogueSuggestion(BaseModel):
    """A published entry whose name looks alike. Nobody has said that it is the same."""

    code: str = Field(description="As published", examples=["H50.142"])
    name: str = Field(description="As published", examples=["Ủy ban nhân dân phường Đông Hà"])
    score: float = Field(description="How alike the names are, 0 to 1; equal ones are a tie", examples=[0.94])


class CatalogueMapping(BaseModel):
    """What one of ours is called in the national catalogue."""

    kind: KindName = Field(description="Of what", examples=["agencies"])
    local_code: str = Field(description="Our code; of a field its name", examples=["19333"])
    name: str = Field(description="What we call it", examples=["UBND phường Đông Hà"])
    national_code: str | None = Field(description="Null: nobody has said", examples=["H50.142"])
    reason: str | None = Field(description="Why")
    entered_by: str | None = Field(description="Who said so")
    entered_at: datetime | None = Field(description="When")
    suggestions: list[CatalogueSuggestion] = Field(
        description="While nobody has said: whose name looks alike, the most alike first; never taken by itself"
    )


class CatalogueMappingPage(BaseModel):
    """A page of ours."""

    items: list[CatalogueMapping] = Field(description="In the order of our codes")
    next: str | None = Field(description="Cursor of the next page, null at the end")


class CatalogueMappingIn(Incoming):
    """What one of ours is called."""

    local_code: LongLine = Field(description="Our code; of a field its name", examples=["19333"])
    national_code: Code = Field(description="As published", examples=["H50.142"])
    reason: Reasoning = Field(description="Why, for whoever looks later", examples=["Theo danh mục mã định danh"])


class CatalogueEntry(BaseModel):
    """What was published under a code, from a reading on."""

    name: str = Field(description="As published")
    core: str | None = Field(description="Of a procedure: what is national in its code", examples=["1.004194"])
    publisher: str | None = Field(description="Of a procedure: who published it", examples=["000.00.00.H50"])
    seen_at: datetime = Field(description="When it was read first")
    pull: int = Field(description="The reading", examples=[3])
    content: dict[str, Any] | None = Field(description="As it came; null: it is published no more")


class CatalogueEntries(BaseModel):
    """What was published under a code."""

    kind: KindName = Field(description="Of what", examples=["procedures"])
    code: str = Field(description="As published", examples=["1.004194"])
    entries: list[CatalogueEntry] = Field(description="The latest first, 50 at most")
