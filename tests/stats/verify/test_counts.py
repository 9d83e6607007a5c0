"""A changed histogram or checkpoint is found and named."""

from datetime import date

import pytest

from shared.domain.counts import METRICS
from stats_service.verification.usecases import rebuild
from tests.stats.verify.grounds import LAST, Ground, differences


@pytest.mark.parametrize("day", ["4000-01-01 BC", "0001-01-01 BC", "-infinity", "infinity"])
@pytest.mark.parametrize(("table", "at"), [("count_day", "day"), ("count_checkpoint", "month")])
async def test_a_cell_of_a_day_that_no_calendar_has(ground: Ground, table: str, at: str, day: str) -> None:
    await ground.plants(
        f"UPDATE {table} SET {at} = '{day}' WHERE ctid = (SELECT ctid FROM {table} WHERE received > 0 LIMIT 1)"
    )
    assert {each.check for each in await differences(ground.database)} >= {"day" if at == "day" else "checkpoint"}
    await rebuild(ground.database.url, LAST, lambda _: None)
    assert await differences(ground.database), "what cannot be told is not put right, and stays named"


@pytest.mark.parametrize("metric", METRICS)
async def test_a_changed_cell_of_the_histogram(ground: Ground, metric: str) -> None:
    row = await ground.owner.fetchrow("SELECT * FROM count_day ORDER BY random() LIMIT 1")
    assert row is not None
    key = (row["agency_id"], row["day"], row["channel"])
    await ground.plants(
        f"UPDATE count_day SET {metric} = {metric} + 2 WHERE (agency_id, day, channel) = ($1, $2, $3)", *key
    )
    (difference,) = await differences(ground.database)
    assert (difference.check, difference.where.split(" · ")[1:4:2]) == ("day", [str(row["day"]), metric])
    assert f"(#{row['agency_id']})" in difference.where
    assert (difference.expected, difference.found) == (str(row[metric]), str(row[metric] + 2))


async def test_a_missing_cell_and_one_too_many(ground: Ground) -> None:
    row = await ground.owner.fetchrow("SELECT * FROM count_day WHERE received > 0 ORDER BY day LIMIT 1")
    assert row is not None
    await ground.plants(
        "DELETE FROM count_day WHERE (agency_id, day, channel) = ($1, $2, $3)",
        *(row["agency_id"], row["day"], row["channel"]),
    )
    await ground.plants(
        "INSERT INTO count_day (agency_id, day, channel, fell_late) VALUES ($1, '2031-01-01', 2, 7)", ground.agencies[1]
    )
    found = {
        (d.check, d.what, d.where.split(" · ")[1], d.expected, d.found) for d in await differences(ground.database)
    }
    assert ("day", "missing", str(row["day"]), str(row["received"]), None) in found
    assert ("day", "extra", "2031-01-01", "0", "7") in found
    assert {what for _, what, *_ in found} == {"missing", "extra"}


async def test_a_cell_of_nothing_is_no_difference(ground: Ground) -> None:
    """A correction leaves one behind, and no row is the same."""
    await ground.plants("INSERT INTO count_day (agency_id, day, channel) VALUES (1, '2030-01-01', 1)")
    assert await differences(ground.database) == []


async def test_a_wrong_checkpoint_a_missing_one_and_one_too_many(ground: Ground) -> None:
    month = date(2019, 4, 1)
    rows = await ground.owner.fetch(
        "SELECT * FROM count_checkpoint WHERE month = $1 AND agency_id <> 0 AND received > 0 ORDER BY 1, 3 LIMIT 2",
        month,
    )
    wrong, missing = ((row["agency_id"], month, row["channel"]) for row in rows)
    at = "(agency_id, month, channel) = ($1, $2, $3)"
    await ground.plants(f"UPDATE count_checkpoint SET resolved = resolved + 1 WHERE {at}", *wrong)
    await ground.plants(f"DELETE FROM count_checkpoint WHERE {at}", *missing)
    await ground.plants(
        "INSERT INTO count_checkpoint (agency_id, month, channel, received) VALUES (999, $1, 1, 3)", month
    )
    found = await differences(ground.database)
    assert {(d.check, d.what) for d in found} == {
        ("checkpoint", "cell"),
        ("checkpoint", "missing"),
        ("checkpoint", "extra"),
    }
    assert [d.where for d in found if d.what == "extra"] == ["? (#999) · 2019-04-01 · counter · received"]


@pytest.mark.parametrize("which", ["min", "max", "middle"])
async def test_a_missing_mark(ground: Ground, which: str) -> None:
    marked = [
        row[0] for row in await ground.owner.fetch("SELECT month FROM count_checkpoint WHERE agency_id = 0 ORDER BY 1")
    ]
    month = {"min": marked[0], "max": marked[-1], "middle": marked[len(marked) // 2]}[which]
    await ground.plants("DELETE FROM count_checkpoint WHERE agency_id = 0 AND month = $1", month)
    assert [d[:3] for d in await differences(ground.database)] == [("checkpoint", "mark", str(month))]


async def test_a_month_of_which_all_is_gone_between_two_that_are_there(ground: Ground) -> None:
    await ground.plants("DELETE FROM count_checkpoint WHERE month = '2019-03-01'")
    assert [d[:3] for d in await differences(ground.database)] == [("checkpoint", "mark", "2019-03-01")]


async def test_a_checkpoint_in_the_middle_of_a_month(ground: Ground) -> None:
    await ground.plants("UPDATE count_checkpoint SET month = '2019-03-15' WHERE month = '2019-06-01' AND agency_id = 0")
    assert {d[:3] for d in await differences(ground.database)} == {
        ("checkpoint", "odd_month", "2019-03-15"),
        ("checkpoint", "mark", "2019-06-01"),
    }
