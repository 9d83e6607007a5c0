"""Editions are one line: none is changed, taken away or put in between unseen, and a seal noted outside holds the
rest."""

import asyncio
from contextlib import aclosing
from typing import Any

import asyncpg
import pytest

from migrations.apply import downgrade, migrate
from services.verification import anchor_of
from shared.domain.differences import Difference
from shared.web.checks import one_moment, walked
from stats_service.edition_chain.rules import Anchor
from stats_service.editions.usecases import EditionChain
from tests.builders_log import write
from tests.stats.editions import EDITIONS, a_report, a_room, sealed
from tests.stats.scenes import Scene
from tests.stats.verify.grounds import motcua_verify

_BYTES = "content = convert_to(replace(convert_from(content, 'UTF8'), 'hai', 'ba'), 'UTF8')"
_ADDED = """
INSERT INTO report_edition (report, format, agency_id, parameters, number, sealed_at, sealed_by, snapshot, picture,
  synthetic, sha256, content)
SELECT report, format, agency_id, parameters || ' ', 1, sealed_at, sealed_by, snapshot, picture, synthetic, sha256,
  content FROM report_edition LIMIT 1
"""


async def found_in(database: Any, *anchors: Anchor) -> list[Difference]:
    async with (
        one_moment(database.url) as moment,
        aclosing(walked(moment, [EditionChain(anchors)], lambda _: None)) as found,
    ):
        return [difference async for difference in found]


async def three_editions(scene: Scene) -> list[dict[str, Any]]:
    await write(scene.owner, scene.histories)
    first = await sealed(scene.client, a_report(group_by="none"), note="Bản một")
    second = await sealed(scene.client, a_report(group_by="tree"), note="Bản hai")
    third = await sealed(scene.client, {**a_report(group_by="level")})
    await scene.owner.execute("SET session_replication_role = replica")
    return [first, second, third]


async def test_each_edition_is_a_link(database, issuer):
    async with a_room(database, issuer, seed=51, dossiers=20) as scene:
        editions = await three_editions(scene)
        assert [edition["link"]["number"] for edition in editions] == [1, 2, 3]
        assert len({edition["link"]["seal"] for edition in editions}) == 3
        listed = (await scene.client.get(EDITIONS)).json()["items"]
        assert [edition["link"] for edition in listed] == [edition["link"] for edition in reversed(editions)]
        anchors = [Anchor(e["link"]["number"], bytes.fromhex(e["link"]["seal"])) for e in editions]
        assert await found_in(database, *anchors) == []


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE report_edition SET sealed_by = 'leader@khác' WHERE id = {2}", [("seal", "2 · #{2}")]),
        ("UPDATE report_edition SET synthetic = NOT synthetic WHERE id = {1}", [("seal", "1 · #{1}")]),
        ("UPDATE report_edition SET note = 'Bản ba' WHERE id = {2}", [("seal", "2 · #{2}")]),
        ("UPDATE report_edition SET note = 'Bản ba', " + _BYTES + ", sha256 = sha256(convert_to(replace(convert_from("
         "content, 'UTF8'), 'hai', 'ba'), 'UTF8')) WHERE id = {2}", [("seal", "2 · #{2}")]),
        ("UPDATE report_edition SET sealed_at = sealed_at - interval '1 us' WHERE id = {3}", [("seal", "3 · #{3}")]),
        ("UPDATE report_edition SET parameters = parameters || ' ' WHERE id = {3}", [("seal", "3 · #{3}")]),
        ("UPDATE report_edition SET parameters = 'x' WHERE id = {3}", [("seal", "3 · #{3}")]),
        ("UPDATE report_edition SET agency_id = agency_id + 1 WHERE id = {3}", [("seal", "3 · #{3}")]),
        ("UPDATE report_edition SET picture = 'x' WHERE id = {1}", [("seal", "1 · #{1}")]),
        ("UPDATE report_edition SET last_event_id = 1 WHERE id = {1}", [("seal", "1 · #{1}")]),
        ("UPDATE report_edition SET last_txid = '1' WHERE id = {1}", [("seal", "1 · #{1}")]),
        ("UPDATE report_edition SET number = 2, corrects = {1}, reason = 'Sai' WHERE id = {2}", [("seal", "2 · #{2}")]),
        ("UPDATE report_edition SET report = 'annex' WHERE id = {2}", [("seal", "2 · #{2}")]),
        ("UPDATE report_edition SET format = 'resolution/2' WHERE id = {2}", [("seal", "2 · #{2}")]),
        ("UPDATE report_edition SET snapshot = snapshot || ' ' WHERE id = {2}", [("seal", "2 · #{2}")]),
        ("UPDATE edition_link SET seal = sha256(seal) WHERE number = 2", [("seal", "2 · #{2}"), ("seal", "3 · #{3}")]),
        ("DELETE FROM report_edition WHERE id = {1}", [("edition_gone", "1 · #{1}")]),
        ("DELETE FROM report_edition WHERE id = {3}", [("edition_gone", "3 · #{3}")]),
        ("DELETE FROM report_edition WHERE id = {2}", [("edition_gone", "2 · #{2}")]),
        ("DELETE FROM edition_link WHERE number = 2", [("link_gone", "2"), ("unlinked", "#{2}")]),
        ("UPDATE edition_link SET number = 0 WHERE number = 3", [("seal", "0 · #{3}")]),
        ("UPDATE edition_link SET number = -7 WHERE number = 1", [("seal", "-7 · #{1}"), ("link_gone", "1")]),
        ("DELETE FROM edition_link WHERE number = 1; DELETE FROM report_edition WHERE id = {1}", [("link_gone", "1")]),
        ("DELETE FROM edition_link WHERE number = 2; DELETE FROM report_edition WHERE id = {2}", [("link_gone", "2")]),
        ("DELETE FROM edition_link WHERE number < 3; DELETE FROM report_edition WHERE id < {3}",
         [("link_gone", "1–2")]),
        ("DELETE FROM edition_link WHERE number = 2; DELETE FROM report_edition WHERE id = {2}; "
         "UPDATE edition_link SET number = 2 WHERE number = 3", [("seal", "2 · #{3}")]),
        ("DELETE FROM edition_link WHERE number = 3", [("unlinked", "#{3}")]),
        (_ADDED, [("unlinked", "#{4}")]),
        (_ADDED + "; INSERT INTO edition_link SELECT 4, max(id), sha256('x') FROM report_edition",
         [("seal", "4 · #{4}")]),
    ],
)  # fmt: skip
async def test_what_was_done_to_an_edition_or_its_link_is_found(database, issuer, statement, expected):
    async with a_room(database, issuer, seed=52, dossiers=20) as scene:
        ids = [edition["id"] for edition in await three_editions(scene)]
        assert await found_in(database) == []
        await scene.owner.execute(statement.format("", *ids))
        ids += await scene.owner.fetchval(
            "SELECT array_agg(id ORDER BY id) FROM report_edition WHERE id > $1", ids[-1]
        ) or [0]
        found = await found_in(database)
        assert [(each.what, each.where) for each in found] == [
            (what, where.format("", *ids)) for what, where in expected
        ]


