"""Both verdicts on the dossiers of an agency in a period."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from shared.contracts.national_verdicts import DifferenceName, WhichVerdicts
from shared.domain.civil_time import civil_day
from shared.domain.explanation import Line
from shared.domain.national import Scored, explained_nationally, scored
from shared.domain.working_calendar import CalendarMissing
from shared.reference import Reference
from shared.web.database import Reading
from stats_service.index_766.rule_file import RuleVersion
from stats_service.index_766.rules import MetricScore, measures, metric_scored, scope_of, version_for
from stats_service.national_scoring import store
from stats_service.national_scoring.rules import (
    NOTHING,
    Doubtful,
    longest_of,
    on_time,
    versions_with_other_terms,
)
from stats_service.national_scoring.usecases import FULL_ONLINE, NationalPeriod
from stats_service.national_verdicts.rules import Facts, Sums, Tally, ends_of, explained_by_law, waits_in
from stats_service.reports.store import any_synthetic
from stats_service.reports.usecases import Asked

#: Before all days and ids.
BEGINNING = (date.min, 0)


@dataclass(frozen=True, slots=True)
class Compared:
    """The sums, and the score that progress would get. metric: None: no rule version holds there."""

    sums: Sums
    rules: RuleVersion | None
    metric: MetricScore | None
    synthetic: bool


@dataclass(frozen=True, slots=True)
class Side:
    """A dossier with both verdicts. national: None: a year has no calendar, and it is taken for late."""

    row: asyncpg.Record
    kind: DifferenceName | None
    law: Sequence[Line]
    national: Scored | None
    told: Sequence[Line]


def score_rules(versions: Sequence[RuleVersion], asked: Asked, named: str | None) -> RuleVersion | None:
    """The rules to score by: those named, else those in force on the last day; None: none are."""
    if named is None and not any(version.in_force(asked.period.last) for version in versions):
        return None
    return version_for(versions, asked.period, named)


async def compared(connection: Reading, reference: Reference, asked: Asked, rules: RuleVersion | None) -> Compared:
    """The sums of a period, of one snapshot of the database."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        rows = await store.tallied(connection, await comparison_of(connection, reference, asked))
        synthetic = await any_synthetic(connection)
    sums = Sums([Tally(*row) for row in rows])
    return Compared(sums, rules, progress_scored(rules, asked, sums) if rules else None, synthetic)


def progress_scored(rules: RuleVersion, asked: Asked, sums: Sums) -> MetricScore | None:
    """The indicator of progress, as the index of Decision 766 scores it; None: these rules have none."""
    counts = NOTHING._replace(dossiers=sums.of(), on_time=sums.of(national=False), over=sums.of(over=True))
    measured = measures(counts, (), None, FULL_ONLINE)
    metrics = (metric for group in rules.groups for metric in group.metrics if metric.data == "progress")
    return next((metric_scored(metric, scope_of(asked.agency), measured) for metric in metrics), None)


async def page(
    connection: Reading,
    reference: Reference,
    asked: Asked,
    *,
    verdicts: WhichVerdicts,
    kind: DifferenceName | None,
    after: tuple[date, int],
    limit: int,
) -> list[Side]:
    """Dossiers with both verdicts, after the one of a day with an id."""
    until = period_seen(asked).until
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        comparison = await comparison_of(connection, reference, asked)
        rows = await store.side_by_side(connection, comparison, verdicts=verdicts, kind=kind, after=after, limit=limit)
        courses: dict[int, list[tuple[str, datetime]]] = defaultdict(list)
        for dossier_id, what, at in await store.courses(connection, [row["id"] for row in rows], until, asked.as_of):
            courses[dossier_id].append((what, at))
    return [_side(row, courses[row["id"]], reference, until) for row in rows]


def _side(row: asyncpg.Record, course: Sequence[tuple[str, datetime]], reference: Reference, until: datetime) -> Side:
    law = explained_by_law(Facts(row["due_day"], row["late_day"], row["finished_day"], row["late_by_law"]))
    doubtful = Doubtful(row["version_id"], row["accepted_at"], row["over_at"], None, None)
    try:
        longest = longest_of(doubtful, reference) if row["original_due_at"] is None else None
    except CalendarMissing:
        return Side(row, row["kind"], law, None, [NO_CALENDAR])
    found = scored(
        row["original_due_at"],
        waits_in(course),
        ends_of(course, row["over_at"]),
        accepted_at=row["accepted_at"],
        until=until,
        longest=longest,
        compare=reference.national,
    )
    return Side(row, row["kind"], law, found, explained_nationally(found))


#: Said of what nobody can judge.
NO_CALENDAR = Line(
    "Thời hạn của thủ tục rơi vào năm chưa có lịch làm việc: coi là quá hạn.",
    "The procedure's term ends in a year without a calendar: taken for late.",
)


def period_seen(asked: Asked) -> NationalPeriod:
    """The period as the national scoring sees it."""
    period = asked.period
    return NationalPeriod(asked.landscape.agencies, period.first, period.last, asked.as_of, asked.known_at)


async def comparison_of(connection: Reading, reference: Reference, asked: Asked) -> store.Comparison:
    """The question, with what SQL cannot judge judged."""
    period, others = period_seen(asked), versions_with_other_terms(reference.versions)
    question = period.question(reference.national)
    rows = await store.doubtful(connection, question, with_other_terms=others, full_online=FULL_ONLINE)
    judged = ((row["id"], Doubtful(*(row[name] for name in Doubtful._fields))) for row in rows)
    late = [dossier_id for dossier_id, dossier in judged if not on_time(dossier, reference, period.until)]
    day = civil_day(asked.as_of) if asked.as_of else None
    return store.Comparison(question, others, FULL_ONLINE, day, late)
