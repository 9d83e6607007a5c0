"""As recorded then: the figures of an earlier instant of knowledge, whatever was recorded since."""

import random
from datetime import date, datetime, timedelta
from typing import Any

from shared.contracts.stats import COUNT_NAMES
from shared.domain.civil_time import civil_day
from shared.web import clock
from tests.builders_log import fold_all, instant, recorded_by, write
from tests.stats.recounts import counts
from tests.stats.scenes import FIRST, PERIODS, a_scene


async def test_equals_the_recount_of_what_was_recorded_by_then(database, issuer):
    async with a_scene(database, issuer, seed=31) as scene:
        await write(scene.owner, scene.histories)
        await fold_all(scene.stats)
        rng = random.Random(31)
        for _ in range(4):
            as_of = instant(FIRST + timedelta(days=rng.randrange(60, 360)), rng.randrange(24))
            known = [history for one in scene.histories if (history := recorded_by(one, as_of))]
            a, b = rng.choice(PERIODS)
            straight = counts(known, a, b, known_on=civil_day(as_of))
            asked: dict[str, Any] = {"first": a, "last": b, "as_of": as_of}
            for group_by in ("none", "tree", "channel", "month", "level", "procedure", "sector"):
                report = await scene.report(group_by=group_by, **asked)
                assert {name: report["total"][name] for name in COUNT_NAMES} == straight
                assert report["basis"] == "as_recorded_then"
                assert datetime.fromisoformat(report["as_of"]) == as_of
                if group_by in ("channel", "procedure", "sector", "level"):
                    assert {n: sum(row[n] for row in report["rows"]) for n in COUNT_NAMES} == straight
                if group_by == "month":
                    for row in report["rows"]:
                        first, last = date.fromisoformat(row["from"]), date.fromisoformat(row["to"])
                        expected = counts(known, first, last, known_on=civil_day(as_of))
                        assert {n: row[n] for n in COUNT_NAMES} == expected
            for figure in COUNT_NAMES:
                assert len(await scene.listed(figure=figure, **asked)) == straight[figure], figure


async def test_now_is_as_good_as_known_now(database, issuer):
    async with a_scene(database, issuer, seed=32, dossiers=80) as scene:
        await write(scene.owner, scene.histories)
        a, b = PERIODS[0]
        now = clock.now() - timedelta(seconds=1)
        for group_by in ("agency", "tree", "month"):
            then = await scene.report(first=a, last=b, group_by=group_by, as_of=now)
            known = await scene.report(first=a, last=b, group_by=group_by)
            assert (then["total"], then["rows"]) == (known["total"], known["rows"])


async def test_decades_by_month_are_one_pass(database, issuer):
    async with a_scene(database, issuer, seed=34, dossiers=80) as scene:
        await write(scene.owner, scene.histories)
        now = clock.now() - timedelta(seconds=1)
        asked: dict[str, Any] = {"first": date(1990, 1, 10), "last": date(2020, 6, 10), "group_by": "month"}
        then, known = await scene.report(**asked, as_of=now), await scene.report(**asked)
        assert len(then["rows"]) == 30 * 12 + 6
        assert (then["total"], then["rows"]) == (known["total"], known["rows"])
        assert {name: sum(row[name] for row in then["rows"]) for name in ("received", "resolved")} == {
            name: then["total"][name] for name in ("received", "resolved")
        }


async def test_before_anything_was_recorded_there_is_nothing(database, issuer):
    async with a_scene(database, issuer, seed=33, dossiers=20) as scene:
        await write(scene.owner, scene.histories)
        report = await scene.report(first=FIRST, last=PERIODS[0][1], as_of="2001-01-01T00:00:00+07:00")
        assert {report["total"][name] for name in COUNT_NAMES} == {0}
