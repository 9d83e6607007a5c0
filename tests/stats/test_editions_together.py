"""`motcua verify` reads the events once for all editions: it finds of each what computing it alone finds, whatever was
done to the events, and to the positions at which they were sealed."""

import json
import random
from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats_service.app import create_app
from stats_service.editions import store
from stats_service.editions.movements import Question, Running
from stats_service.editions.positions import Order, Snapshot, orders
from stats_service.editions.usecases import Recount
from tests.stats.editions import GROUPINGS, a_report, a_room, again, content, sealed, verified, write_each
from tests.stats.scenes import OLD_PROVINCE, PERIODS, Scene
from tests.support import bearer, serving, settings_for

A, B = PERIODS[0]
OTHERS: list[dict[str, Any]] = [
    {"report": "ii-06a", "parameters": {"awaiting_supplement_column": 9, "rows": "sector"}},
    {"report": "ii-06a", "parameters": {"awaiting_supplement_column": 9, "from": "2020-02-01"}},
    {"report": "ii-06a", "parameters": {"awaiting_supplement_column": 12}},
    {"report": "annex", "parameters": {}},
]


async def many_editions(scene: Scene, seed: int, moments: int = 4) -> list[dict[str, Any]]:
    """Every kind of edition, at several positions of the same histories."""
    rng, found = random.Random(seed), []
    waiting = [(history, list(history.events)) for history in scene.histories]
    for moment in range(moments):
        for history, events in rng.sample(waiting, len(waiting) // 2):
            how_many = rng.randrange(1, 4)
            await write_each(scene.owner, [(history, events[:how_many])])
            del events[:how_many]
        days = {"agency": OLD_PROVINCE, "from": A.isoformat(), "to": B.replace(day=B.day - moment).isoformat()}
        for group_by in rng.sample(GROUPINGS, 5):
            found.append(await sealed(scene.client, a_report(group_by=group_by, **days)))
        for body in OTHERS:
            asked = {"report": body["report"], "parameters": {**days, **body["parameters"]}}
            found.append(await sealed(scene.client, asked))
    for history, events in waiting:
        await write_each(scene.owner, [(history, events)])
    return found


async def demand_what_is_found_alone(database: Any, scene: Scene, editions: list[dict[str, Any]]) -> set[int]:
    """The ids of editions of which something was found."""
    found: dict[int, set[tuple[str, str | None, str | None]]] = {}
    for each in await verified(database):
        number = int(each.where.split(" · ")[0].removeprefix("#"))
        found.setdefault(number, set()).add((each.what, each.expected, each.found))
    for edition in editions:
        alone = await again(scene.client, edition)
        together = found.get(edition["id"], set())
        assert alone["equal"] == (not together), (edition["parameters"], alone["findings"], together)
        assert set(alone["findings"]) == {what for what, _, _ in together}
        changed = [(each["after"], each["before"]) for each in alone["changes"] if each["kind"] == "changed"]
        told = {(str(after), str(before)) for after, before in changed}
        assert told <= {(str(expected), str(was)) for _, expected, was in together}
    return set(found)


# Each is done to every third dossier that has the events for it.
TAMPERING = {
    "a transaction that is known later": "txid = (SELECT max(txid) FROM dossier_event) WHERE seq = 1",
    "a transaction that was known before": "txid = '3'::xid8 WHERE seq = (SELECT max(seq) FROM dossier_event o"
    " WHERE o.dossier_id = e.dossier_id)",
    "dates that no one has": "finished_day = '4000-01-01 BC' WHERE finished_day IS NOT NULL",
    "a day without end": "late_day = 'infinity' WHERE late_day IS NOT NULL",
    "an agency": "agency_id = (SELECT agency_id FROM dossier_event LIMIT 1) WHERE true",
    "a pause more": "paused = NOT paused WHERE seq = 2",
    "a verdict of no name": "verdict = 77 WHERE verdict IS NOT NULL",
}


@pytest.mark.parametrize("tampering", TAMPERING.values(), ids=TAMPERING)
async def test_what_is_found_together_is_found_alone(database, issuer, tampering):
    async with a_room(database, issuer, seed=71, dossiers=90) as scene:
        editions = await many_editions(scene, 71)
        assert await demand_what_is_found_alone(database, scene, editions) == set()
        await scene.owner.execute("SET session_replication_role = replica")
        await scene.owner.execute(f"UPDATE dossier_event e SET {tampering} AND dossier_id % 3 = 0")
        assert await demand_what_is_found_alone(database, scene, editions)


async def test_a_position_that_was_changed_hides_no_other(database, issuer):
    """One that knows too much, one that knows nothing, one that is none: the others are what was sealed."""
    async with a_room(database, issuer, seed=72, dossiers=60) as scene:
        editions = await many_editions(scene, 72)
        await scene.owner.execute("SET session_replication_role = replica")
        third, twentieth, last = editions[2]["id"], editions[19]["id"], editions[-1]["id"]
        ends = [int(each["position"]["snapshot"].split(":")[1]) for each in (editions[0], editions[-1])]
        known = await scene.owner.fetchval(
            "SELECT max(txid)::text FROM dossier_event WHERE txid::text::bigint < $1", ends[0]
        )
        positions = ((third, f"{known}:{ends[1] + 9}:{known}"), (twentieth, "7:7:"), (last, "none"))
        for edition, text in positions:
            await scene.owner.execute("UPDATE report_edition SET snapshot = $2 WHERE id = $1", edition, text)
        assert await demand_what_is_found_alone(database, scene, editions) == {third, twentieth, last}


async def test_procedures_that_no_edition_tells_apart_are_counted_as_one(fresh_database, issuer):
    """Of four procedures two and two are of a sector; later one of them goes over to the other."""
    async with a_room(fresh_database, issuer, seed=73, dossiers=80) as scene:
        (one, two, *_), halved = sorted(scene.procedures), len(scene.histories) // 2
        sectors = "UPDATE procedure_version SET sector = CASE WHEN id <= $1 THEN 'Hộ tịch' ELSE 'Đất đai' END"
        editions = []
        parts = ((scene.histories[:halved], two, A), (scene.histories[halved:], one, A.replace(day=14)))
        for histories, last_of_the_first, first in parts:
            await scene.owner.execute(sectors, last_of_the_first)
            await write_each(scene.owner, [(history, history.events) for history in histories])
            async with serving(create_app(settings_for(fresh_database, issuer))) as client:
                client.headers.update(bearer(issuer, "leader", OLD_PROVINCE))
                by_sector = ({"group_by": "sector"}, {"group_by": "tree,sector"}, {"group_by": "channel,sector"})
                editions += [
                    await sealed(client, a_report(**{"from": first.isoformat()}, **more)) for more in by_sector
                ]
        shown = {row["name"] for row in json.loads(await content(scene.client, editions[0]))["rows"]}
        assert shown == {"Hộ tịch", "Đất đai"}
        alike = await _alike(fresh_database)
        assert len(set(alike.values())) == 3, "the first, the second that went over, and all others"
        assert (alike[one], alike[two]) == (one, two)
        assert await demand_what_is_found_alone(fresh_database, scene, editions) == set()
        await scene.owner.execute("UPDATE dossier SET version_id = $1 WHERE version_id = $2", one, two)
        found = await demand_what_is_found_alone(fresh_database, scene, editions)
        assert found == {each["id"] for each in editions[3:]}, "only then were they of two sectors"


async def _alike(database: Any) -> Mapping[int, int]:
    connection = await asyncpg.connect(database.url("motcua_stats"))
    async with connection.transaction():
        every = await store.every(connection)
        recounts = [Recount(each, await store.picture(connection, each.sealing.picture)) for each in every]
    await connection.close()
    return Question.of(Order([]), [each.plan for each in recounts if each.plan]).alike


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(-3, 3)), max_size=60), st.integers(0, 41))
def test_what_moved_up_to_a_bucket_is_the_sum_of_it(moved: list[tuple[int, int]], mark: int) -> None:
    running = Running()
    for bucket, by in moved:
        running.add(bucket, by)
    assert running.upto(mark) == sum(by for bucket, by in moved if bucket <= mark)