async def test_the_end_that_was_cut_off_shows_by_a_seal_noted_outside(database, issuer):
    async with a_room(database, issuer, seed=53, dossiers=20) as scene:
        *_, last = await three_editions(scene)
        told = f"3:{last['link']['seal']}"
        status, printed = await motcua_verify(database, "--anchor", told)
        assert (status, "Mắt xích" in printed) == (0, True)
        await scene.owner.execute("DELETE FROM edition_link WHERE number = 3")
        await scene.owner.execute("DELETE FROM report_edition WHERE id = $1", last["id"])
        assert await found_in(database) == [], "the chain itself cannot know that it was longer"
        status, printed = await motcua_verify(database, "--anchor", told)
        assert status == 1
        assert "không khớp dấu đã ghi bên ngoài" in printed
        other = "1:" + "0" * 64
        found = await found_in(database, *filter(None, map(anchor_of, (told, other))))
        assert [(each.what, each.where, each.found is None) for each in found] == [
            ("anchor", "3", True),
            ("anchor", "1", False),
        ]
        for wrong in ("3", "0:" + "0" * 64, "3:12", "3:" + "g" * 64, "-1:" + "0" * 64, "3:" + "0" * 65, "1" * 30 + ":"):
            assert anchor_of(wrong) is None
        assert (await motcua_verify(database, "--anchor", "3:12"))[0] == 2


async def test_what_is_sealed_at_once_makes_one_line(database, issuer):
    async with a_room(database, issuer, seed=54, dossiers=30) as scene:
        await write(scene.owner, scene.histories)
        names = ("none", "agency", "tree", "level", "channel", "month", "sector", "procedure")
        answers = await asyncio.gather(
            *(scene.client.post(EDITIONS, json=a_report(group_by=name)) for name in (*names, *names))
        )
        assert sorted(answer.status_code for answer in answers) == [201] * 8 + [409] * 8
        made = [answer.json() for answer in answers if answer.status_code == 201]
        assert sorted(edition["link"]["number"] for edition in made) == [*range(1, 9)]
        by_id = sorted(made, key=lambda edition: edition["id"])
        assert [edition["link"]["number"] for edition in by_id] == [*range(1, 9)], "ids stand in the order of the links"
        assert await found_in(database) == []


async def test_nobody_changes_a_link(database, issuer):
    async with a_room(database, issuer, seed=55, dossiers=5) as scene:
        await three_editions(scene)
        for statement in ("UPDATE edition_link SET seal = ''", "DELETE FROM edition_link"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await scene.stats.execute(statement)


async def test_editions_from_before_the_chain_are_bound_in_their_order(fresh_database, issuer):
    """The migration has words of its own: they are those of the rules."""
    async with a_room(fresh_database, issuer, seed=56, dossiers=20) as scene:
        known, later = scene.histories[:15], scene.histories[15:]
        scene.histories = known
        first, *_ = await three_editions(scene)
        await write(scene.owner, later)
        await sealed(scene.client, {**a_report(group_by="none"), "corrects": first["id"], "reason": "Số liệu bổ sung"})
        before = await scene.owner.fetch("SELECT * FROM edition_link ORDER BY number")
    await downgrade(fresh_database.owner_url, to="0012")
    await migrate(fresh_database.owner_url)
    owner = await asyncpg.connect(fresh_database.owner_url)
    try:
        assert await owner.fetch("SELECT * FROM edition_link ORDER BY number") == before
        assert len(before) == 4
        assert await found_in(fresh_database) == []
    finally:
        await owner.close()
