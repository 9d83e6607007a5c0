"""Builders of cases: who handles a dossier, and where reorganisations moved it, as routing writes them."""

import random
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from tests.builders_log import History, instant
from tests.stats.scenes import Scene

OFFICERS = ("thuy.lt", "nam.pv", "so-3")


async def assigned_at_random(scene: Scene, rng: random.Random) -> None:
    """Gives most dossiers to officers, some of them on to another, and hands some over: those are in nobody's hands."""
    for history in scene.histories:
        if rng.random() < 0.2:
            continue  # no case: it was imported
        await a_case(scene, history)
        day = instant(date(2019, 10, 1), 8)
        for n in range(rng.choice([0, 1, 1, 2])):
            await assign(scene, history, n + 1, rng.choice(OFFICERS), day + timedelta(days=n))
        if rng.random() < 0.2:
            await hand_over(scene, history, history.events[-1].facts.agency_id, day + timedelta(days=5))


async def a_case(scene: Scene, history: History) -> None:
    """The case of a dossier, with its own agency."""
    facts = history.events[-1].facts
    await scene.owner.execute(
        "INSERT INTO dossier_case (dossier_id, agency_id, holder_id, opened_at) VALUES ($1, $2, $2, $3)",
        history.id,
        facts.agency_id,
        history.events[0].occurred_at,
    )


async def assign(scene: Scene, history: History, seq: int, officer: str, at: datetime) -> None:
    """An assignment, recorded at once."""
    await scene.owner.execute(
        "INSERT INTO assignment (dossier_id, seq, agency_id, assignee, occurred_at, recorded_at, actor,"
        " acting_agency_id) VALUES ($1, $2, $3, $4, $5, $5, 'test', $3)",
        history.id,
        seq,
        history.events[-1].facts.agency_id,
        officer,
        at,
    )
    await scene.owner.execute("UPDATE dossier_case SET assignee = $2 WHERE dossier_id = $1", history.id, officer)
    scene.officers[history.code] = officer


async def hand_over(
    scene: Scene, history: History, to: int, at: datetime, *, reorganisation: int | None = None
) -> None:
    """A hand-over out of the hands of its own agency: it is nobody's until the receiver assigns it."""
    await scene.owner.execute(
        "INSERT INTO hand_over (dossier_id, seq, from_agency_id, to_agency_id, occurred_at, recorded_at, actor, kind,"
        " reorganisation_id) SELECT $1, 1 + count(*), $2, $3, $4, $4, 'test', $5, $6 FROM hand_over"
        " WHERE dossier_id = $1",
        history.id,
        history.events[-1].facts.agency_id,
        to,
        at,
        "reorganisation" if reorganisation else "hand_over",
        reorganisation,
    )
    await scene.owner.execute(
        "UPDATE dossier_case SET assignee = NULL, holder_id = $2 WHERE dossier_id = $1", history.id, to
    )
    scene.officers.pop(history.code, None)


async def a_reorganisation(scene: Scene, moves: Mapping[str, tuple[History, int]], at: datetime) -> None:
    """A reorganisation that moved the cases of dossiers to agencies."""
    number = await scene.owner.fetchval(
        "INSERT INTO reorganisation (name, decision_number, reason, effective_day, plan, actor, acting_agency_id,"
        " created_at) VALUES ('Sắp xếp', '1/NQ', 'Sắp xếp', $1, '{}', 'test', $2, $3) RETURNING id",
        at.date(),
        next(iter(moves.values()))[1],
        at,
    )
    for history, to in moves.values():
        await a_case(scene, history)
        await hand_over(scene, history, to, at, reorganisation=number)
