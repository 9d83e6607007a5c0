"""Báo cáo dài: reports of many years answer in time, or say that they are too long, and end with their client."""

import asyncio
from datetime import date
from typing import Any

import asyncpg
import httpx
import pytest

from stats_service.app import create_app
from tests.builders_log import instant
from tests.conftest import Database
from tests.stats.leaving import asked_by_one_who_leaves
from tests.stats.scenes import OLD_PROVINCE, Scene, a_scene
from tests.support import PROVINCE, bearer, serving, settings_for

#: Eight years by month, and as many procedures as just fit in a report of so many months.
FIRST, LAST = date(2012, 1, 1), date(2019, 12, 31)
PROCEDURES = 500
#: Each has a row and 96 of months: of 50,000 rows.
MOST = 515
ACCEPTED = date(2012, 1, 2)  # Monday
RESOLUTION = "/v1/reports/resolution"
LATE_LIST = "/v1/reports/official-tables/late-list"
#: What reads the dossiers: a report, and the list of what is late, by pages and as files.
READING = [
    (RESOLUTION, {"group_by": "sector"}),
    (LATE_LIST, {}),
    (LATE_LIST, {"format": "csv"}),
    (LATE_LIST, {"format": "xlsx"}),
    (LATE_LIST, {"format": "docx"}),
    (LATE_LIST, {"format": "pdf"}),
    ("/v1/reports/official-tables/ii-06a", {"rows": "sector"}),
]

_DOSSIERS = """
INSERT INTO dossier (code, version_id, agency_id, channel, status, received_day, submitted_at, accepted_at, paused,
  event_seq, event_hash)
SELECT 'LONG-120102-' || lpad(number::text, 6, '0'), version_id, $2, 1, 5, $3, $4, $4, true, 1, '\\x00'
FROM unnest($1::int[]) WITH ORDINALITY AS each (version_id, number)
"""
_EVENTS = """
INSERT INTO dossier_event (dossier_id, seq, kind, status, occurred_at, recorded_at, actor, acting_agency_id, agency_id,
  channel, received_day, paused, payload, hash)
SELECT id, 1, 'test', status, accepted_at, accepted_at, 'test', agency_id, agency_id, channel, received_day, true, '{}',
  '\\x00'
FROM dossier
"""


async def one_waits_of_each(scene: Scene, procedures: int) -> None:
    """A dossier of each procedure, that waits for its applicant from the first month to the last."""
    versions = await scene.owner.fetch(
        "SELECT min(v.id) FROM procedure_version v GROUP BY v.procedure_id ORDER BY 1 LIMIT $1", procedures
    )
    assert len(versions) == procedures
    agency = next(iter(scene.keys(LAST).values()))
    await scene.owner.execute(_DOSSIERS, [row[0] for row in versions], agency.id, ACCEPTED, instant(ACCEPTED, 8))
    await scene.owner.execute(_EVENTS)
    await scene.owner.execute("ANALYZE dossier, dossier_event")


async def test_what_waits_by_procedure_and_month_is_counted_once(database: Any, issuer: Any) -> None:
    """Not once more for each of its months: 48,000 rows took minutes."""
    async with a_scene(database, issuer, seed=0, dossiers=0) as scene:
        await one_waits_of_each(scene, PROCEDURES)
        async with asyncio.timeout(20):
            report = await scene.report(first=FIRST, last=LAST, group_by="procedure,month", limit=1000)
        months = [row for row in report["rows"] if row["by"] == "month"]
        assert {row["pending_paused"] for row in months} == {1}


async def _asked_while_events_are_locked(
    database: Database, issuer: Any, owner: asyncpg.Connection, group_by: str
) -> httpx.Response:
    """What is counted waits, and ends as a report that takes too long; what is refused before is not."""
    asked = {"agency": OLD_PROVINCE, "from": str(FIRST), "to": str(LAST), "group_by": group_by}
    settings = settings_for(database, issuer, reading_seconds=3)
    async with serving(create_app(settings)) as client, owner.transaction():
        client.headers.update(bearer(issuer, "leader", PROVINCE))
        await owner.execute("LOCK TABLE dossier_event")
        return await client.get(RESOLUTION, params=asked)


