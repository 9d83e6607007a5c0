"""Stored dossiers are told to the portal over HTTP, and stats says of each, and of all together, what the portal then
says."""

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from intake_service.app import create_app as create_intake
from intake_service.national.client import NationalClient, http_for_it
from intake_service.national.rules import NEEDED
from intake_service.national.usecases import Teller, queue_next
from services.local_issuer import LocalIssuer
from shared.contracts.national_verdicts import NationalVerdictsList, NationalVerdictsReport
from shared.domain.lifecycle import Channel, EventKind
from shared.domain.terms import Due, TermUnit
from shared.reference import Reference
from shared.reference.store import read_reference
from shared.web.clock import now
from shared.web.keyring import Keyring
from stats_service.app import create_app as create_stats
from tests.builders import a_dossier
from tests.conftest import Database
from tests.intake.lives import did, imported, proposed
from tests.national.province import IDENTIFIED, IMPATIENT, for_all, place
from tests.national.running import PortalProcess
from tests.stats.test_national_verdicts import ACCEPTED, GIVEN, LIVES, OF_TEN_DAYS
from tests.support import BIRTH, IDENTITY_KEYS, PROVINCE, REGISTER_COPY, WARD, at, bearer, serving, settings_for

PERIODS = (("2025-10-01", "2025-10-31"), ("2025-09-15", "2025-12-14"), ("2026-01-01", "2026-01-31"))
SECOND = timedelta(seconds=1)


async def a_life(rng: random.Random, owner: asyncpg.Connection, reference: Reference, codes: list[str]) -> None:
    code = rng.choice(codes)
    version = reference.procedure_on(code, at("Monday 2025-09-01 08:00").date())
    assert version is not None
    channel = rng.choice(sorted(version.terms))
    moment = at("Monday 2025-09-01 08:00") + SECOND * rng.randrange(86_400 * 130)
    accepted, happened = moment, []
    given = moment.replace(hour=17, minute=0, second=0) + timedelta(days=rng.randrange(1, 9))
    due = None
    if rng.random() < 0.5 and version.terms[channel].unit not in (TermUnit.WORKING_HOUR, TermUnit.NONE):
        due = Due(given, given.date(), given.replace(hour=0) + timedelta(days=1))
    for _ in range(rng.choice([0, 0, 1, 1, 2])):
        moment += SECOND * rng.randrange(60, 86_400 * 6)
        happened.append((EventKind.SUPPLEMENT_REQUESTED, moment))
        if rng.random() < 0.2:
            break
        moment += SECOND * rng.randrange(60, 86_400 * 9)
        happened.append((EventKind.SUPPLEMENTED, moment))
    awaited = bool(happened) and happened[-1][0] is EventKind.SUPPLEMENT_REQUESTED
    if rng.random() < 0.75:
        kinds = [EventKind.WITHDRAWN, EventKind.STOPPED, *([] if awaited else [EventKind.FINISHED] * 5)]
        moment += SECOND * rng.randrange(60, 86_400 * 12)
        happened.append((rng.choice(kinds), moment))
    await a_dossier(
        owner,
        reference,
        accepted=accepted,
        agency=WARD,
        procedure=code,
        channel=Channel(channel),
        due=due,
        happened=happened,
    )


async def lives_by_the_verbs(database: Database, issuer: LocalIssuer) -> None:
    """Imported and then acted upon: withdrawn, opened again, extended, a reception set right, …"""
    async with serving(create_intake(settings_for(database, issuer))) as intake:
        intake.headers.update(bearer(issuer, "admin", PROVINCE))
        for name, (steps, _) in {**LIVES, **GIVEN}.items():
            given = OF_TEN_DAYS if name in GIVEN else {"due": None}
            dossier = await imported(intake, dict(intake.headers), accepted=at(ACCEPTED), **given)
            for verb, when, body in steps:
                if verb == "extensions":
                    await proposed(database, dossier, at(when), at("Friday 2025-10-24 17:00"))
                await did(intake, dossier, verb, **body, **({"occurred_at": at(when).isoformat()} if when else {}))


