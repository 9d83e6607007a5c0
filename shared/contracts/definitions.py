"""What stats promises of the definitions of "on time" that are in use: wire models."""

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

#: The definitions that a report may be asked for. Those that are no rates (a roll-up, a set of columns) are not.
DefinitionId = Literal[
    "resolved",
    "decree-61",
    "gia-lai-monthly",
    "due-in-period",
    "three-shares",
    "decision-766",
    "completion",
]
DEFINITION_IDS: tuple[DefinitionId, ...] = get_args(DefinitionId)

#: Figures that only some definitions need: made from the dossiers when they are asked for. Each has a list too.
OnDemandCount = Literal[
    "resolved_otherwise",
    "uncollected",
    "pending_due_now",
    "pending_nearly_due",
    "pending_paused_overdue",
    "due_in_period",
    "due_on_time",
    "due_late",
    "due_overdue",
    "due_in_term",
    "due_otherwise",
    "national_on_time",
    "national_overdue",
]
ON_DEMAND_COUNTS: tuple[OnDemandCount, ...] = get_args(OnDemandCount)


class DefinedRate(BaseModel):
    """A rate as a definition makes it, with what it is made of."""

    value: str | None = Field(
        description="Percent, rounded as the definition rounds; null when there is nothing to divide by",
        examples=["97.51"],
    )
    numerator: int = Field(description="What is counted", examples=[125638])
    denominator: int = Field(description="Of how many", examples=[128843])


class RateDefinition(BaseModel):
    """How a definition makes one of its rates."""

    name: str = Field(description="Its name in `rates` of a report's rows", examples=["on_time"])
    title_vi: str = Field(examples=["Tỷ lệ đúng hạn"])
    title_en: str = Field(examples=["On time"])
    numerator: str = Field(description="A sum of figures", examples=["resolved_on_time"])
    denominator: str = Field(description="A sum of figures", examples=["resolved"])
    decimals: int = Field(description="Rounded half up to so many", examples=[2])
    remainder_of: str | None = Field(
        None, description="It is 100 % less that rounded rate, and not rounded on its own", examples=["late"]
    )


class ColumnDefinition(BaseModel):
    """A column of another system's report in terms of figures."""

    name: str = Field(description="As it is called there", examples=["tongTiepNhan"])
    formula: str | None = Field(description="A sum of figures; null: this system does not count it")


class OnTimeDefinition(BaseModel):
    """One definition of "on time" that is in use."""

    model_config = ConfigDict(populate_by_name=True)

    id: str = Field(description="What a report's `definition` takes, where kind is `rates`", examples=["resolved"])
    version: int = Field(description="Rises when it changes its meaning; a report names both", examples=[1])
    kind: Literal["rates", "roll_up", "columns"] = Field(
        description="rates: percentages; roll_up: whose dossiers count for a unit; columns: names of the same figures"
    )
    title_vi: str = Field(examples=["Đúng hạn trên đã giải quyết"])
    title_en: str = Field(examples=["On time of what was resolved"])
    formula: str = Field(description="All of it in words of the figures", examples=["resolved_on_time / resolved"])
    rates: list[RateDefinition] = Field(description="Empty where kind is not `rates`")
    counts: list[str] = Field(
        description="Figures that it shows beside the standing ones", examples=[["due_in_period"]]
    )
    columns: list[ColumnDefinition] = Field(description="Empty where kind is not `columns`")
    used_by: list[str] = Field(description="Who publishes figures by it", examples=[["UBND tỉnh Quảng Trị, 2019"]])
    source: str = Field(description="The document it comes from", examples=["3322/UBND-NC (24/7/2019)"])
    confirmed: bool = Field(description="false: inferred from published figures, or read in part")
    note: str = Field(description="How it is read here, and what to beware of")


Rates = Annotated[
    dict[str, DefinedRate] | None,
    Field(description="By the definition that was asked for, by name of the rate; absent unless one was"),
]
Counts = Annotated[
    dict[str, int] | None,
    Field(description="The figures that this definition needs beside the standing ones; absent unless one was asked"),
]