@pytest.mark.parametrize(("procedures", "status"), [(MOST, 503), (MOST + 1, 422)])
async def test_too_many_rows_are_refused_before_they_are_counted(
    fresh_database: Database, issuer: Any, procedures: int, status: int
) -> None:
    """The count reads the events, and they are locked: one row fewer waits for them."""
    async with a_scene(fresh_database, issuer, seed=0, dossiers=0) as scene:
        await one_waits_of_each(scene, procedures)
        answer = await _asked_while_events_are_locked(fresh_database, issuer, scene.owner, "procedure,month")
        assert answer.status_code == status, answer.text
        if status == 422:
            assert [one["code"] for one in answer.json()["errors"]] == ["too_many_rows"]


@pytest.mark.parametrize(
    ("group_by", "status"),
    [
        ("agency,month,channel", 422),  # every unit in every month by every channel
        ("month,channel,agency", 422),
        ("tree,month,channel", 422),
        ("month,procedure,agency", 422),  # every unit under each procedure
        ("procedure,agency", 422),
        ("month,procedure", 503),
        ("agency,month", 503),
    ],
)
async def test_groupings_that_explode_are_refused_before_anything_is_counted(
    fresh_database: Database, issuer: Any, group_by: str, status: int
) -> None:
    async with a_scene(fresh_database, issuer, seed=0, dossiers=0) as scene:
        await one_waits_of_each(scene, PROCEDURES)
        answer = await _asked_while_events_are_locked(fresh_database, issuer, scene.owner, group_by)
        assert answer.status_code == status, answer.text
        if status == 422:
            assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [("group_by", "too_many_rows")]
            assert "50" in answer.json()["errors"][0]["reason"]


async def _waits_for_a_lock(owner: asyncpg.Connection) -> bool:
    found: bool = await owner.fetchval(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"
    )
    return found


async def _until_it_waits(owner: asyncpg.Connection, waits: bool) -> None:
    while await _waits_for_a_lock(owner) is not waits:  # noqa: ASYNC110 (the database tells nobody)
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(("path", "more"), READING, ids=str)
async def test_a_report_that_takes_too_long_is_ended(
    fresh_database: Database, issuer: Any, path: str, more: dict[str, str]
) -> None:
    """The lock stands for a query that goes on and on."""
    settings = settings_for(fresh_database, issuer).model_copy(update={"reading_seconds": 0.5})
    owner = await asyncpg.connect(fresh_database.owner_url)
    async with serving(create_app(settings)) as client:
        client.headers.update(bearer(issuer, "leader", PROVINCE))
        asked = {"agency": PROVINCE, "from": "2026-01-01", "to": "2026-01-31", **more}
        async with owner.transaction():
            await owner.execute("LOCK TABLE dossier")
            answer = await client.get(path, params=asked)
            assert (answer.status_code, answer.json()["code"]) == (503, "takes_too_long")
            assert "kỳ ngắn hơn" in answer.json()["title"]
            assert not await _waits_for_a_lock(owner)
        assert (await client.get(path, params=asked)).status_code == 200, "and its connection serves again"
    await owner.close()


@pytest.mark.parametrize(("path", "more"), READING, ids=str)
async def test_a_report_whose_client_has_gone_is_ended(
    fresh_database: Database, issuer: Any, path: str, more: dict[str, str]
) -> None:
    owner = await asyncpg.connect(fresh_database.owner_url)
    app = create_app(settings_for(fresh_database, issuer))
    async with serving(app), owner.transaction():
        await owner.execute("LOCK TABLE dossier")
        query = {"agency": PROVINCE, "from": "2026-01-01", "to": "2026-01-31", **more}
        request = asked_by_one_who_leaves(app, issuer, path, query)
        async with asyncio.timeout(20):
            await _until_it_waits(owner, True)
            assert not request.answered.done()
            request.gone.set()
            await _until_it_waits(owner, False)
            await request.answered
    await owner.close()
