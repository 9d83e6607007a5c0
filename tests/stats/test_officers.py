"""Theo người giải quyết: in whose hands a dossier is, now and as recorded then. An officer's id, never an applicant."""

import random
from datetime import date
from typing import Any

from shared.contracts.stats import COUNT_NAMES
from tests.builders_log import instant, write
from tests.stats.cases import a_case, assign, assigned_at_random, hand_over
from tests.stats.recounts import counts
from tests.stats.scenes import PERIODS, Scene, a_scene

FIRST, LAST = PERIODS[0]


async def by_officer(scene: Scene, **more: Any) -> dict[str, dict[str, int]]:
    report = await scene.report(first=FIRST, last=LAST, group_by="officer", **more)
    return {row["key"]: {name: row[name] for name in COUNT_NAMES} for row in report["rows"]}


async def test_each_officer_has_what_is_in_his_hands(database: Any, issuer: Any) -> None:
    async with a_scene(database, issuer, seed=401) as scene:
        await write(scene.owner, scene.histories)
        await assigned_at_random(scene, random.Random(7))
        found = await by_officer(scene)
        assert list(found) == [*sorted(set(scene.officers.values())), "unassigned"]
        for officer, figures in found.items():
            mine = [h for h in scene.histories if scene.officers.get(h.code, "unassigned") == officer]
            assert figures == counts(mine, FIRST, LAST), officer
        assert found["unassigned"]["received"] > 0
        report = await scene.report(first=FIRST, last=LAST, group_by="officer")
        assert report["rows"][-1]["name"] == "Chưa phân công"


async def test_as_recorded_then_it_was_in_other_hands(database: Any, issuer: Any) -> None:
    """Assigned, assigned again, handed over, and assigned by the receiver; each a day after the other."""
    async with a_scene(database, issuer, seed=402, dossiers=200) as scene:
        await write(scene.owner, scene.histories)
        history = next(h for h in scene.histories if FIRST <= h.events[0].occurred_day < date(2019, 12, 31))
        other = [h for h in scene.histories if h is not history]
        await a_case(scene, history)
        agency = history.events[-1].facts.agency_id
        await assign(scene, history, 1, "thuy.lt", instant(date(2026, 3, 2)))  # Monday
        await assign(scene, history, 2, "nam.pv", instant(date(2026, 3, 3)))
        await hand_over(scene, history, agency, instant(date(2026, 3, 4)))
        await assign(scene, history, 3, "so-3", instant(date(2026, 3, 5)))  # Thursday
        for day, officer in ((1, "unassigned"), (2, "thuy.lt"), (3, "nam.pv"), (4, "unassigned"), (5, "so-3")):
            as_of = instant(date(2026, 3, day), 18)
            found = await by_officer(scene, as_of=as_of)
            mine = [history] if officer != "unassigned" else [history, *other]
            assert found[officer] == counts(mine, FIRST, LAST), day
            listed = await scene.listed(first=FIRST, last=LAST, figure="to_handle", officer=officer, as_of=as_of)
            assert len(listed) == found[officer]["to_handle"]
        assert list(await by_officer(scene)) == ["so-3", "unassigned"]
