"""Builders of histories: dossiers and their events as intake writes them, without intake.

`a_history()` makes a random but lawful life: days in order, a clock that stands still and starts again, corrections
of agency and channel, re-openings. `write()` puts histories into the tables as their owner.
"""

import asyncio
import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import count

import asyncpg

from shared.domain.chain import GENESIS, event_hash, event_tail
from shared.domain.civil_time import VIETNAM
from shared.domain.counts import Facts, contributions
from shared.domain.lifecycle import Outcome, Status
from stats_service.counts.usecases import fold_once

DAY = timedelta(days=1)
_OUTCOMES = ("granted", "granted", "refused", "withdrawn", "granted", "stopped", "granted")
_ENDINGS = {"granted": "finished", "refused": "finished", "withdrawn": "withdrawn", "stopped": "stopped", None: "test"}
_numbers = count(1)


@dataclass(frozen=True)
class Event:
    """One event: the facts after it, the status after it, when it happened and was recorded; `outcome`: of an end."""

    facts: Facts
    status: Status
    occurred_at: datetime
    recorded_at: datetime
    outcome: str | None = None

    @property
    def occurred_day(self) -> date:
        return self.occurred_at.astimezone(VIETNAM).date()


@dataclass
class History:
    """A dossier and what happened to it. `id` is set when it is written."""

    code: str
    version_id: int
    events: list[Event]
    id: int = field(default=0)


def instant(day: date, hour: int = 9, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), VIETNAM)


def an_event(
    facts: Facts, day: date, *, status: Status = Status.IN_PROCESS, hour: int = 9, recorded: datetime | None = None
) -> Event:
    """What happened on `day`, recorded at once unless said otherwise."""
    return Event(facts, status, instant(day, hour), recorded or instant(day, hour))


def a_dossier(*events: Event, version_id: int = 1) -> History:
    return History(f"TEST-190101-{next(_numbers):06d}", version_id, list(events))


def a_history(
    rng: random.Random,
    *,
    agencies: Sequence[int],
    versions: Sequence[int],
    first: date,
    last: date,
    corrections: float = 0.2,
) -> History:
    """A random life between two days. Each event is recorded within three days of when it happened, in order."""
    day = first + DAY * rng.randrange((last - first).days + 1)
    received = day
    term = rng.choice([None, 0, 1, 3, 15])
    due = received + DAY * term if term is not None else None
    facts = Facts(rng.choice(agencies), rng.choice([1, 2, 3]), received, due, due + DAY if due else None)
    recorded = instant(day)
    events = [an_event(facts, day, status=Status.ACCEPTED)]
    while len(events) < 12:
        day += DAY * rng.choice([0, 0, 1, 1, 2, 5, 20])
        if day > last:
            break
        facts, status = _next(rng, facts, day, agencies, corrections)
        recorded = max(recorded, instant(day, 10)) + timedelta(hours=rng.choice([0, 0, 1, 60]))
        # Not drawn from `rng`: a seed goes on making the same lives.
        ended = facts.finished_day == day and events[-1].facts.finished_day is None
        outcome = _OUTCOMES[day.toordinal() % len(_OUTCOMES)] if ended else None
        events.append(Event(facts, status, instant(day, 10), recorded, outcome))
        if facts.finished_day and rng.random() < 0.7:
            break
    return a_dossier(*events, version_id=rng.choice(versions))


def _next(
    rng: random.Random, facts: Facts, day: date, agencies: Sequence[int], corrections: float
) -> tuple[Facts, Status]:
    if rng.random() < corrections:
        changed = facts._replace(agency_id=rng.choice(agencies)) if rng.random() < 0.5 else facts
        status = _status(facts)
        return changed._replace(channel=rng.choice([1, 2, 3])), status
    if facts.finished_day is not None:
        if rng.random() < 0.3:  # opened again: whatever it was, it is not finished
            return facts._replace(finished_day=None, verdict=None), Status.IN_PROCESS
        return facts, Status.RETURNED
    if facts.paused and rng.random() < 0.7:
        if facts.late_day is None and facts.due_day is None and rng.random() < 0.8:
            due = day + DAY * rng.choice([1, 4])
            return facts._replace(paused=False, due_day=due, late_day=due + DAY), Status.IN_PROCESS
        return facts._replace(paused=False), Status.IN_PROCESS
    if not facts.paused and rng.random() < 0.4:
        ran_out = facts.late_day is not None and facts.late_day <= day
        still = facts if ran_out else facts._replace(due_day=None, late_day=None)
        return still._replace(paused=True), Status.SUPPLEMENT_AWAITED
    if rng.random() < 0.2 and facts.due_day is not None and facts.late_day is not None:  # the calendar changed
        shift = DAY * rng.choice([1, 2, 7])
        return facts._replace(due_day=facts.due_day + shift, late_day=facts.late_day + shift), _status(facts)
    verdict = 2
    if facts.due_day is not None:
        verdict = 1 if day < facts.due_day else 2 if day == facts.due_day else 3
    return facts._replace(finished_day=day, verdict=verdict, paused=False), Status.FINISHED


