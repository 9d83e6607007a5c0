"""Sealed editions: computed again they give the same bytes, whatever was recorded, corrected, renamed or reorganised
since."""

import asyncio
import json
import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest

from intake_service.app import create_app as intake_app
from shared.domain.civil_time import civil_day
from shared.web import clock
from stats_service.app import create_app
from stats_service.counts.usecases import bring_checkpoints_up, fold_once
from stats_service.editions.positions import read_snapshot
from stats_service.editions.recounting import spans
from tests.builders_log import DAY, fold_all, write, write_events
from tests.intake.lives import MINUTES, TURNS, Verbs, ago, does, received
from tests.stats.editions import (
    EDITIONS,
    GROUPINGS,
    A,
    B,
    a_report,
    a_room,
    content,
    demand_the_same,
    figures,
    halves,
    sealed,
    verified,
    write_each,
)
from tests.stats.scenes import FIRST, LAST, OLD_PROVINCE, PERIODS, Scene
from tests.support import BIRTH, JUSTICE, PROVINCE, REGISTER_COPY, WARD, bearer, serving, settings_for


@pytest.mark.parametrize("seed", [1, 2])
async def test_it_says_what_the_report_says_and_what_was_recorded_then(database, issuer, seed):
    async with a_room(database, issuer, seed=seed) as scene:
        rng = random.Random(seed)
        parts = halves(rng, scene.histories)
        await write_each(scene.owner, [(history, before) for history, before, _ in parts])
        await fold_once(scene.stats, limit=150)  # some is folded, the rest is the tail
        asked = {"first": A, "last": B}
        editions, reports = {}, {}
        for group_by in GROUPINGS:
            editions[group_by] = await sealed(scene.client, a_report(group_by=group_by))
            reports[group_by] = await scene.report(group_by=group_by, **asked)
        for group_by, report in reports.items():
            told = json.loads(await content(scene.client, editions[group_by]))
            assert told["total"] == figures(report["total"])
            page = len(told["rows"]) if report["next"] is None else len(report["rows"])
            assert [figures(row) for row in told["rows"][:page]] == [figures(row) for row in report["rows"]]
            assert told["agency_name"] == report["agency_name"]
            assert told["parameters"]["group_by"] == group_by
        later = clock.now() + timedelta(seconds=1)
        await write_each(
            scene.owner, [(history, [replace(e, recorded_at=later) for e in after]) for history, _, after in parts]
        )
        changed = 0
        for group_by in ("none", "tree", "month", "channel"):
            edition = editions[group_by]
            then = await scene.report(group_by=group_by, as_of=edition["sealed_at"], **asked)
            told = json.loads(await content(scene.client, edition))
            assert told["total"] == figures(then["total"])
            assert [figures(row) for row in told["rows"]] == [figures(row) for row in then["rows"]]
            changed += then["total"] != (await scene.report(group_by=group_by, **asked))["total"]
        assert changed == 4, "what is known now differs, or the test says nothing"
        await demand_the_same(scene.client, list(editions.values()))


