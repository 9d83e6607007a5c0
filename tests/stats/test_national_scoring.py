"""Cách tính quốc gia trên cả kỳ: what SQL counts in one pass is what shared.domain.national says of each dossier."""

import json
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, cast

import asyncpg
import pytest
import pytest_asyncio

from shared.domain.civil_time import civil_day, end_of
from shared.domain.lifecycle import Channel, EventKind
from shared.domain.national import Compare, Ends, Wait, longest_limit, scored
from shared.domain.terms import TermUnit
from shared.reference import Reference
from shared.reference.store import read_reference
from shared.web.clock import now
from stats_service.national_scoring.rules import NO_HOURS, Average, Hours, NationalCounts, averages, national_added
from stats_service.national_scoring.usecases import (
    NationalPeriod,
    national_counts,
    national_hours,
    nationally_overdue,
)
from tests.builders import Built, a_dossier
from tests.support import JUSTICE, PROVINCE, REGISTER_COPY, WARD, at

FIRST, LAST = date(2025, 9, 1), date(2026, 1, 31)
PERIODS = (
    (date(2025, 10, 1), date(2025, 10, 31)),
    (date(2025, 9, 15), date(2025, 12, 14)),
    (date(2026, 1, 1), date(2026, 1, 31)),
)
MINUTE = timedelta(minutes=1)


@dataclass
class Lived:
    """A stored dossier and what happened to it."""

    built: Built
    channel: Channel
    accepted: datetime
    waits: list[Wait]
    finished: datetime | None


async def write(
    owner: asyncpg.Connection,
    reference: Reference,
    accepted: datetime,
    waits: Sequence[Wait],
    finished: datetime | None,
    *,
    as_: EventKind = EventKind.FINISHED,
    **more: Any,
) -> Lived:
    happened = []
    for wait in waits:
        happened.append((EventKind.SUPPLEMENT_REQUESTED, wait.asked_at))
        if wait.answered_at is not None:
            happened.append((EventKind.SUPPLEMENTED, wait.answered_at))
    if finished is not None:
        happened.append((as_, finished))
    built = await a_dossier(owner, reference, accepted=accepted, happened=happened, **more)
    return Lived(built, more.get("channel", Channel.COUNTER), accepted, list(waits), finished)


async def a_life(rng: random.Random, owner: asyncpg.Connection, reference: Reference, codes: Sequence[str]) -> Lived:
    """A random one: no, one or two requests, answered or not, over or not."""
    code = rng.choice(codes)
    version = reference.procedure_on(code, FIRST)
    assert version is not None
    channel = rng.choice(list(version.terms))
    moment = at("Monday 2025-09-01 08:00") + MINUTE * rng.randrange(60 * 24 * 140)
    accepted = moment
    waits: list[Wait] = []
    finished = None
    for _ in range(rng.choice([0, 0, 1, 1, 1, 2])):
        asked = moment = moment + MINUTE * rng.randrange(1, 60 * 24 * 6)
        if rng.random() < 0.2:  # it never came, and half of them are taken back
            over = asked + MINUTE * rng.randrange(1, 60 * 24 * 40) if rng.random() < 0.5 else None
            kind = rng.choice([EventKind.WITHDRAWN, EventKind.STOPPED])
            named: dict[str, Any] = {"procedure": code, "channel": channel, "agency": WARD, "as_": kind}
            return await write(owner, reference, accepted, [*waits, Wait(asked)], over, **named)
        moment += MINUTE * rng.randrange(1, 60 * 24 * 10)
        waits.append(Wait(asked, moment))
    if rng.random() < 0.8:
        finished = moment + MINUTE * rng.randrange(1, 60 * 24 * 25)
    agency = rng.choice([WARD, JUSTICE, PROVINCE])
    return await write(owner, reference, accepted, waits, finished, procedure=code, channel=channel, agency=agency)


async def a_saved_life(rng: random.Random, owner: asyncpg.Connection, reference: Reference, code: str) -> Lived:
    """Two hours of the agency's own, and twenty days between them that it waited."""
    accepted = at("Monday 2025-09-01 08:00") + MINUTE * rng.randrange(60 * 24 * 100)
    asked = accepted + timedelta(hours=1)
    answered = asked + timedelta(days=20)
    named: dict[str, Any] = {"procedure": code, "channel": Channel.COUNTER, "agency": WARD}
    return await write(owner, reference, accepted, [Wait(asked, answered)], answered + timedelta(hours=1), **named)