def _status(facts: Facts) -> Status:
    if facts.finished_day is not None:
        return Status.FINISHED
    return Status.SUPPLEMENT_AWAITED if facts.paused else Status.IN_PROCESS


async def write(connection: asyncpg.Connection, histories: Iterable[History]) -> None:
    """Write dossiers and all their events, as the owner of the tables."""
    for history in histories:
        await write_events(connection, history, history.events)


async def write_events(connection: asyncpg.Connection, history: History, events: Sequence[Event]) -> None:
    """Write the next events of a history, and the dossier as it stands after them, in the caller's transaction."""
    facts, status = events[-1].facts, events[-1].status
    finished = instant(facts.finished_day, 23, 59) if facts.finished_day else None
    ended = next((event for event in reversed(events) if event.outcome), None)
    if finished and ended:
        finished = ended.occurred_at
    late_from = instant(facts.late_day, 0) if facts.late_day else None
    seq, head = 0, GENESIS
    if history.id == 0:
        assert facts.received_day is not None, "a history begins with the acceptance"
        history.id = await connection.fetchval(
            "INSERT INTO dossier (code, version_id, agency_id, channel, status, received_day, submitted_at,"
            " accepted_at, event_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, '\\x00') RETURNING id",
            history.code,
            history.version_id,
            facts.agency_id,
            facts.channel,
            int(status),
            facts.received_day,
            instant(facts.received_day, 8),
        )
    else:
        last = await connection.fetchrow("SELECT event_seq, event_hash FROM dossier WHERE id = $1", history.id)
        assert last is not None
        seq, head = last
    rows = []
    for seq, event in enumerate(events, start=seq + 1):  # noqa: B020 (it goes on from the last)
        kind, payload = _ENDINGS[event.outcome], _payload(event)
        head = _hashed(head, history.code, seq, event, kind, payload)
        said = (int(event.status), event.occurred_at, event.recorded_at)
        rows.append((history.id, seq, *said, *event.facts, payload, kind, head))
    await connection.executemany(
        "INSERT INTO dossier_event (dossier_id, seq, kind, status, occurred_at, recorded_at, actor, acting_agency_id,"
        " agency_id, channel, received_day, due_day, late_day, finished_day, verdict, paused, payload, hash)"
        " VALUES ($1, $2, $15, $3, $4, $5, 'test', $6, $6, $7, $8, $9, $10, $11, $12, $13, $14, $16)",
        rows,
    )
    await connection.execute(
        "UPDATE dossier SET agency_id = $2, channel = $3, received_day = $4, due_day = $5, late_day = $6,"
        " finished_day = $7, verdict = $8, paused = $9, status = $10,"
        " finished_at = CASE WHEN $16 OR $11::timestamptz IS NULL THEN $11 ELSE coalesce(finished_at, $11) END,"
        " late_from = $12, event_seq = $13, event_hash = $14, outcome = coalesce($15, outcome) WHERE id = $1",
        history.id,
        *facts,
        int(status),
        finished,
        late_from,
        seq,
        head,
        Outcome[ended.outcome.upper()] if ended and ended.outcome else None,
        ended is not None,
    )


def _payload(event: Event) -> str:
    return json.dumps({"outcome": event.outcome} if event.outcome else {}, separators=(",", ":"))


def _hashed(head: bytes, code: str, seq: int, event: Event, kind: str, payload: str) -> bytes:
    tail = event_tail(
        seq=seq,
        kind=kind,
        status=int(event.status),
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at,
        actor="test",
        acting_agency_id=event.facts.agency_id,
        facts=event.facts,
        payload=payload,
    )
    return event_hash(head, code, tail)


def recorded_by(history: History, as_of: datetime) -> History | None:
    """The history as far as it was recorded by an instant; None if nothing was."""
    known = [event for event in history.events if event.recorded_at <= as_of]
    return replace(history, events=known) if known else None


def recount(histories: Iterable[History]) -> dict[tuple[int, int, date, str], int]:
    """The day histogram counted straight: the last facts of each dossier, and its pauses where it stands now."""
    found: dict[tuple[int, int, date, str], int] = {}

    def add(day: date, metric: str, by: int) -> None:
        key = (last.agency_id, last.channel, day, metric)
        found[key] = found.get(key, 0) + by

    for history in histories:
        last = history.events[-1].facts
        for day, metric in contributions(last):
            add(day, metric, 1)
        paused = False
        for event in history.events:
            if event.facts.paused != paused:
                paused = event.facts.paused
                add(event.occurred_day, "paused_net", 1 if paused else -1)
    return {key: by for key, by in found.items() if by}


async def fold_all(connection: asyncpg.Connection, *, limit: Callable[[], int] = lambda: 50_000) -> None:
    """Fold until nothing is left. Another database's open transaction also holds the fold back: it is waited for."""
    while await connection.fetchval(
        "SELECT EXISTS (SELECT FROM dossier_event e WHERE (e.txid, e.id) >"
        " (coalesce((SELECT txid FROM stats_position), '0'), coalesce((SELECT event_id FROM stats_position), 0)))"
    ):
        if not await fold_once(connection, limit=limit()):
            await asyncio.sleep(0.02)
