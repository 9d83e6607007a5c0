"""A changed field that events determine is found and named."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from intake_service.app import create_app as intake_app
from services.local_issuer import LocalIssuer
from tests.conftest import Database
from tests.intake.lives import did, submitted
from tests.stats.verify.grounds import Ground, differences
from tests.support import PROVINCE, bearer, serving, settings_for


@pytest.fixture
async def online(fresh_database: Database, issuer: LocalIssuer) -> AsyncIterator[tuple[Ground, str]]:
    """A submission that was accepted, finished and returned; and its code."""
    owner = await asyncpg.connect(fresh_database.owner_url)
    async with serving(intake_app(settings_for(fresh_database, issuer))) as intake:
        intake.headers.update(bearer(issuer, "admin", PROVINCE))
        dossier = await submitted(intake)
        accepted = await did(intake, dossier, "accept")
        await did(intake, accepted, "finish", outcome="granted")
        await did(intake, accepted, "return")
    yield Ground(fresh_database, owner, owner, [], []), accepted["code"]
    await owner.close()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ("code = 'H50-190101-9999'", "code"),
        ("version_id = (SELECT max(v.id) FROM procedure_version v WHERE v.id <> version_id)", "version_id"),
        ("case_no = case_no + 1", "case_no"),
        ("outcome = 2", "outcome"),
        ("outcome = NULL", "outcome"),
        ("returned_at = NULL", "returned_at"),
        ("returned_at = returned_at + interval '1 second'", "returned_at"),
        ("submitted_at = submitted_at - interval '1 second'", "submitted_at"),
        ("accepted_at = accepted_at - interval '1 microsecond'", "accepted_at"),
        ("finished_at = finished_at + interval '1 microsecond'", "finished_at"),
        ("late_from = late_from + interval '1 hour'", "late_from"),
    ],
)
async def test_a_changed_field_that_events_determine(online: tuple[Ground, str], change: str, field: str) -> None:
    ground, _ = online
    assert await differences(ground.database) == []
    await ground.plants(f"UPDATE dossier SET {change}")
    assert [d[:2] for d in await differences(ground.database)] == [("dossier", field)]


async def test_a_changed_procedure_after_a_correction(online: tuple[Ground, str], issuer: LocalIssuer) -> None:
    ground, code = online
    async with serving(intake_app(settings_for(ground.database, issuer))) as intake:
        intake.headers.update(bearer(issuer, "admin", PROVINCE))
        body = {"reason": "Nhập nhầm", "decision": "07/BB", "channel": "post"}
        answer = await intake.post(f"/v1/dossiers/{code}/corrections", json=body)
        assert answer.status_code == 200, answer.text
    assert await differences(ground.database) == []
    await ground.plants("UPDATE dossier SET version_id = version_id + 1")
    assert [d[:2] for d in await differences(ground.database)] == [("dossier", "version_id")]
