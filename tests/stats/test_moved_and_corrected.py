"""What intake moves and corrects, stats counts: after changes of the calendar and corrections of receptions every
figure is what a recount from the events gives."""

import random
from datetime import timedelta
from typing import Any

import asyncpg

from intake_service.app import create_app as intake_app
from intake_service.lifecycle.rules import facts_of, read_back
from intake_service.lifecycle.usecases import clock_of
from intake_service.recompute.usecases import Recompute
from routing_service.app import create_app as routing_app
from services.local_issuer import LocalIssuer
from shared.domain.civil_time import civil_day
from shared.domain.counts import Facts
from shared.domain.life import told
from shared.domain.lifecycle import Status
from shared.reference import Reference
from shared.web.clock import now
from shared.web.database import EVERY_ROW
from stats_service.app import create_app as stats_app
from stats_service.counts.usecases import fold_once
from tests.builders_log import Event, History
from tests.conftest import Database
from tests.intake.lives import MINUTES, TURNS, Verbs, ago, does, received
from tests.stats.recounts import counts
from tests.support import BIRTH, JUSTICE, PROVINCE, REGISTER_COPY, bearer, serving, settings_for

VERBS: Verbs = (
    *TURNS,
    ("corrections", {**MINUTES, "channel": "post"}),
    ("corrections", {**MINUTES, "agency": JUSTICE}),
)


async def _histories(owner: asyncpg.Connection) -> list[History]:
    """What happened, as the log has it."""
    rows = await owner.fetch(
        "SELECT d.code, d.version_id, e.* FROM dossier_event e JOIN dossier d ON d.id = e.dossier_id"
        " ORDER BY e.dossier_id, e.seq"
    )
    found: dict[str, History] = {}
    for row in rows:
        history = found.setdefault(row["code"], History(row["code"], row["version_id"], []))
        facts = Facts(*(row[name] for name in Facts._fields))
        history.events.append(Event(facts, Status(row["status"]), row["occurred_at"], row["recorded_at"]))
    return list(found.values())


async def _are_folds(owner: asyncpg.Connection, reference: Reference) -> None:
    """Every row is what its events make, read back; and its chain leads to the hash that it holds."""
    for row in await owner.fetch("SELECT d.*, d.code AS name FROM dossier d"):
        events = await owner.fetch("SELECT * FROM dossier_event WHERE dossier_id = $1 ORDER BY seq", row["id"])
        logged = ((event["kind"], event["occurred_at"], event["payload"]) for event in events)
        life = told(read_back(logged, clock_of(reference, row)))
        assert life is not None
        account = life.account
        assert account is not None
        assert row["status"] == int(life.status)
        assert row["accepted_at"] == account.accepted_at
        assert row["original_due_at"] == (account.original_due.at if account.original_due else None)
        assert row["due_at"] == (account.appointment.at if account.appointment else None)
        assert row["late_from"] == (account.due.late_from if account.due else None)
        assert row["verdict"] == (int(account.verdict) if account.verdict else None)
        facts = facts_of(row["agency_id"], row["channel"], life)
        assert facts == Facts(*(events[-1][name] for name in Facts._fields))
        assert row["event_hash"] == events[-1]["hash"]
        assert row["event_seq"] == len(events)


