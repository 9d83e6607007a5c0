"""Decision 766/QĐ-TTg over the wire: groups and indicators with what they were computed from, and what cannot be."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.agencies import LevelName
from shared.contracts.fields import Code, Day, InstantIn, ShortLine
from shared.contracts.stats import CutName, ReportFormat

ScopeName = Literal["province", "commune"]
ReasonName = Literal["no_data", "formula_unknown", "not_applicable"]
Basis766 = Literal["as_known_now", "as_recorded_then"]


class Index766Query(BaseModel):
    """Whose index, for which period, as known when, by which rules. What does not exist is refused."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    agency: Code = Field(description="Code in force on the last day of the period; with its subtree", examples=["44"])
    period: ShortLine | None = Field(
        None,
        description=(
            "2026, 2026-H1, 2026-Q3 or 2026-08, in place of from and to. A month only once it has ended; a year, half "
            "or quarter that runs is taken up to today"
        ),
        examples=["2026-08"],
    )
    first: Day | None = Field(None, alias="from", description="First day, included", examples=["2026-07-01"])
    last: Day | None = Field(
        None, alias="to", description="Last day, included; today at the latest", examples=["2026-09-30"]
    )
    cut: CutName = Field(
        "calendar",
        description="How months are cut, and with them quarters, halves and years: 21-20 begins them on the 21st of "
        "the month before and ends them on the 20th",
    )
    as_of: InstantIn | None = Field(
        None,
        description="Only what was recorded by then (slower); without it, what is known now",
        examples=["2026-10-05T08:00:00+07:00"],
    )
    level: ScopeName | None = Field(None, description="Only the units below that are scored at this level")
    rules: ShortLine | None = Field(
        None,
        description="A rule version by name, for a trial; without it the one in force on the last day of the period",
        examples=["766/1"],
    )
    format: ReportFormat = Field("json", description="csv, xlsx, docx, pdf: groups, units below and months as a table")


_Points = Annotated[str, Field(description="Points, two decimals", examples=["15.68"])]
_MaybePoints = Annotated[str | None, Field(description="Points, two decimals", examples=["15.68"])]
_Percent = Annotated[
    str | None, Field(description="Percent, two decimals, rounded half up; null: nothing to divide", examples=["78.38"])
]


class Points766(BaseModel):
    """Points of a group, or of all groups. Nothing that cannot be computed is taken for zero."""

    score: _MaybePoints = Field(description="Null unless all of it can be computed here")
    computed: _MaybePoints = Field(description="The sum of the points that can be computed; null: none can")
    max: _Points = Field(description="Greatest possible", examples=["100.00"])
    max_computed: _Points = Field(description="Of which maximum the computed points are", examples=["20.00"])
    max_unavailable: _Points = Field(description="max - max_computed: cannot be computed here", examples=["80.00"])
    ratio: _Percent = Field(
        description="score / max, %; null without a score, and where there was nothing to divide by"
    )


class Unavailable766(BaseModel):
    """Why there is no number, or no score."""

    code: ReasonName = Field(
        description=(
            "no_data: this system does not hold what it is made of; formula_unknown: there are numerator, denominator "
            "and ratio, but how they are scored is not known; not_applicable: not for a unit of this level"
        ),
        examples=["no_data"],
    )
    why_vi: str = Field(description="In Vietnamese", examples=["Phần thống kê chưa đọc phản ánh, kiến nghị"])
    why_en: str = Field(description="In English", examples=["Petitions are held here; statistics do not read them yet"])


class Metric766(BaseModel):
    """An indicator: what it is made of, and what it scores. Null is not zero."""

    no: int = Field(description="Its number in the national list", examples=[5])
    code: str = Field(description="As the portal has it", examples=["DOSSIER_SYNC"])
    code_is_ours: bool = Field(description="The portal has no code for it; this one is of this system")
    name_vi: str = Field(description="Its name", examples=["Tỷ lệ hồ sơ xử lý đúng hạn (trước hạn, đúng hạn)"])
    name_en: str = Field(description="The same in English", examples=["Dossiers on time"])
    scope: list[ScopeName] = Field(description="At which levels it is scored", examples=[["province", "commune"]])
    numerator: int | None = Field(description="Null where it is unavailable", examples=[144625])
    denominator: int | None = Field(description="Null where it is unavailable", examples=[184513])
    parts: dict[str, int] = Field(description="Other counts beside it, for whoever checks", examples=[{"over": 147765}])
    ratio: _Percent = Field(description="numerator / denominator, %")
    score: _MaybePoints = Field(description="Null where there is none")
    max: _MaybePoints = Field(description="Greatest possible; null: not known of this indicator alone")
    formula: str = Field(description="In words", examples=["on time / dossiers"])
    source: str = Field(description="Where formula and maximum come from", examples=["national portal, 8/2026"])
    confirmed: bool = Field(description="False: not read in the decision", examples=[False])
    rule_version: str = Field(description="Of the rules by which it was scored", examples=["766/1"])
    unavailable: Unavailable766 | None = Field(description="Why there is no score; null: there is one")


class GroupPoints766(Points766):
    """The points of a group."""

    code: str = Field(description="Short code; not verified", examples=["TDGQ"])
    name_vi: str = Field(description="Its name", examples=["Tiến độ giải quyết"])
    name_en: str = Field(description="The same in English", examples=["Progress"])


