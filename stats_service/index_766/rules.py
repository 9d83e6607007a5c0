"""From counts to scores, as the rule versions say, and which periods may be asked for. Pure.

Points are exact fractions until they are rounded, half up to two decimals, each metric on its own; totals are sums of
what was rounded, as the national portal's are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from shared.contracts.index_766 import ReasonName, ScopeName
from shared.contracts.stats import CutName
from shared.domain.agencies import Agency, Level
from shared.web.problems import Problem, invalid
from stats_service.index_766.rule_file import GroupRule, MetricRule, RuleVersion, ScoreRule
from stats_service.national_scoring.rules import NationalCounts
from stats_service.periods.rules import BEGINS_ON, Period, checked_period, days_of

_ZERO = Decimal("0.00")
_NOT_HERE = (
    "Chỉ tiêu này không áp dụng cho cấp xã",
    "This indicator is not for communes",
)
_NOT_BY_UNIT = (
    "Danh mục không cho biết sở nào giải quyết thủ tục nào",
    "The catalogue does not say which department handles which procedure",
)


def half_up(value: Fraction) -> Decimal:
    """Two decimals, rounded half up. `value` is not negative."""
    return Decimal((value.numerator * 200 + value.denominator) // (2 * value.denominator)).scaleb(-2)


@dataclass(frozen=True, slots=True)
class Measured:
    """What an indicator is computed from. parts: other counts beside it, for whoever checks."""

    numerator: int
    denominator: int
    parts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Why there is no score, or no number at all."""

    code: ReasonName
    why_vi: str
    why_en: str


@dataclass(frozen=True, slots=True)
class MetricScore:
    """An indicator scored. ratio: percent."""

    rule: MetricRule
    measured: Measured | None
    ratio: Decimal | None
    score: Decimal | None
    unavailable: Unavailable | None


@dataclass(frozen=True, slots=True)
class Points:
    """Points of a group, or of all. score: None unless all of it could be computed; max_computed: of what maximum the
    computed points are; max - max_computed cannot be computed here. measured: there was something to divide by,
    or points are given without."""

    score: Decimal | None
    computed: Decimal | None
    max: Decimal
    max_computed: Decimal
    measured: bool = True

    @property
    def ratio(self) -> Decimal | None:
        """The score in percent of the maximum; None where nothing was measured."""
        if self.score is None or not self.max or not self.measured:
            return None
        return half_up(Fraction(self.score) * 100 / Fraction(self.max))


@dataclass(frozen=True, slots=True)
class GroupScore:
    """A group scored."""

    rule: GroupRule
    points: Points
    metrics: Sequence[MetricScore]


def share_scored(
    rule: ScoreRule, maximum: Decimal, numerator: int, denominator: int
) -> tuple[Decimal | None, Decimal | None]:
    """The share in percent, and its score. Nothing to divide by: there is no share (the portal prints some of them as
    0), and the score is what the portal gives this indicator then."""
    if denominator == 0:
        nothing = {"null": None, "zero": _ZERO, "full": half_up(Fraction(maximum))}
        return None, nothing[rule.when_nothing]
    share = Fraction(numerator, denominator)
    points = Fraction(maximum) * share / Fraction(rule.threshold or 1)
    return half_up(share * 100), half_up(min(Fraction(maximum), points) if rule.capped else points)


def metric_scored(rule: MetricRule, scope: ScopeName, measured: Mapping[str, Measured | None]) -> MetricScore:
    """An indicator from what was measured (by the name of its data; None: not for this unit)."""
    if scope not in rule.scope:
        return MetricScore(rule, None, None, None, Unavailable("not_applicable", *_NOT_HERE))
    told = Unavailable(rule.reason, rule.why_vi, rule.why_en) if rule.reason and rule.why_vi and rule.why_en else None
    if rule.data is None:
        return MetricScore(rule, None, None, None, told)
    found = measured[rule.data]
    if found is None:
        return MetricScore(rule, None, None, None, Unavailable("no_data", *_NOT_BY_UNIT))
    if rule.rule.kind != "share" or rule.max is None:
        whole = found.denominator
        ratio = half_up(Fraction(found.numerator * 100, whole)) if whole else None
        return MetricScore(rule, found, ratio, None, told)
    ratio, score = share_scored(rule.rule, rule.max, found.numerator, found.denominator)
    return MetricScore(rule, found, ratio, score, None)


def group_scored(rule: GroupRule, metrics: Sequence[MetricScore]) -> GroupScore:
    """A group from its indicators. What has no denominator counts nothing where the portal counts it so."""
    counting = [metric for metric in metrics if metric.rule.max]
    known = [
        metric.score if metric.score is not None else _ZERO
        for metric in counting
        if metric.unavailable is None and (metric.score is not None or rule.null_is_zero)
    ]
    of_known = [
        metric.rule.max or _ZERO
        for metric in counting
        if metric.unavailable is None and (metric.score is not None or rule.null_is_zero)
    ]
    computed = sum(known, _ZERO) if known else None
    whole = bool(counting) and len(known) == len(counting)
    measured = any(metric.ratio is not None or metric.score for metric in counting)
    points = Points(computed if whole else None, computed, rule.max, sum(of_known, _ZERO), measured)
    return GroupScore(rule, points, metrics)


def scored(version: RuleVersion, scope: ScopeName, measured: Mapping[str, Measured | None]) -> list[GroupScore]:
    """All groups of a version."""
    return [
        group_scored(group, [metric_scored(metric, scope, measured) for metric in group.metrics])
        for group in version.groups
    ]