_SETS = st.lists(st.tuples(st.integers(1, 30), st.frozensets(st.integers(1, 30))), min_size=1, max_size=6)


@given(_SETS)
def test_every_position_stands_in_one_order_and_knows_what_it_knew(sets: list[tuple[int, frozenset[int]]]) -> None:
    snapshots = {Snapshot(1, end, frozenset(one for one in still if one < end)) for end, still in sets}
    found = orders(snapshots)
    assert sorted(map(repr, snapshots)) == sorted(repr(each) for order in found for each in order.snapshots)
    for order in found:
        for txid in range(32):
            born = order.late.get(txid, bisect_right(order.ends, txid))
            assert [each.sees(txid) for each in order.snapshots] == [n >= born for n in range(len(order.snapshots))]


@given(st.lists(st.sampled_from(["begin", "commit", "look"]), max_size=40), st.randoms(use_true_random=False))
def test_what_a_database_hands_out_makes_one_order(steps: list[str], rng: random.Random) -> None:
    """Transactions that begin and end in any order, and looks between them."""
    still_open, next_one, looks = set(), 1, []
    for step in steps:
        if step == "begin":
            still_open.add(next_one)
            next_one += 1
        elif step == "commit" and still_open:
            still_open.remove(rng.choice(sorted(still_open)))
        elif step == "look":
            looks.append(Snapshot(min(still_open, default=next_one), next_one, frozenset(still_open)))
    assert len(orders(looks)) <= 1
