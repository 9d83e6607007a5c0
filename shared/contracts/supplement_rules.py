"""What the law says of supplements, as it goes over the wire."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from shared.contracts.fields import Code, Day, Incoming, LongLine, Reasoning, ShortLine

EffectName = Literal["restart", "pause", "continue"]
LapseName = Literal["nothing", "close"]


class AnswerTerm(Incoming):
    """How long the applicant has, from the request on."""

    value: Annotated[int, Field(strict=True, ge=1, le=1000)] = Field(description="How many", examples=[60])
    unit: Literal["working_day", "calendar_day", "month"] = Field(description="Of what", examples=["calendar_day"])


class _Ruled(BaseModel):
    """What a rule says."""

    effect: EffectName = Field(
        description="What a request after acceptance does to the term: it begins anew with the answer, it is extended "
        "by the wait, or it runs on",
        examples=["restart"],
    )
    request_limit: Annotated[int, Field(strict=True, ge=1, le=100)] | None = Field(
        None, description="How many requests after acceptance; null: not said", examples=[1]
    )
    ask_within: Annotated[int, Field(strict=True, ge=0, le=1000)] | None = Field(
        None, description="In how many working days of reception one may be asked; null: not said", examples=[3]
    )
    answer_within: AnswerTerm | None = Field(None, description="How long the applicant has; null: not said")
    submission_within: AnswerTerm | None = Field(
        None, description="The same of an online submission, before acceptance; null: not said"
    )
    lapse: LapseName = Field(
        "nothing",
        description="What happens when that runs out. close: the dossier is stopped, a submission is not accepted, "
        "and the applicant gets the notice",
        examples=["close"],
    )
    notice: LongLine | None = Field(
        None, description="What the applicant is told then", examples=["Quá 60 ngày hồ sơ không được bổ sung"]
    )
    regime: ShortLine = Field(description="The law, short", examples=["61/2018/NĐ-CP"])
    citation: LongLine = Field(
        description="The law to the article, as an explanation cites it",
        examples=["Nghị định 61/2018/NĐ-CP, Điều 19(4)"],
    )
    basis: LongLine = Field(
        description="Where the rule comes from, and how sure it is", examples=["read in the codification"]
    )
    confirmed: bool = Field(strict=True, description="False: the text of the law was not read", examples=[True])


class _Because(Incoming):
    decision: ShortLine = Field(description="Number of the decision by which it is entered", examples=["12/QĐ-VP"])
    reason: Reasoning = Field(description="Why, for whoever looks later", examples=["Nghị định mới có hiệu lực"])
    retroactive: bool = Field(
        False,
        strict=True,
        description="Knowingly over dossiers received already. No date that was promised moves; what happens to them "
        "from now on is judged by the new rule",
    )


class SupplementRuleIn(_Because, _Ruled):
    """A rule for what is received from `valid_from` on."""

    procedure: Code | None = Field(
        None, description="The national core of the procedure it is for; null: the general rule", examples=["1.000195"]
    )
    valid_from: Day = Field(description="First day of reception; from tomorrow on unless `retroactive`")


class SupplementRuleEnd(_Because):
    """The end of a special rule: what is received later comes under the general one."""

    valid_to: Day = Field(description="Last day of reception; today or later unless `retroactive`")


class SupplementRule(_Ruled):
    """A rule and the days of reception for which it holds."""

    id: int = Field(description="Its number", examples=[2])
    procedure: str | None = Field(
        description="The national core of the procedure it is for; null: the general rule", examples=["1.000195"]
    )
    valid_from: date | None = Field(description="First day of reception; null: from the beginning")
    valid_to: date | None = Field(description="Last day of reception; null: still")
    decision: str | None = Field(description="By which an operator last changed it; null: it is as it came")
    reason: str | None = Field(description="Why an operator entered, ended or replaced it")
    changed_at: datetime | None = Field(description="When an operator entered, ended or replaced it")
    replaced: bool = Field(description="Another took its place: it never holds again", examples=[False])


class SupplementRulePage(BaseModel):
    """Rules, the latest entered first."""

    items: list[SupplementRule]
    next: str | None = Field(description="Cursor of the next page, null at the end")