async def about_the_second(owner: asyncpg.Connection, reference: Reference) -> None:
    """Over when it is due, a second before it and after it; once with a wait that is taken off."""
    promised, day = at("Friday 2025-10-10 17:00"), timedelta(days=1)
    due = Due(promised, promised.date(), promised.replace(hour=0) + day)
    asked = at("Tuesday 2025-10-07 10:00")
    waited = [(EventKind.SUPPLEMENT_REQUESTED, asked + 0.7 * SECOND), (EventKind.SUPPLEMENTED, asked + day)]
    for offset in (-1, 0, 0.5, 1, 3600):
        over = promised + offset * SECOND
        for happened in ([(EventKind.FINISHED, over)], [*waited, (EventKind.FINISHED, over + day)]):
            accepted = at("Monday 2025-10-06 08:00")
            await a_dossier(owner, reference, accepted=accepted, procedure=REGISTER_COPY, due=due, happened=happened)


class Told:
    """What was told to the portal, and stats over the same database."""

    def __init__(self, stats: httpx.AsyncClient, portal: PortalProcess, by_date: httpx.AsyncClient) -> None:
        self.stats, self.portal = {"instant": stats, "date": by_date}, portal

    async def ours(self, compare: str, first: str, last: str) -> tuple[NationalVerdictsReport, dict[str, Any]]:
        asked = {"agency": WARD, "from": first, "to": last}
        rules = {"rules": "766/1"}
        answer = await self.stats[compare].get("/v1/reports/national-verdicts", params={**asked, **rules})
        assert answer.status_code == 200, answer.text
        items: dict[str, Any] = {}
        cursor: dict[str, str] = {}
        while True:
            page = await self.stats[compare].get(
                "/v1/reports/national-verdicts/dossiers", params={**asked, "verdicts": "all", "limit": 40, **cursor}
            )
            assert page.status_code == 200, page.text
            NationalVerdictsList.model_validate(page.json())
            items |= {one["code"]: one for one in page.json()["items"]}
            if page.json()["next"] is None:
                return NationalVerdictsReport.model_validate(answer.json()), items
            cursor = {"cursor": page.json()["next"]}

    def theirs(self, compare: str, first: str, last: str) -> dict[str, Any]:
        found: dict[str, Any] = self.portal.control(
            "GET", "verdicts", **{"from": first, "to": last, "compare": compare}
        )
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def told(database: Database, issuer: LocalIssuer) -> AsyncIterator[Told]:
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("UPDATE agency SET identification_code = $1 WHERE code = $2", IDENTIFIED, WARD)
    reference = await read_reference(owner)
    rng = random.Random(2026)
    by_unit: dict[TermUnit, list[str]] = {}
    for code in sorted(reference.procedures):
        version = reference.procedure_on(code, at("Monday 2025-09-01 08:00").date())
        if version is not None and Channel.COUNTER in version.terms:
            by_unit.setdefault(version.terms[Channel.COUNTER].unit, []).append(code)
    codes = [BIRTH, REGISTER_COPY, *(code for found in by_unit.values() for code in found[:4])]
    await lives_by_the_verbs(database, issuer)
    await about_the_second(owner, reference)
    for _ in range(160):
        await a_life(rng, owner, reference, codes)
    portal, connection = PortalProcess("--seed", "7"), await for_all(database)
    portal.set(unknown_fields="ignore")
    async with http_for_it() as http:
        teller = Teller(NationalClient(http, place(portal)), Keyring.of(IDENTITY_KEYS), NEEDED)
        while await queue_next(connection, None, now()):
            pass
        for _ in range(200):
            teller._breaker.taken()
            await teller.tell_next(connection, reference)
            await owner.execute(IMPATIENT)
            if not await owner.fetchval("SELECT count(*) FROM national_message WHERE state = 'waiting'"):
                break
    states = await owner.fetch("SELECT state, count(*) FROM national_message GROUP BY state")
    assert [row["state"] for row in states] == ["taken"], states
    by_instant = create_stats(settings_for(database, issuer))
    by_date = create_stats(settings_for(database, issuer, national_compare="date"))
    async with serving(by_instant) as stats, serving(by_date) as other:
        for client in (stats, other):
            client.headers.update(bearer(issuer, "leader", PROVINCE))
        yield Told(stats, portal, other)
    portal.stop()
    await connection.close()
    await owner.close()