class Group766(GroupPoints766):
    """A group with its indicators."""

    formula: str = Field(description="How its points come from its indicators", examples=["20 × on time / dossiers"])
    source: str = Field(description="Where its maximum and formula come from", examples=["national portal, 8/2026"])
    confirmed: bool = Field(description="False: not read in the decision", examples=[False])
    metrics: list[Metric766]


class Average766(BaseModel):
    """How long dossiers took that were accepted and ended within the period (indicator 2.2)."""

    unit: Literal["working_hour", "working_day", "calendar_day", "month"] = Field(
        description="Of the procedure's term", examples=["working_day"]
    )
    dossiers: int = Field(description="How many it is made of", examples=[1204])
    average: str | None = Field(
        description="In that unit, two decimals; null: a year without a calendar", examples=["4.75"]
    )


class Progress766(BaseModel):
    """Dossiers as the national scoring judges them. received = on_time + overdue."""

    received: int = Field(description="Carried over and received in the period", examples=[184513])
    on_time: int = Field(description="Over on time, or open within term", examples=[144625])
    overdue: int = Field(description="Late, over or not", examples=[39888])
    completed: int = Field(description="Of received: over by the end of the period", examples=[147765])
    ratio: _Percent = Field(description="on_time / received, %")
    averages: list[Average766]


class Channels766(BaseModel):
    """Dossiers received in the period, by channel."""

    online: int = Field(description="Trực tuyến", examples=[150956])
    counter: int = Field(description="Trực tiếp", examples=[1639])
    post: int = Field(description="Bưu chính công ích", examples=[0])


class Child766(BaseModel):
    """A unit below, with all under it; or the asked agency's own dossiers, so that the rows add up to it."""

    key: str = Field(description="Its code; a code handed on carries its bearer's last day", examples=["19333"])
    name: str = Field(description="Its name", examples=["UBND Phường Đông Hà"])
    printed_name: str = Field(
        description="As tables print it: units that share a name carry their key", examples=["UBND Phường Đông Hà"]
    )
    level: LevelName = Field(description="Its administrative level", examples=["commune"])
    scored_as: ScopeName = Field(description="At which level it is scored", examples=["commune"])
    in_force: bool = Field(description="On the last day of the period")
    own: bool = Field(description="True: the asked agency's own dossiers, without the units below")
    progress: Progress766
    channels: Channels766
    total: Points766
    groups: list[GroupPoints766]


class Month766(BaseModel):
    """A month of the year in which the period ends. Its figures are null where it lies outside the period."""

    month: str = Field(description="Year and month", examples=["2026-08"])
    received: int | None = Field(description="Carried over and received in the month", examples=[184513])
    on_time_rate: _Percent = Field(description="On time, %")
    overdue_rate: _Percent = Field(description="Late, %")


class Contribution766(BaseModel):
    """Another index that these numbers bear on. This system does not compute it."""

    index: str = Field(description="Its name", examples=["PAR INDEX"])
    text_vi: str = Field(description="How, in Vietnamese", examples=["Được dùng khi chấm chỉ số"])
    text_en: str = Field(description="How, in English", examples=["Used in scoring the index"])
    groups: list[str] = Field(description="Codes of the groups it concerns", examples=[["TDGQ"]])
    source: str = Field(description="Where that comes from", examples=["3322/UBND-NC"])
    confirmed: bool = Field(description="False: not read in a document of that index", examples=[False])


class RuleVersion766(BaseModel):
    """The rules by which was scored."""

    version: str = Field(description="Its name", examples=["766/1"])
    title: str = Field(description="Of the decision", examples=["Quyết định 766/QĐ-TTg ngày 23/6/2022"])
    valid_from: date = Field(description="First day", examples=["2022-06-23"])
    valid_to: date | None = Field(description="Last day; null: still")
    in_force: bool = Field(description="On the last day of the period; false: a trial")
    source: str = Field(description="Where it was read", examples=["national portal, 8/2026"])
    confirmed: bool = Field(description="False: not read in the decision", examples=[False])
    note_vi: str = Field(description="What is not sure of it", examples=["Mã ngắn của nhóm chưa được xác minh."])
    note_en: str = Field(description="The same in English", examples=["The short codes are not verified."])


class Period766(BaseModel):
    """Both days included."""

    model_config = ConfigDict(populate_by_name=True)

    first: date = Field(alias="from", description="First day", examples=["2026-08-01"])
    last: date = Field(alias="to", description="Last day", examples=["2026-08-31"])


class Index766Report(BaseModel):
    """The index of an agency: all of it with the indicators, the units below, and the months."""

    agency: str = Field(description="The agency that was asked for", examples=["44"])
    agency_name: str = Field(description="Its name", examples=["UBND tỉnh Quảng Trị"])
    level: LevelName = Field(description="Its administrative level", examples=["province"])
    scored_as: ScopeName = Field(description="At which level it is scored", examples=["province"])
    period: Period766
    as_of: datetime = Field(description="The instant of knowledge: as asked, or when the report was made")
    basis: Basis766 = Field(
        description="as_known_now: with all corrections made since; as_recorded_then: only what was recorded by as_of"
    )
    synthetic: bool = Field(description="Whether made-up data was imported into this installation")
    rules: RuleVersion766
    total: Points766
    progress: Progress766
    channels: Channels766
    groups: list[Group766]
    children: list[Child766] = Field(description="The units directly below, in Vietnamese order of their names")
    months: list[Month766] = Field(description="Twelve, January first")
    contributes_to: list[Contribution766]