async def test_every_figure_is_a_recount(fresh_database: Database, issuer: LocalIssuer) -> None:
    settings = settings_for(fresh_database, issuer)
    rng, today = random.Random(7), civil_day(now())
    owner = await asyncpg.connect(fresh_database.owner_url)
    stats_role = await asyncpg.connect(fresh_database.url("motcua_stats"))
    app = intake_app(settings)
    admin = bearer(issuer, "admin", PROVINCE)
    async with (
        serving(app) as intake,
        serving(routing_app(settings)) as routing,
        serving(stats_app(settings)) as stats,
    ):
        for client in (intake, routing, stats):
            client.headers.update(admin)

        async def agrees() -> None:
            histories = await _histories(owner)
            for first, last in ((today, today), (today - timedelta(days=20), today)):
                params = {"agency": PROVINCE, "from": str(first), "to": str(last)}
                total = (await stats.get("/v1/reports/resolution", params=params)).json()["total"]
                expected = counts(histories, first, last, known_on=today)
                assert {name: total[name] for name in expected} == expected

        async def goes_on(dossiers: list[dict[str, Any]]) -> None:
            for dossier in dossiers:
                for verb, body in rng.choices(VERBS, k=3):
                    await does(intake, dossier, verb, **body)  # where it is not allowed nothing happens
                if rng.random() < 0.4:
                    earlier = {**MINUTES, "accepted_at": ago(days=rng.randint(1, 15)).isoformat()}
                    await does(intake, dossier, "corrections", **earlier)

        async def changes(day: Any, kind: str) -> None:
            named = {} if kind == "normal" else {"name_vi": "Nghỉ", "name_en": "Off", "source": "Công điện 1"}
            body = {"days": [{"day": str(day), "kind": kind, **named}], "reason": "Bão", "decision": "1/QĐ"}
            answer = await routing.post("/v1/calendar/changes", json=body)
            assert answer.status_code == 201, answer.text
            await owner.execute("UPDATE calendar_change SET recorded_at = recorded_at - interval '1 minute'")
            work = Recompute(app.state.room.reference)
            async with app.state.room.pool.acquire(EVERY_ROW) as connection:
                while await work(connection):
                    pass

        dossiers = [await received(intake) for _ in range(40)]
        await goes_on(dossiers)
        await agrees()
        calendar = app.state.room.reference.current.calendar
        off = calendar.roll(today + timedelta(days=1))
        await changes(off, "holiday")
        await agrees()
        await fold_once(stats_role)
        await goes_on(dossiers)
        past = max(day for n in range(1, 12) if calendar.is_working(day := today - timedelta(days=n)))
        await changes(past, "holiday")
        await fold_once(stats_role)
        await changes(off, "normal")
        await agrees()
        await fold_once(stats_role)
        await agrees()
        await _are_folds(owner, app.state.room.reference.current)
    kinds = {row[0]: row[1] for row in await owner.fetch("SELECT kind, count(*) FROM dossier_event GROUP BY 1")}
    assert kinds["rescheduled"] > 10
    assert kinds["corrected"] > 20
    await owner.close()
    await stats_role.close()


async def test_a_corrected_procedure_is_what_it_was_then(fresh_database: Database, issuer: LocalIssuer) -> None:
    """Corrected twice: before the first correction, between the two, and now. The list behind each figure likewise."""
    settings = settings_for(fresh_database, issuer)
    async with serving(intake_app(settings)) as intake, serving(stats_app(settings)) as stats:
        for client in (intake, stats):
            client.headers.update(bearer(issuer, "admin", PROVINCE))
        dossier, instants = await received(intake), [now()]
        for change in ({"procedure": BIRTH}, {"channel": "post"}, {"procedure": REGISTER_COPY}):
            assert (await does(intake, dossier, "corrections", **MINUTES, **change)).status_code == 200
            instants.append(now())
        day = str(civil_day(instants[0]))
        for as_of, procedure in zip(instants, (REGISTER_COPY, BIRTH, BIRTH, REGISTER_COPY), strict=True):
            asked = {"agency": PROVINCE, "from": day, "to": day, "as_of": as_of.isoformat()}
            report = (await stats.get("/v1/reports/resolution", params={**asked, "group_by": "procedure"})).json()
            assert [row["key"] for row in report["rows"]] == [procedure]
            row = {**asked, "figure": "received", "procedure": procedure}
            (listed,) = (await stats.get("/v1/reports/resolution/dossiers", params=row)).json()["items"]
            assert listed["procedure"] == procedure
