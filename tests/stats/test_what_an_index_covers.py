"""What a report by procedure, sector or channel counts of finished dossiers it reads in the index by which they are
found: on their own pages they lie far apart."""

import asyncio
from typing import Any

import pytest

from shared.web.database import Reading
from stats_service.facts.store import Seen
from stats_service.periods.rules import BEGINS_ON, Period
from stats_service.reports.store import sums_before
from tests.builders_log import write
from tests.stats.scenes import PERIODS, a_scene

A, B = PERIODS[0]


@pytest.mark.parametrize("sides", [("version",), ("agency", "channel", "version")], ids=",".join)
async def test_finished_dossiers_are_counted_in_their_index(database: Any, issuer: Any, sides: tuple[str, ...]) -> None:
    async with a_scene(database, issuer, seed=31, dossiers=60) as scene:
        await write(scene.owner, scene.histories)
        await scene.owner.execute("VACUUM (ANALYZE) dossier")
        period = Period(A, B, BEGINS_ON["calendar"])
        seen = Seen(sorted(scene.tree.by_id), period, None, None)
        asked: list[Any] = []
        async with scene.owner.transaction():
            await scene.owner.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
            with scene.owner.query_logger(asked.append):
                found = await sums_before(Reading(scene.owner), seen, [A, period.after], sides)  # type: ignore[arg-type]
                await asyncio.sleep(0)  # it is told in the next turn of the loop
            (sums,) = [one for one in asked if "facts AS" in one.query]
            plan = "\n".join(row[0] for row in await scene.owner.fetch(f"EXPLAIN {sums.query}", *sums.args))
    assert found.rows
    assert "Index Only Scan using ix_dossier_finished" in plan, plan
