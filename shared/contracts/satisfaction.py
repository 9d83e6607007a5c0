"""How satisfied applicants are, as stats tells it: to whoever watches over an agency, and to everybody."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.contracts.agencies import LevelName
from shared.contracts.fields import Code
from shared.contracts.ratings import CriterionName, RatingLevel
from shared.contracts.stats import MAX_LIST_ITEMS, DaysQuery, PageCursor, Period, Scope

SatisfactionGrouping = Literal["none", "agency", "tree", "month"]
SatisfactionFigure = Literal["rated", RatingLevel]

_Count = Annotated[int | None, Field(description="How many; null: too few ratings to be shown", examples=[12])]
_Share = Annotated[
    str | None,
    Field(
        description="Percent of `rated` with two decimals, rounded half up; null where there are too few ratings",
        examples=["92.31"],
    ),
]


class SatisfactionQuery(DaysQuery):
    """Whose ratings, given on which days, in which rows."""

    group_by: SatisfactionGrouping = Field(
        "none",
        description="agency: each unit's own figures, zeros included; tree: the same units with subtotals; month: each "
        "month of the period",
    )


class SatisfactionListQuery(DaysQuery):
    """Which figure to open, narrowed to the row in which it stands."""

    figure: SatisfactionFigure = Field(description="The figure whose dossiers are wanted", examples=["unsatisfied"])
    criterion: CriterionName | None = Field(None, description="Only dossiers that were given points for it")
    scope: Scope = Field("tree", description="own: of the unit alone; tree: with all units under it")
    unit: Code | None = Field(None, description="The key of a row of group_by=agency or tree", examples=["19333"])
    month: Annotated[str, StringConstraints(min_length=1, max_length=20)] | None = Field(
        None, description="The key of a row of group_by=month", examples=["2026-10"]
    )
    cursor: PageCursor = None
    limit: int = Field(50, ge=1, le=MAX_LIST_ITEMS, description="Dossiers on a page")


class SatisfactionFigures(BaseModel):
    """How many rated, and how."""

    rated: int = Field(description="Số hồ sơ được đánh giá", examples=[13])
    very_satisfied: _Count = Field(description="Rất hài lòng; null: too few ratings to be shown")
    satisfied: _Count = Field(description="Hài lòng; null: too few ratings to be shown")
    unsatisfied: _Count = Field(description="Không hài lòng; null: too few ratings to be shown")
    very_satisfied_share: _Share
    satisfied_share: _Share
    unsatisfied_share: _Share
    satisfaction_share: _Share = Field(description="(very_satisfied + satisfied) / rated, %; null: too few ratings")


class CriterionFigures(BaseModel):
    """What was given for one of the nine indices of TT 01/2018/TT-VPCP."""

    criterion: CriterionName = Field(description="The index", examples=["attitude"])
    name: str = Field(description="In Vietnamese", examples=["Thái độ của công chức"])
    rated: int = Field(description="How many gave points for it", examples=[9])
    mean: str | None = Field(
        description="Of 2, rounded half up to one decimal as the circular has it; null: too few ratings",
        examples=["1.8"],
    )


class RowFigures(SatisfactionFigures):
    """The same, with the indices."""

    criteria: list[CriterionFigures] = Field(description="All nine, in the circular's order")


class SatisfactionRow(RowFigures):
    """One row. level, parent and depth: of units; from and to: of months."""

    model_config = ConfigDict(populate_by_name=True)

    key: str = Field(description="Agency code, or month", examples=["19333"])
    name: str = Field(description="Its name", examples=["UBND Phường Đông Hà"])
    level: LevelName | None = Field(None, description="agency, tree: the unit's level")
    parent: str | None = Field(None, description="agency, tree: the key of the unit above; null at the top")
    depth: int | None = Field(None, description="agency, tree: 0 is the agency asked for", examples=[1])
    first: date | None = Field(None, alias="from", description="month: its first day within the period")
    last: date | None = Field(None, alias="to", description="month: its last day within the period")


class SatisfactionReport(BaseModel):
    """How the applicants of an agency rated what was done, by the day on which they first did."""

    agency: str = Field(description="The agency that was asked for", examples=["44"])
    agency_name: str = Field(description="Its name", examples=["UBND tỉnh Quảng Trị"])
    period: Period
    minimum: int = Field(description="Fewer ratings than this have no shares", examples=[5])
    group_by: SatisfactionGrouping = Field(description="What the rows are", examples=["agency"])
    total: RowFigures
    rows: list[SatisfactionRow]


class PublicSatisfactionRow(SatisfactionFigures):
    """What everybody may know of a unit's own ratings."""

    key: str = Field(description="Agency code", examples=["19333"])
    name: str = Field(description="Its name", examples=["UBND Phường Đông Hà"])
    level: LevelName = Field(description="The unit's level", examples=["commune"])


class PublicSatisfaction(BaseModel):
    """How satisfied applicants were in a quarter: the whole province, and each unit's own."""

    quarter: str = Field(description="The quarter", examples=["2026-Q3"])
    period: Period
    minimum: int = Field(description="Of fewer ratings than this nothing is shown but their number", examples=[5])
    total: SatisfactionFigures
    rows: list[PublicSatisfactionRow]