def judged(life: Lived, reference: Reference, last: date, known_at: datetime) -> bool:
    """As the domain says, one dossier at a time."""
    until = min(end_of(last) - timedelta(microseconds=1), known_at)
    due = life.built.account.original_due
    longest = longest_limit(life.accepted, reference.versions[life.built.version_id].all_terms, reference.calendar)
    return scored(
        due.at if due else None,
        life.waits,
        Ends(life.finished),
        accepted_at=life.accepted,
        until=until,
        longest=longest,
        compare=reference.national,
    ).on_time


@dataclass
class Scene:
    owner: asyncpg.Connection
    stats: asyncpg.Connection
    reference: Reference
    lives: list[Lived]

    async def counts(self, first: date, last: date, as_of: datetime | None = None) -> dict[int, NationalCounts]:
        period = self.period(first, last, as_of)
        async with self.stats.transaction():
            return await national_counts(cast(Any, self.stats), self.reference, period)

    async def overdue(self, first: date, last: date, as_of: datetime | None = None) -> set[int]:
        async with self.stats.transaction():
            period = self.period(first, last, as_of)
            return set(await nationally_overdue(cast(Any, self.stats), self.reference, period))

    async def hours(self, first: date, last: date, as_of: datetime | None = None) -> dict[int, Hours]:
        async with self.stats.transaction():
            return dict(await national_hours(cast(Any, self.stats), self.reference, self.period(first, last, as_of)))

    def period(self, first: date, last: date, as_of: datetime | None) -> NationalPeriod:
        agencies = sorted(self.reference.agencies.by_id)
        return NationalPeriod(agencies, first, last, as_of, as_of or now())


def _days(reference: Reference, code: str) -> int:
    version = reference.procedure_on(code, FIRST)
    assert version is not None
    return int(version.terms[Channel.COUNTER].value)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scene(database) -> AsyncIterator[Scene]:
    owner = await asyncpg.connect(database.owner_url)
    stats = await asyncpg.connect(database.url("motcua_stats"))
    reference = await read_reference(owner)
    rng = random.Random(766)
    by_unit: dict[TermUnit, list[str]] = {}
    for code in sorted(reference.procedures):
        version = reference.procedure_on(code, FIRST)
        if version is not None and len(version.cases.get(Channel.COUNTER, {})) == 1:
            by_unit.setdefault(version.terms[Channel.COUNTER].unit, []).append(code)
    assert {TermUnit.WORKING_DAY, TermUnit.CALENDAR_DAY, TermUnit.WORKING_HOUR, TermUnit.NONE} <= set(by_unit)
    codes = [code for found in by_unit.values() for code in found[:3]]
    lives = [await a_life(rng, owner, reference, codes) for _ in range(400)]
    days = [code for code in by_unit[TermUnit.WORKING_DAY] if 2 <= _days(reference, code) <= 10][:3]
    lives += [await a_saved_life(rng, owner, reference, rng.choice(days)) for _ in range(12)]
    yield Scene(owner, stats, reference, lives)
    await owner.close()
    await stats.close()


@pytest.mark.parametrize("compare", Compare)
@pytest.mark.parametrize("as_of", [None, "Wednesday 2025-10-15 12:00", "Sunday 2025-11-30 23:30"])
@pytest.mark.parametrize("period", PERIODS, ids=str)
async def test_the_count_is_the_domains_word_dossier_by_dossier(scene, period, as_of, compare):
    scene = replace(scene, reference=replace(scene.reference, national=compare))
    first, last = period
    known_at = at(as_of) if as_of else now()
    expected: dict[int, list[bool]] = {}
    late: set[int] = set()
    for life in scene.lives:
        over = life.finished if life.finished is not None and life.finished <= known_at else None
        seen = life.accepted <= known_at and civil_day(life.accepted) <= last
        if seen and (over is None or civil_day(over) >= first):
            on_time = judged(life, scene.reference, last, known_at)
            expected.setdefault(life.built.agency_id, []).append(on_time)
            late |= set() if on_time else {life.built.id}
    assert await scene.overdue(first, last, at(as_of) if as_of else None) == late, "the very dossiers, for their list"
    found = await scene.counts(first, last, at(as_of) if as_of else None)
    assert {unit: (c.dossiers, c.on_time) for unit, c in found.items()} == {
        unit: (len(each), sum(each)) for unit, each in expected.items()
    }
    if as_of is None:
        assert 0 < sum(map(sum, expected.values())) < sum(map(len, expected.values())), "both verdicts occur"


