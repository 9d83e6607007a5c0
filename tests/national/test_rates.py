"""The local rate and the national one over the same dossiers: what lies between them adds up, and the portal counts
what the report says that it does. Over real HTTP; the portal's double judges by a rule of its own."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from intake_service.national.client import NationalClient, http_for_it
from intake_service.national.rules import NEEDED
from intake_service.national.usecases import Teller, queue_next
from intake_service.reconciliation.usecases import Reconciler
from services.local_issuer import LocalIssuer
from shared.contracts.rates import LINES, RatesList, RatesReport
from shared.domain.lifecycle import Channel
from shared.domain.terms import TermUnit
from shared.reference.store import read_reference
from shared.web.clock import now
from shared.web.keyring import Keyring
from stats_service.app import create_app as create_stats
from stats_service.rates.rules import TITLES, Tally, bridge
from tests.conftest import Database
from tests.national.province import IDENTIFIED, IMPATIENT, for_all, place
from tests.national.running import PortalProcess
from tests.national.test_verdicts_over_http import PERIODS, a_life, about_the_second, lives_by_the_verbs
from tests.support import BIRTH, IDENTITY_KEYS, PROVINCE, REGISTER_COPY, WARD, at, bearer, serving, settings_for

_tallies = st.builds(
    lambda late, there, on_time, line, many: Tally(
        late, there, on_time if there else None, line if late != (not (there and on_time)) else None, many
    ),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from(LINES),
    st.integers(0, 10**6),
)


@given(st.lists(_tallies, max_size=40))
def test_the_way_adds_up_whatever_is_counted(tallies: list[Tally]) -> None:
    found = bridge(tallies)
    assert found.on_time_here + sum(step.effect for step in found.steps) == found.on_time_there
    assert found.dossiers == sum(tally.dossiers for tally in tallies)
    assert found.on_time_there <= found.there <= found.dossiers
    places = [LINES.index(step.line) for step in found.steps]
    assert places == sorted(places)


def test_each_line_has_its_words() -> None:
    assert set(TITLES) == set(LINES)


@dataclass
class Scene:
    """A province of which the portal has some, otherwise than it was told, and stats that says so."""

    stats: dict[str, httpx.AsyncClient]
    portal: PortalProcess
    owner: asyncpg.Connection

    async def report(self, period: tuple[str, str], compare: str = "instant", **more: str) -> RatesReport:
        asked = {"agency": WARD, "from": period[0], "to": period[1], **more}
        answer = await self.stats[compare].get("/v1/reports/rates", params=asked)
        assert answer.status_code == 200, answer.text
        found = RatesReport.model_validate(answer.json())
        assert found.local.on_time + sum(line.effect for line in found.lines) == found.national.on_time
        return found

    async def listed(self, path: str, period: tuple[str, str], compare: str = "instant", **more: str) -> dict[str, Any]:
        items: dict[str, Any] = {}
        cursor: dict[str, str] = {}
        while True:
            asked = {"agency": WARD, "from": period[0], "to": period[1], "limit": "40", **more, **cursor}
            answer = await self.stats[compare].get(path, params=asked)
            assert answer.status_code == 200, answer.text
            items |= {one["code"]: one for one in answer.json()["items"]}
            if answer.json()["next"] is None:
                return items
            cursor = {"cursor": answer.json()["next"]}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scene(database: Database, issuer: LocalIssuer) -> AsyncIterator[Scene]:
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("UPDATE agency SET identification_code = $1 WHERE code = $2", IDENTIFIED, WARD)
    reference = await read_reference(owner)
    rng = random.Random(766)
    by_unit: dict[TermUnit, list[str]] = {}
    for code in sorted(reference.procedures):
        version = reference.procedure_on(code, at("Monday 2025-09-01 08:00").date())
        if version is not None and Channel.COUNTER in version.terms:
            by_unit.setdefault(version.terms[Channel.COUNTER].unit, []).append(code)
    codes = [BIRTH, REGISTER_COPY, *(code for found in by_unit.values() for code in found[:4])]
    await lives_by_the_verbs(database, issuer)
    await about_the_second(owner, reference)
    for _ in range(200):
        await a_life(rng, owner, reference, codes)
    portal, connection, ring = PortalProcess("--seed", "7"), await for_all(database), Keyring.of(IDENTITY_KEYS)
    portal.set(unknown_fields="ignore")
    async with http_for_it() as http:
        client = NationalClient(http, place(portal))
        teller = Teller(client, ring, NEEDED)
        while await queue_next(connection, None, now()):
            pass
        for _ in range(200):
            teller._breaker.taken()
            await teller.tell_next(connection, reference)
            await owner.execute(IMPATIENT)
            if not await owner.fetchval("SELECT count(*) FROM national_message WHERE state = 'waiting'"):
                break
        told = [one["code"] for one in portal.control("GET", "dossiers")]
        rng.shuffle(told)
        assert len(told) > 200
        for code in told[:25]:
            portal.control("DELETE", f"dossiers/{code}")
        for code in told[25:60]:
            item = portal.stored(code)
            moved = at("Monday 2025-09-01 08:00") + timedelta(days=rng.randrange(160))
            other = {"NgayHenTra": f"{moved:%Y%m%d%H%M%S}"}
            if item["TrangThaiHoSo"] in ("9", "10") and rng.random() < 0.5:
                other = {"TrangThaiHoSo": "4"}
            portal.control("PATCH", f"dossiers/{code}", other)
        stuck = "UPDATE national_message SET state = $1, settled_at = NULL WHERE step = 0 AND dossier_id = ANY($2)"
        ids = {
            row["name"]: row["id"]
            for row in await owner.fetch("SELECT id, coalesce(reference, code) AS name FROM dossier")
        }
        for state, codes in (("dead", told[:5]), ("blocked", told[5:10]), ("waiting", told[10:13])):
            await owner.execute(stuck, state, [ids[code] for code in codes])
        await owner.execute(
            "DELETE FROM national_message WHERE dossier_id = ANY($1)", [ids[code] for code in told[13:20]]
        )
        reconciler = Reconciler(client, ring, every=timedelta(0), days=4000, since=now())
        for _ in range(200):
            reconciler._breaker.taken()
            if not await reconciler.compare_next(connection, reference, now()):
                state = await owner.fetchval("SELECT state FROM national_round ORDER BY id DESC LIMIT 1")
                if state != "running":
                    break
        assert state == "done"
        # Received after all of that: nobody knows of it there; and one that went on since.
        for _ in range(12):
            await a_life(rng, owner, reference, [BIRTH])
    async with serving(create_stats(settings_for(database, issuer))) as stats:
        by_date = create_stats(settings_for(database, issuer, national_compare="date"))
        async with serving(by_date) as other_stats:
            for one in (stats, other_stats):
                one.headers.update(bearer(issuer, "leader", PROVINCE))
            yield Scene({"instant": stats, "date": other_stats}, portal, owner)
    portal.stop()
    await connection.close()
    await owner.close()


@pytest.mark.parametrize("compare", ["instant", "date"])
@pytest.mark.parametrize("of", ["resolved", "to_handle"])
@pytest.mark.parametrize("period", PERIODS, ids=str)
async def test_the_portal_counts_what_is_said_of_it(
    scene: Scene, period: tuple[str, str], of: str, compare: str
) -> None:
    found = await scene.report(period, compare, of=of)
    everything = await scene.listed("/v1/reports/national-verdicts/dossiers", period, compare, verdicts="all")
    same = {code: one for code, one in everything.items() if of == "to_handle" or one["finished_day"] is not None}
    asked = {"from": period[0], "to": period[1], "compare": compare}
    theirs = {one["MaHoSo"]: one["on_time"] for one in scene.portal.control("GET", "verdicts", **asked)["verdicts"]}
    assert found.dossiers == len(same)
    assert found.local.on_time == sum(one["law"]["verdict"] == "on_time" for one in same.values())
    assert found.national.on_time == sum(theirs.get(code, False) for code in same)
    there = {one["code"] for one in scene.portal.control("GET", "dossiers")}
    assert found.national.there == len(there & same.keys())
    resolution = await scene.stats[compare].get(
        "/v1/reports/resolution", params={"agency": WARD, "from": period[0], "to": period[1]}
    )
    figures = resolution.json()["total"].get("figures", resolution.json()["total"])
    if of == "resolved":
        assert (found.dossiers, found.local.on_time) == (figures["resolved"], figures["resolved_on_time"])
        assert found.local.rate == figures["on_time_rate"]
    else:
        assert found.local.rate == figures["national_on_time_rate"]


@pytest.mark.parametrize("of", ["resolved", "to_handle"])
async def test_each_line_opens_its_list(scene: Scene, of: str) -> None:
    period = ("2025-09-01", "2026-01-31")
    found = await scene.report(period, of=of)
    lines = {line.line for line in found.lines}
    assert {"lost", "dead", "blocked", "on_its_way", "never_told", "not_compared", "status", "dates"} <= lines
    assert {"second_request", "hour_of_the_day"} <= lines
    everything = await scene.listed("/v1/reports/rates/dossiers", period, of=of)
    assert len(everything) == sum(line.dossiers for line in found.lines)
    for line in lines:
        listed = await scene.listed("/v1/reports/rates/dossiers", period, of=of, line=line)
        for here in ("on_time", "overdue"):
            counted = [one.dossiers for one in found.lines if (one.line, one.here) == (line, here)]
            assert len([one for one in listed.values() if one["here"] == here]) == sum(counted)
        for one in listed.values():
            assert one == everything[one["code"]]
            RatesList.model_validate({"items": [one], "next": None})
            assert (one["compared_at"] is None) == (line == "not_compared")
            if line in ("lost", "dead", "blocked", "on_its_way", "never_told", "not_compared"):
                assert (one["here"], one["there"]) == ("on_time", None)
    assert found.compared.dossiers < found.dossiers
    assert found.compared.first_at is not None
    assert found.national.rate_of_there != found.national.rate


async def test_what_went_on_since_it_was_compared_is_told_apart(scene: Scene) -> None:
    period = ("2025-09-01", "2026-01-31")
    before = await scene.report(period)
    row = await scene.owner.fetchrow(
        "SELECT d.code, d.id FROM dossier d JOIN national_comparison c ON c.dossier_id = d.id"
        " WHERE c.state = 'in_step' AND d.verdict = 1 AND d.finished_day BETWEEN '2025-09-10' AND '2025-12-31'"
        " AND d.finished_at < d.original_due_at AND d.original_due_at < '2026-01-15'"
        " AND NOT EXISTS (SELECT FROM dossier_event e WHERE e.dossier_id = d.id AND e.kind <> 'accepted'"
        "  AND e.kind <> 'finished') ORDER BY d.id LIMIT 1"
    )
    assert row is not None
    code, dossier_id = row
    await scene.owner.execute(
        "UPDATE national_comparison SET seq = seq - 1, theirs = theirs - 'NgayKetThucXuLy'"
        " || jsonb_build_object('TrangThaiHoSo', '4') WHERE dossier_id = $1",
        dossier_id,
    )
    after = await scene.report(period)
    assert after.national.on_time == before.national.on_time - 1
    listed = await scene.listed("/v1/reports/rates/dossiers", period, line="since_compared")
    assert [(one["code"], one["here"], one["there"]) for one in listed.values()] == [(code, "on_time", "overdue")]


async def test_nothing_to_divide(scene: Scene) -> None:
    found = await scene.report(("2019-01-01", "2019-01-31"))
    assert (found.dossiers, found.local.rate, found.national.rate, found.national.rate_of_there) == (
        0,
        None,
        None,
        None,
    )
    assert (found.lines, found.compared.first_at) == ([], None)


async def test_whoever_has_no_right_sees_nothing(scene: Scene, issuer: LocalIssuer) -> None:
    asked = {"agency": PROVINCE, "period": "2025-10"}
    for path in ("", "/dossiers"):
        answer = await scene.stats["instant"].get(
            f"/v1/reports/rates{path}", params=asked, headers=bearer(issuer, "leader", WARD)
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "agency_out_of_scope")
    for wrong, field in (({"of": "all"}, "of"), ({"line": "x"}, "line"), ({"as_of": "2026-01-01"}, "query")):
        answer = await scene.stats["instant"].get("/v1/reports/rates/dossiers", params={**asked, **wrong})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