@pytest.mark.parametrize("seed", range(3, 7))
async def test_computed_again_it_gives_the_same_bytes_over_random_histories(database, issuer, seed):
    """Sealed at several moments of the same histories, and computed again after each of the later ones."""
    async with a_room(database, issuer, seed=seed) as scene:
        rng = random.Random(seed)
        waiting = [(history, list(history.events)) for history in scene.histories]
        editions = [await sealed(scene.client, a_report(group_by="none"))]  # of no dossier at all
        assert editions[0]["position"]["event_id"] is None
        periods = [(FIRST, B), *PERIODS, (B, B), (date(2019, 12, 31), date(2020, 1, 1))]
        for first, last in periods:
            for history, events in rng.sample(waiting, len(waiting) // 2):
                how_many = rng.randrange(1, 4)
                await write_each(scene.owner, [(history, events[:how_many])])
                del events[:how_many]
            if rng.random() < 0.5:
                await fold_once(scene.stats, limit=rng.choice([1, 40, 1000]))
            for group_by in rng.sample(GROUPINGS, 3):
                agency = rng.choice(
                    [OLD_PROVINCE, OLD_PROVINCE, scene.tree.by_id[scene.histories[0].events[0].facts.agency_id].code]
                )
                if scene.tree.on(agency, last) is None:
                    agency = OLD_PROVINCE
                body = a_report(group_by=group_by, agency=agency, **{"from": str(first), "to": str(last)})
                if await _is_new(scene, body):
                    editions.append(await sealed(scene.client, body))
            await demand_the_same(scene.client, editions)
            assert await verified(database) == []


async def _is_new(scene: Scene, body: dict[str, Any]) -> bool:
    page = (await scene.client.get(EDITIONS, params={"limit": "200"})).json()["items"]
    return all({**each["parameters"], **body["parameters"]} != each["parameters"] for each in page)


async def test_whatever_is_renamed_reorganised_and_rebuilt_later(fresh_database, issuer):
    async with a_room(fresh_database, issuer, seed=11) as scene:
        owner, parts = scene.owner, halves(random.Random(11), scene.histories)
        await write_each(owner, [(history, before) for history, before, _ in parts])
        await fold_all(scene.stats)
        await bring_checkpoints_up(scene.stats, LAST)
        editions = [await sealed(scene.client, a_report(group_by=group_by)) for group_by in GROUPINGS]
        before = {edition["id"]: await content(scene.client, edition) for edition in editions}
        await owner.execute("UPDATE agency SET name = name || ' (mới)', sort_key = 'z' || sort_key")
        await owner.execute(
            "UPDATE agency SET parent_id = (SELECT id FROM agency WHERE code = '45' AND valid_from IS NULL LIMIT 1)"
            " WHERE level = 'commune' AND parent_id IS NOT NULL"
        )
        await owner.execute("DELETE FROM agency_succession")
        await owner.execute("UPDATE procedure_version SET name = 'khác', sector = 'khác', valid_from = NULL")
        await owner.execute("DELETE FROM calendar_day")
        await owner.execute("UPDATE routing_revision SET revision = revision + 1")
        await owner.execute("TRUNCATE count_day, count_checkpoint, stats_position")
        await write_each(owner, [(history, after) for history, _, after in parts])
        await owner.execute("DELETE FROM dossier_case")
        async with serving(create_app(settings_for(fresh_database, issuer))) as other:  # it knows nothing of before
            other.headers.update(bearer(issuer, "leader", OLD_PROVINCE))
            await demand_the_same(other, editions)
            for edition in editions:
                assert await content(other, edition) == before[edition["id"]]
            tree = editions[GROUPINGS.index("tree")]
            correction = await sealed(other, corrects=tree["id"], reason="Đổi tên đơn vị")
            assert correction["picture"] != tree["picture"]
            told = (await other.get(f"{EDITIONS}/{correction['id']}/changes", params={"limit": "200"})).json()["items"]
            assert ("changed", "agency_name") in {(each["kind"], each["figure"]) for each in told}
            await demand_the_same(other, [correction])


async def test_a_transaction_that_was_open_and_committed_late_is_told_apart(database, issuer):
    """Its events have lower numbers than the last one sealed, and an earlier instant of recording."""
    async with a_room(database, issuer, seed=12) as scene:
        late = await asyncpg.connect(database.owner_url)
        async with late.transaction():
            open_txid = await late.fetchval("SELECT pg_current_xact_id()::text")
            await write(late, scene.histories[:30])
            await write(scene.owner, scene.histories[30:])
            editions = [await sealed(scene.client, a_report(group_by=group_by)) for group_by in GROUPINGS]
            position = editions[0]["position"]
            assert open_txid in position["snapshot"].split(":")[2].split(",")
            assert int(open_txid) < int(position["txid"])
            await demand_the_same(scene.client, editions)
        await late.close()
        await demand_the_same(scene.client, editions)
        assert await verified(database) == []
        total = (await scene.report(first=A, last=B))["total"]
        assert total["to_handle"] > json.loads(await content(scene.client, editions[0]))["total"]["to_handle"]


async def test_while_others_write(database, issuer):
    async with a_room(database, issuer, seed=13, dossiers=300) as scene:
        waiting = list(scene.histories)
        rng = random.Random(13)

        async def writing() -> None:
            connection = await asyncpg.connect(database.owner_url)
            while waiting:
                some = [waiting.pop() for _ in range(min(3, len(waiting)))]
                async with connection.transaction():
                    for history in some:
                        await write(connection, [history])
                        await asyncio.sleep(rng.random() / 100)
            await connection.close()

        async def folding() -> None:
            while waiting:
                await fold_once(scene.stats, limit=50)
                await asyncio.sleep(0.01)

        async def sealing() -> list[dict[str, Any]]:
            found = []
            for n in range(12):
                body = a_report(group_by=GROUPINGS[n % len(GROUPINGS)], **{"from": str(A + DAY * n)})
                found.append(await sealed(scene.client, body))
            return found

        *_, one, other = await asyncio.gather(writing(), writing(), folding(), sealing(), sealing_of(scene))
        assert {edition["position"]["snapshot"] for edition in one} != {one[0]["position"]["snapshot"]}
        await demand_the_same(scene.client, [*one, *other])
        assert await verified(database) == []


async def sealing_of(scene: Scene) -> list[dict[str, Any]]:
    return [await sealed(scene.client, a_report(**{"to": str(B - DAY * n)})) for n in range(8)]


async def test_a_procedure_that_was_corrected_later_stands_as_it_was(database, issuer):
    async with a_room(database, issuer, seed=14) as scene:
        await write(scene.owner, scene.histories)
        editions = [await sealed(scene.client, a_report(group_by=one)) for one in ("procedure", "sector", "none")]
        moved = 0
        for history in scene.histories[:40]:
            was = scene.procedures[history.version_id][0]
            other = next(version for version, (code, _) in scene.procedures.items() if code != was)
            last = history.events[-1]
            again_ = replace(last, recorded_at=clock.now())
            await write_events(scene.owner, history, [again_])
            moved += int(
                (
                    await scene.owner.execute(
                        "UPDATE dossier_event SET kind = 'corrected', payload = $2"
                        " WHERE dossier_id = $1 AND seq = (SELECT max(seq) FROM dossier_event WHERE dossier_id = $1)",
                        history.id,
                        json.dumps({"procedure": scene.procedures[other][0], "was_procedure": was}),
                    )
                ).split()[-1]
            )
            await scene.owner.execute("UPDATE dossier SET version_id = $2 WHERE id = $1", history.id, other)
        assert moved == 40
        now = await scene.report(first=A, last=B, group_by="procedure")
        told = json.loads(await content(scene.client, editions[0]))
        assert [figures(row) for row in now["rows"]] != [figures(row) for row in told["rows"]]
        await demand_the_same(scene.client, editions)
        assert await verified(database) == []


async def test_a_correction_says_in_which_version_a_dossier_was(fresh_database, issuer):
    """Handed in under one version of its procedure, accepted under the next; or the next was entered later. What the
    reports told by version before anything of it was corrected, they tell ever after as of then."""
    async with a_room(fresh_database, issuer, seed=28) as scene:
        owner, (old, *_) = scene.owner, sorted(scene.procedures)
        await owner.execute("UPDATE procedure_version SET valid_to = '2018-12-31' WHERE id = $1", old)
        await owner.execute(
            "INSERT INTO procedure_version (procedure_id, name, name_search, sector, issuer, valid_from, basis)"
            " SELECT procedure_id, 'Tên mới', 'ten moi', 'Lĩnh vực mới', issuer, '2019-01-01', 'test'"
            " FROM procedure_version WHERE id = $1",
            old,
        )
        await write(owner, scene.histories)
        editions = [await sealed(scene.client, a_report(group_by=one)) for one in ("procedure", "sector")]
        then = clock.now()
        before = await scene.report(first=A, last=B, group_by="sector", as_of=then)
        mine = [history for history in scene.histories if history.version_id == old]
        code = scene.procedures[old][0]
        for history in mine:
            await write_events(owner, history, [replace(history.events[-1], recorded_at=clock.now())])
            await owner.execute(
                "UPDATE dossier_event SET kind = 'corrected', payload = $2"
                " WHERE dossier_id = $1 AND seq = (SELECT max(seq) FROM dossier_event WHERE dossier_id = $1)",
                history.id,
                json.dumps({"was_procedure": code, "was_version_id": old, "was_case": 1}),
            )
        assert len(mine) > 20
        await demand_the_same(scene.client, editions)
        assert await verified(fresh_database) == []
        after = await scene.report(first=A, last=B, group_by="sector", as_of=then)
        assert [figures(row) for row in after["rows"]] == [figures(row) for row in before["rows"]]


async def test_of_real_lives_with_all_their_verbs(fresh_database, issuer):
    """What intake itself writes: pauses, re-openings, corrected days, agencies, channels and procedures."""
    settings = settings_for(fresh_database, issuer)
    rng = random.Random(27)
    verbs: Verbs = (
        *TURNS,
        ("corrections", {**MINUTES, "channel": "post"}),
        ("corrections", {**MINUTES, "procedure": BIRTH, "agency": WARD}),
        ("corrections", {**MINUTES, "procedure": REGISTER_COPY}),
        ("corrections", {**MINUTES, "agency": JUSTICE, "procedure": REGISTER_COPY}),
    )
    stats = await asyncpg.connect(fresh_database.url("motcua_stats"))
    owner = await asyncpg.connect(fresh_database.owner_url)
    today = civil_day(clock.now())
    editions: list[dict[str, Any]] = []
    async with serving(intake_app(settings)) as intake, serving(create_app(settings)) as room:
        for client in (intake, room):
            client.headers.update(bearer(issuer, "admin", PROVINCE))
        dossiers: list[dict[str, Any]] = []
        for n in range(5):
            dossiers += [await received(intake) for _ in range(8)]
            for dossier in dossiers:
                verb, body = rng.choice(verbs)
                await does(intake, dossier, verb, **body)  # where it is not allowed nothing happens
                if rng.random() < 0.2:
                    earlier = {**MINUTES, "accepted_at": ago(days=rng.randint(1, 15)).isoformat()}
                    await does(intake, dossier, "corrections", **earlier)
            if n % 2:
                await fold_once(stats)
            for group_by in ("tree", "procedure,channel", "sector", "agency,month"):
                days = {"from": str(today - (20 + n) * DAY), "to": str(today - DAY * (n % 3))}
                editions.append(await sealed(room, a_report(agency=PROVINCE, group_by=group_by, **days)))
        assert await owner.fetchval("SELECT count(*) FROM dossier_event WHERE payload LIKE '%was_procedure%'") > 20
        assert await owner.fetchval("SELECT count(DISTINCT version_id) FROM dossier") > 1
        await demand_the_same(room, editions)
        assert len({json.dumps(json.loads(await content(room, each))["total"]) for each in editions}) > 4
    await stats.close()
    await owner.close()
    assert await verified(fresh_database) == []


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        *(("7:7:", True), ("7:9:7", True), ("7:9:7,8", True), ("7:9:8,8", True), ("1:9223372036854775807:", True)),
        *(("", False), ("7:7", False), ("0:7:", False), ("9:7:", False), ("7:9:9", False), ("7:9:6", False)),
        *(("7:9:8,7", False), ("7:9:,", False), (" 7:9:", False), ("7:9:\n", False), ("٧:٩:", False), ("-7:9:", False)),
    ],
)
async def test_a_snapshot_is_what_postgresql_takes_for_one(database, text, is_one):
    connection = await asyncpg.connect(database.owner_url)
    assert (read_snapshot(text) is not None) is is_one
    if is_one:
        assert await connection.fetchval("SELECT $1::text::pg_snapshot IS NOT NULL", text)
    await connection.close()


@pytest.mark.parametrize(("last", "ranges"), [(0, 1), (1, 1), (10, 1), (11, 2), (20, 2), (21, 3), (95, 10)])
def test_ranges_hold_every_dossier_once(last: int, ranges: int) -> None:
    found = list(spans(last, 10))
    assert len(found) == ranges
    for number in (-(2**62), 0, 1, 9, 10, 11, 20, 21, last, last + 1, 2**62):
        assert sum(span.after < number <= span.upto for span in found) == 1, number