def points_added(groups: Iterable[GroupScore]) -> Points:
    """All groups together: whole only if each is."""
    all_points = [group.points for group in groups]
    scores = [points.score for points in all_points]
    computed = [points.computed for points in all_points if points.computed is not None]
    return Points(
        None if None in scores else sum((score for score in scores if score is not None), _ZERO),
        sum(computed, _ZERO) if computed else None,
        sum((points.max for points in all_points), _ZERO),
        sum((points.max_computed for points in all_points), _ZERO),
        any(points.measured for points in all_points),
    )


@dataclass(frozen=True, slots=True)
class Offered:
    """So many procedures in force that the same levels handle, and how far they are online. online_level: as the
    catalogue has it; online: they have an online channel."""

    levels: frozenset[str]
    online_level: str | None
    online: bool
    procedures: int


def measures(
    counts: NationalCounts, offered: Iterable[Offered], levels: frozenset[Level] | None, full_online: str
) -> dict[str, Measured | None]:
    """What the indicators are computed from. levels: of the units counted, on the last day; None: which procedures
    they handle is not known."""
    return {
        "progress": Measured(counts.on_time, counts.dossiers, {"over": counts.over, "overdue": counts.overdue}),
        "full_online_dossiers": Measured(counts.online_full, counts.eligible_full),
        "online_procedures": None if levels is None else _procedures(offered, levels, full_online),
        "channels": Measured(
            counts.received_online,
            counts.received,
            {"online": counts.received_online, "counter": counts.received_counter, "post": counts.received_post},
        ),
    }


def _procedures(offered: Iterable[Offered], levels: frozenset[Level], full_online: str) -> Measured:
    ours = [each for each in offered if not each.levels.isdisjoint(levels)]
    online = sum(each.procedures for each in ours if each.online)
    full = sum(each.procedures for each in ours if each.online and each.online_level == full_online)
    unknown = sum(each.procedures for each in ours if each.online_level is None)
    parts = {"full_online": full, "level_not_known": unknown}
    return Measured(online, sum(each.procedures for each in ours), parts)


def scope_of(agency: Agency) -> ScopeName:
    """The portal scores provinces (with their departments) and communes; a district, of before July 2025, is scored
    as a province's unit is."""
    return "commune" if agency.level is Level.COMMUNE else "province"


def knows_its_procedures(agency: Agency) -> bool:
    """Whether the catalogue says what a unit handles: by level, so not of a department, which handles its sectors."""
    return agency.level in (Level.COMMUNE, Level.DISTRICT) or agency.parent_id is None


def two(value: Decimal | None) -> str | None:
    """As it goes out: two decimals."""
    return f"{value:.2f}" if value is not None else None


def _not_ended(field: str, today: date, begins_on: int) -> Problem:
    last = Period(today, today, begins_on).month - timedelta(days=1)
    return invalid(field, "month_not_ended", expected=f"{last:%Y-%m}")


def index_period(
    name: str | None, first: date | None, last: date | None, today: date, cut: CutName = "calendar"
) -> Period:
    """The period by its name (2026, 2026-H1, 2026-Q3, 2026-08), as months are cut, or by its days. A year, half or
    quarter that runs is taken up to today; a month only once it has ended, as on the portal."""
    begins_on = BEGINS_ON[cut]
    if name is not None:
        if first is not None or last is not None:
            raise invalid("period", "period_or_days_only")
        first, last = days_of(name, begins_on)
        if first > today:
            raise invalid("period", "period_in_future", day=today.isoformat())
        running = first <= today < last and (last - first).days > _LONGEST_MONTH
        if first <= today <= last and not running:
            raise _not_ended("period", today, begins_on)
        last = today if running else last
        return checked_period(first, last, today, begins_on, fields=("period", "period"))
    if first is None and last is None:
        raise invalid("period", "period_or_days")
    if first is None or last is None:
        raise invalid("to" if first else "from", "required")
    period = checked_period(first, last, today, begins_on)
    if period.month == Period(today, today, begins_on).month:
        raise _not_ended("to", today, begins_on)
    return _within_a_year(period)


_LONGEST_MONTH = 31


def _within_a_year(period: Period) -> Period:
    """The portal is asked for a year, or a part of one, and shows its twelve months: a period over two years would have
    months that nobody sees. A named one lies within its year."""
    if (period.last - period.first).days >= 366:
        raise invalid("from", "period_too_long", limit="12")
    if period.month.year != year_of(period):
        raise invalid("from", "period_in_two_years")
    return period


def months_of_year(period: Period) -> list[Period | None]:
    """The twelve months of the year in which the period ends, each as far as it lies within; None: it does not."""
    within = {month.month: month for month in period.months()}
    return [within.get(date(year_of(period), number, 1)) for number in range(1, 13)]


def year_of(period: Period) -> int:
    """The year in which a period ends, as its months are cut: of 21/12 to 20/1 the later one."""
    return Period(period.last, period.last, period.begins_on).month.year


def version_for(versions: Sequence[RuleVersion], period: Period, named: str | None) -> RuleVersion:
    """The version that holds on the last day of the period, or the one that is named, whenever it held."""
    day = period.last
    if named is not None:
        for version in versions:
            if version.version == named:
                return version
        raise invalid("rules", "unknown_rule_version", expected=", ".join(version.version for version in versions))
    for version in versions:
        if version.in_force(day):
            return version
    there = ", ".join(version.version for version in versions)
    raise invalid(period.end_field, "no_rule_version", day=day.isoformat(), expected=there)
