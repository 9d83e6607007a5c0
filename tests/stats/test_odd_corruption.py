"""What was changed beyond sense is one more difference, and hides no other: verification ends with its list."""

from contextlib import aclosing
from typing import Any

import pytest

from shared.domain.differences import Difference
from shared.web.checks import Check, one_moment, walked
from stats_service.editions.usecases import EditionChain, Editions
from tests.builders_log import write
from tests.stats.editions import EDITIONS, a_report, a_room, sealed


async def found_in(database: Any, *more: Check) -> list[Difference]:
    checks = [Editions(), *more]
    async with one_moment(database.url) as moment, aclosing(walked(moment, checks, lambda _: None)) as found:
        return [difference async for difference in found]


@pytest.mark.parametrize(
    "parameters",
    [
        'parameters::jsonb || \'{"to": "9999-12-31"}\'',
        'parameters::jsonb || \'{"from": "0001-01-01"}\'',
        'parameters::jsonb || \'{"from": "2020-03-18"}\'',
        "parameters::jsonb || '{\"cut\": []}'",
        'parameters::jsonb || \'{"cut": "15"}\'',
        'parameters::jsonb || \'{"group_by": "nonsense"}\'',
        "parameters::jsonb || '{\"group_by\": null}'",
        "parameters::jsonb || '{\"form\": 5}'",
        "repeat('[', 200000)",
        "'null'",
    ],
)
async def test_parameters_beyond_sense(database, issuer, parameters):
    async with a_room(database, issuer, seed=61, dossiers=10) as scene:
        await write(scene.owner, scene.histories)
        first = await sealed(scene.client, a_report(group_by="month"))
        second = await sealed(scene.client, a_report(group_by="none"))
        assert await found_in(database) == []
        await scene.owner.execute("SET session_replication_role = replica")
        await scene.owner.execute(f"UPDATE report_edition SET parameters = {parameters} WHERE id = $1", first["id"])
        await scene.owner.execute(
            "UPDATE report_edition SET content = content || 'x'::bytea WHERE id = $1", second["id"]
        )
        found = [(each.what, each.where.split(" · ")[0]) for each in await found_in(database)]
        assert {what for what, where in found if where == f"#{first['id']}"} & {"parameters", "figures"}
        assert ("content", f"#{second['id']}") in found
        assert (await scene.client.get(EDITIONS)).status_code == 200
        assert (await scene.client.get(f"{EDITIONS}/{first['id']}/print", params={"format": "csv"})).status_code < 500


@pytest.mark.parametrize(
    "changed",
    [
        "sealed_at = 'infinity'",
        "sealed_at = '-infinity'",
        "sealed_at = '4000-01-01 00:00Z BC'",
        "sealed_at = '9999-12-31 23:59:59Z'",
        "report = 'nonsense'",
        "format = 'nonsense/1'",
        "content = convert_to(repeat('[', 200000), 'UTF8')",
        "content = '\\xff'",
        "note = repeat('x', 100000)",
        "snapshot = '1:9223372036854775807:'",
        "last_txid = '18446744073709551615'",
    ],
)
async def test_an_edition_beyond_sense(database, issuer, changed):
    """It is named, the others are seen, and whoever reads it is told: never an error of ours."""
    async with a_room(database, issuer, seed=63, dossiers=10) as scene:
        await write(scene.owner, scene.histories)
        first, second = [await sealed(scene.client, a_report(group_by=one)) for one in ("agency", "none")]
        await scene.owner.execute("SET session_replication_role = replica")
        await scene.owner.execute("ALTER TABLE report_edition DISABLE TRIGGER ALL")
        await scene.owner.execute(f"UPDATE report_edition SET {changed} WHERE id = $1", first["id"])
        await scene.owner.execute(
            "UPDATE report_edition SET content = content || 'x'::bytea WHERE id = $1", second["id"]
        )
        found = [f"{each.what} {each.where}" for each in await found_in(database, EditionChain())]
        assert f"content #{second['id']} " in " ".join(found)
        assert len([one for one in found if f"#{first['id']}" in one]) >= 1, found
        for path in ("", *(f"/{first['id']}{more}" for more in ("", "/content", "/changes", "/recomputation"))):
            answer = await scene.client.get(f"{EDITIONS}{path}", timeout=60)
            assert answer.status_code < 500, (path, answer.text)
        for format in ("csv", "xlsx", "docx", "pdf"):
            answer = await scene.client.get(f"{EDITIONS}/{first['id']}/print", params={"format": format})
            assert answer.status_code < 500, (format, answer.text)
        await scene.owner.execute("ALTER TABLE report_edition ENABLE TRIGGER ALL")


async def test_a_payload_that_is_no_json(database, issuer):
    async with a_room(database, issuer, seed=62, dossiers=40) as scene:
        await write(scene.owner, scene.histories)
        await sealed(scene.client, a_report(group_by="procedure,month"))
        await scene.owner.execute("SET session_replication_role = replica")
        await scene.owner.execute("UPDATE dossier_event SET kind = 'corrected', payload = 'x' WHERE seq > 1")
        assert await found_in(database) == [], "procedures of a correction that says none are as they were"
        asked = {**a_report(group_by="sector")["parameters"], "as_of": "2020-03-01T00:00:00+07:00"}
        answer = await scene.client.get("/v1/reports/resolution", params=asked)
        assert answer.status_code == 200, answer.text