async def test_some_were_saved_by_their_wait(scene):
    """Late by their dates, on time once the wait is subtracted: without them the test above shows half."""
    last, known_at = LAST, now()
    rescued = [
        life
        for life in scene.lives
        if len(life.waits) == 1 and life.waits[0].answered_at and judged(life, scene.reference, last, known_at)
        if life.finished and (due := life.built.account.original_due) and life.finished > due.at
    ]
    assert len(rescued) > 5


async def test_some_were_taken_back_before_their_supplement_came(scene):
    """Asked in time and taken back too late: judged as of the request they would be on time."""
    taken_back = [
        life
        for life in scene.lives
        if len(life.waits) == 1 and life.waits[0].answered_at is None and life.finished
        if (due := life.built.account.original_due) and life.waits[0].asked_at < due.late_from <= life.finished
    ]
    assert len(taken_back) > 5
    assert not any(judged(life, scene.reference, date(2026, 3, 31), now()) for life in taken_back)


async def test_averages_are_in_the_procedures_own_unit(scene):
    first, last = PERIODS[1]
    took: dict[str, list[Fraction]] = {}
    for life in scene.lives:
        if life.finished is None or not (first <= civil_day(life.accepted) and civil_day(life.finished) <= last):
            continue
        version = scene.reference.versions[life.built.version_id]
        unit, days = version.terms[life.channel].unit, (civil_day(life.accepted), civil_day(life.finished))
        if unit in (TermUnit.WORKING_DAY, TermUnit.SAME_DAY):
            value = Fraction(scene.reference.calendar.working_days_between(*days))
            took.setdefault("working_day", []).append(value)
        elif unit is TermUnit.CALENDAR_DAY:
            took.setdefault(unit.value, []).append(Fraction((days[1] - days[0]).days))
        elif unit is TermUnit.MONTH:
            took.setdefault(unit.value, []).append(Fraction((days[1] - days[0]).days, 30))
        elif unit is TermUnit.WORKING_HOUR:
            sessions = scene.reference.sessions_of(life.built.agency_id, days[0])
            worked = scene.reference.calendar.working_time_between(life.accepted, life.finished, sessions)
            took.setdefault(unit.value, []).append(Fraction(worked // MINUTE, 60))
    counts = national_added((await scene.counts(first, last)).values())
    ended, worked = 0, timedelta()
    for hours in (await scene.hours(first, last)).values():
        ended, worked = ended + hours.ended, worked + hours.worked
    found = {each.unit: (each.dossiers, each.value) for each in averages(counts, Hours(ended, worked))}
    assert found == {unit: (len(each), sum(each) / len(each)) for unit, each in took.items()}
    assert {"working_hour", "working_day", "calendar_day"} <= set(found)


async def test_channels_are_of_what_was_accepted_in_the_period(scene):
    first, last = PERIODS[0]
    accepted = [life for life in scene.lives if first <= civil_day(life.accepted) <= last]
    counts = national_added((await scene.counts(first, last)).values())
    by_channel = [sum(life.channel is channel for life in accepted) for channel in Channel]
    assert [counts.received_counter, counts.received_online, counts.received_post] == by_channel
    assert counts.received < counts.dossiers, "what was carried over counts as well"


@pytest.mark.parametrize(
    ("waits", "finished", "on_time"),
    [
        ([], "Tuesday 2025-12-02 16:59", True),  # a working day: due on Tuesday 2/12
        ([], "Wednesday 2025-12-03 00:00", False),
        ([("Tuesday 2025-12-02 09:00", None)], None, True),  # still awaited: judged as of the request
        ([("Wednesday 2025-12-03 09:00", None)], None, False),
        ([("Tuesday 2025-12-02 09:00", "Thursday 2025-12-04 09:00")], "Thursday 2025-12-04 16:00", True),
        ([("Tuesday 2025-12-02 09:00", "Thursday 2025-12-04 09:00")], "Friday 2025-12-05 08:00", False),
        (
            [
                ("Monday 2025-12-01 10:00", "Monday 2025-12-01 11:00"),
                ("Monday 2025-12-01 14:00", "Monday 2025-12-01 15:00"),
            ],
            "Tuesday 2025-12-02 08:00",
            False,  # a second request is late, whatever the dates
        ),
    ],
)
async def test_by_example(fresh_database, waits, finished, on_time):
    owner = await asyncpg.connect(fresh_database.owner_url)
    reference = await read_reference(owner)
    asked = [Wait(at(begin), at(end) if end else None) for begin, end in waits]
    accepted = at("Monday 2025-12-01 08:00")
    await write(owner, reference, accepted, asked, at(finished) if finished else None, procedure=REGISTER_COPY)
    scene = Scene(owner, owner, reference, [])
    found = national_added((await scene.counts(date(2025, 12, 1), date(2025, 12, 31))).values())
    assert (found.dossiers, found.on_time, found.overdue) == (1, int(on_time), int(not on_time))
    await owner.close()


async def test_a_year_without_a_calendar_has_no_average_and_still_counts(fresh_database):
    owner = await asyncpg.connect(fresh_database.owner_url)
    reference = await read_reference(owner)
    accepted = at("Monday 2025-12-01 08:00")
    await write(owner, reference, accepted, [], at("Tuesday 2025-12-02 08:00"), procedure=REGISTER_COPY)
    await owner.execute("DELETE FROM calendar_year WHERE year = 2024")
    scene = Scene(owner, owner, await read_reference(owner), [])
    counts = national_added((await scene.counts(date(2024, 12, 1), date(2025, 12, 31))).values())
    assert counts.dossiers == counts.on_time == 1
    assert averages(counts, NO_HOURS) == [Average("working_day", 1, None)]
    await owner.close()


@pytest.mark.parametrize("what", ["procedure", "case"])
async def test_as_recorded_then_it_is_of_the_procedure_and_case_of_then(fresh_database, what):
    """Corrected once it was over: from working days to calendar days."""
    owner = await asyncpg.connect(fresh_database.owner_url)
    reference = await read_reference(owner)
    first, last = date(2025, 12, 1), date(2025, 12, 31)
    other = next(
        version
        for code in sorted(reference.procedures)
        if (version := reference.procedure_on(code, first)) is not None
        and Channel.COUNTER in version.terms
        and version.terms[Channel.COUNTER].unit is TermUnit.CALENDAR_DAY
    )
    over = at("Tuesday 2025-12-02 08:00")
    life = await write(owner, reference, at("Monday 2025-12-01 08:00"), [], over, procedure=REGISTER_COPY)
    await owner.execute(
        "INSERT INTO procedure_term (version_id, channel, case_no, value, unit)"
        " VALUES ($1, 1, 2, 5, 'calendar_day') ON CONFLICT DO NOTHING",
        life.built.version_id,
    )
    await owner.execute(
        "INSERT INTO dossier_event (dossier_id, seq, kind, status, occurred_at, recorded_at, actor, acting_agency_id,"
        " agency_id, channel, received_day, due_day, late_day, finished_day, verdict, paused, payload, hash)"
        " SELECT dossier_id, seq + 1, 'corrected', status, $2, $2, actor, acting_agency_id, agency_id, channel,"
        " received_day, due_day, late_day, finished_day, verdict, paused, $3, hash"
        " FROM dossier_event WHERE dossier_id = $1 ORDER BY seq DESC LIMIT 1",
        life.built.id,
        at("Friday 2025-12-05 08:00"),
        json.dumps({"was_procedure": REGISTER_COPY, "was_case": 1}),
    )
    now_of = (other.id, 1) if what == "procedure" else (life.built.version_id, 2)
    await owner.execute(
        "UPDATE dossier SET event_seq = event_seq + 1, version_id = $2, case_no = $3 WHERE id = $1",
        life.built.id,
        *now_of,
    )
    scene = Scene(owner, owner, reference, [])
    for as_of, unit in (("Thursday 2025-12-04 08:00", "working_day"), (None, "calendar_day")):
        counts = national_added((await scene.counts(first, last, at(as_of) if as_of else None)).values())
        assert [average.unit for average in averages(counts, NO_HOURS)] == [unit]
    await owner.close()
