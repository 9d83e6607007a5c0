"""A stored due date is a cache: folding a dossier's events anew gives the same account, for every dossier of the
synthetic half-year in small."""

from collections.abc import Iterator
from datetime import datetime

import asyncpg
import httpx

from intake_service.app import create_app
from services.demo import half_year
from services.local_issuer import LocalIssuer
from shared.domain.deadline import folded, opened
from shared.domain.lifecycle import Channel, EventKind
from shared.reference.store import read_reference
from tests.conftest import Database
from tests.support import PROVINCE, bearer, serving, settings_for

_CLOCK = {
    "supplement_requested": EventKind.SUPPLEMENT_REQUESTED,
    "supplemented": EventKind.SUPPLEMENTED,
    "finished": EventKind.FINISHED,
    "withdrawn": EventKind.WITHDRAWN,
    "stopped": EventKind.STOPPED,
}


async def test_for_every_dossier_of_a_half_year_in_small(fresh_database: Database, issuer: LocalIssuer) -> None:
    totals = half_year.LETTER.scaled(50)
    async with serving(create_app(settings_for(fresh_database, issuer))) as intake:
        headers = {**bearer(issuer, "admin", PROVINCE), "Content-Type": "application/x-ndjson"}
        body = b"".join(half_year.ndjson(totals=totals))
        run = (await intake.post("/v1/imports", content=body, headers=headers, timeout=60)).json()
        assert (run["created"], run["rejected"]) == (totals.count, 0)
        await _finish_some(intake, headers)
    connection = await asyncpg.connect(fresh_database.owner_url)
    reference = await read_reference(connection)
    dossiers = await connection.fetch("SELECT * FROM dossier ORDER BY id")
    events = _by_dossier(await connection.fetch("SELECT * FROM dossier_event ORDER BY dossier_id, seq"))
    await connection.close()
    for row in dossiers:
        history = next(events)
        version = reference.versions[row["version_id"]]
        clock = reference.clock(version, Channel(row["channel"]), row["agency_id"], row["received_day"])
        moves = [(_CLOCK[kind], at) for kind, at in history if kind in _CLOCK]
        account = folded(opened(row["accepted_at"], clock), moves, clock)
        assert row["original_due_at"] == (account.original_due.at if account.original_due else None)
        assert row["due_at"] == (account.due.at if account.due else None)
        assert row["late_from"] == (account.due.late_from if account.due else None)
        assert row["late_day"] == account.late_day
        assert row["paused"] == account.paused
        assert row["verdict"] == (int(account.verdict) if account.verdict else None)
        assert row["finished_at"] == account.finished_at
    assert any(row["paused"] for row in dossiers)
    assert {row["verdict"] for row in dossiers} == {None, 1, 2, 3}


async def _finish_some(intake: httpx.AsyncClient, headers: dict[str, str]) -> None:
    """Open dossiers finished through the API, years later: late, judged by the same fold."""
    page = (await intake.get("/v1/dossiers", params={"status": "accepted", "limit": "20"}, headers=headers)).json()
    for item in page["items"]:
        body = {"Authorization": headers["Authorization"]}
        answer = await intake.post(f"/v1/dossiers/{item['code']}/finish", json={}, headers=body)
        assert answer.status_code == 200
        assert answer.json()["verdict"] == "late"


def _by_dossier(rows: list[asyncpg.Record]) -> Iterator[list[tuple[str, datetime]]]:
    history: list[tuple[str, datetime]] = []
    current = None
    for row in rows:
        if current is not None and row["dossier_id"] != current:
            yield history
            history = []
        current = row["dossier_id"]
        history.append((row["kind"], row["occurred_at"]))
    yield history