@pytest.mark.parametrize("compare", ["instant", "date"])
@pytest.mark.parametrize("period", PERIODS, ids=str)
async def test_stats_says_what_the_portal_says(told: Told, period: tuple[str, str], compare: str) -> None:
    report, items = await told.ours(compare, *period)
    portal = told.theirs(compare, *period)
    theirs = {one["MaHoSo"]: one for one in portal["verdicts"]}
    assert set(items) == set(theirs)
    for code, one in items.items():
        national, said = one["national"], theirs[code]
        assert (national["verdict"] == "on_time", national["rules"]) == (said["on_time"], said["rules"]), said["why"]
        assert (national["judged_at"], national["against"]) == (said["judged_at"], said["against"])
    total = portal["total"]
    assert (report.national.received, report.national.on_time) == (total["totalReceived"], total["totalOnTime"])
    assert (report.national.ratio, report.national.score) == (total["ratio"], total["score"])
    assert report.compare == compare
    assert 0 < report.national.on_time < report.national.received


@pytest.mark.parametrize("period", PERIODS, ids=str)
async def test_the_law_is_counted_as_the_resolution_report_counts(told: Told, period: tuple[str, str]) -> None:
    report, items = await told.ours("instant", *period)
    answer = await told.stats["instant"].get(
        "/v1/reports/resolution", params={"agency": WARD, "from": period[0], "to": period[1]}
    )
    figures = answer.json()["total"]["figures"] if "figures" in answer.json()["total"] else answer.json()["total"]
    for name, value in report.law.model_dump().items():
        assert value == figures[name], name
    differing = [one for one in items.values() if one["kind"] is not None]
    assert all((one["law"]["verdict"] != one["national"]["verdict"]) == (one in differing) for one in items.values())
    by_kind = {(each.kind, each.law): each.dossiers for each in report.differences}
    for kind, law in by_kind:
        found = [one for one in differing if (one["kind"], one["law"]["verdict"]) == (kind, law)]
        assert len(found) == by_kind[kind, law]
    agreeing = report.agreeing.on_time + report.agreeing.overdue
    assert agreeing + sum(by_kind.values()) == report.national.received


async def test_each_kind_opens_its_list(told: Told) -> None:
    first, last = PERIODS[1]
    report, items = await told.ours("instant", first, last)
    kinds = {each.kind for each in report.differences}
    assert {"second_request", "hour_of_the_day", "supplement_wait"} <= kinds
    for kind in kinds:
        answer = await told.stats["instant"].get(
            "/v1/reports/national-verdicts/dossiers",
            params={"agency": WARD, "from": first, "to": last, "kind": kind, "limit": 1000},
        )
        codes = {one["code"] for one in answer.json()["items"]}
        assert codes == {code for code, one in items.items() if one["kind"] == kind}
    late = await told.stats["instant"].get(
        "/v1/reports/national-verdicts/dossiers",
        params={"agency": WARD, "from": first, "to": last, "verdicts": "late", "limit": 1000},
    )
    assert len(late.json()["items"]) == report.national.overdue
    again = next(one for one in items.values() if one["kind"] == "second_request")
    assert again["national"]["explanation"][-1] == {"vi": "Kết luận: quá hạn.", "en": "Late."}
    assert any("2 lần" in line["vi"] for line in again["national"]["explanation"])
    assert again["law"]["explanation"][-1]["en"] == "On time."


async def test_as_recorded_then_and_without_rules(told: Told) -> None:
    asked = {"agency": WARD, "from": "2025-10-01", "to": "2025-10-31"}
    now_known = (await told.stats["instant"].get("/v1/reports/national-verdicts", params=asked)).json()
    then = {**asked, "as_of": now().isoformat()}
    recorded = (await told.stats["instant"].get("/v1/reports/national-verdicts", params=then)).json()
    for side in ("law", "national", "agreeing", "differences"):
        assert recorded[side] == now_known[side]
    old = {"agency": "45", "from": "2019-01-01", "to": "2019-01-31"}
    answer = (await told.stats["instant"].get("/v1/reports/national-verdicts", params=old)).json()
    assert (answer["national"]["score"], answer["national"]["ratio"]) == (None, None)


async def test_whoever_has_no_right_sees_nothing(told: Told, issuer: LocalIssuer) -> None:
    asked = {"agency": PROVINCE, "period": "2025-10"}
    for path in ("", "/dossiers"):
        answer = await told.stats["instant"].get(
            f"/v1/reports/national-verdicts{path}", params=asked, headers=bearer(issuer, "leader", WARD)
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "agency_out_of_scope")
