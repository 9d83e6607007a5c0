"""A changed position in the log is found and named."""

import random

import pytest

from shared.domain.differences import Difference
from tests.builders_log import a_history, write
from tests.stats.verify.grounds import FIRST, ITS, LAST, Ground, differences


async def test_a_position_moved_back_to_an_earlier_event(ground: Ground) -> None:
    await ground.plants(
        "UPDATE stats_position SET (txid, event_id) ="
        " (SELECT txid, id FROM dossier_event ORDER BY txid, id OFFSET 100 LIMIT 1)"
    )
    found = await differences(ground.database)
    assert {d.check for d in found} == {"day", "checkpoint"}


async def test_a_position_moved_forward_over_events_that_nobody_counted(ground: Ground) -> None:
    rng = random.Random(8)
    await write(ground.owner, [a_history(rng, agencies=ground.agencies, versions=[1], first=FIRST, last=LAST)])
    assert await differences(ground.database) == []
    await ground.plants(
        "UPDATE stats_position SET (txid, event_id) ="
        " (SELECT txid, id FROM dossier_event ORDER BY txid DESC, id DESC LIMIT 1)"
    )
    found = await differences(ground.database)
    assert {d.check for d in found} == {"day", "checkpoint"}


@pytest.mark.parametrize(
    ("change", "what"), [("event_id = event_id - 1000000", "nowhere"), ("txid = '9223372036854775807'", "ahead")]
)
async def test_a_position_that_is_none(ground: Ground, change: str, what: str) -> None:
    await ground.plants(f"UPDATE stats_position SET {change}")
    found = await differences(ground.database)
    assert ("position", what, "stats_position") in {d[:3] for d in found}


async def test_counts_without_a_position(ground: Ground) -> None:
    await ground.plants("DELETE FROM stats_position")
    assert {d.what for d in await differences(ground.database)} >= {"extra"}


async def test_events_of_another_cluster(ground: Ground) -> None:
    """As a logical dump brings them: nobody would ever fold them."""
    await ground.plants(f"UPDATE dossier_event SET txid = '9223372036854775000' WHERE {ITS} AND seq > 2")
    found = await differences(ground.database)
    assert Difference("position", "foreign", "dossier_event", "0", "2") in found
