"""A dossier without a term is due on no day, and verification holds it to that: in its acceptance, and after a
correction took its term away."""

from contextlib import aclosing

import asyncpg
import pytest

from intake_service.verification.usecases import Dossiers
from shared.web.checks import one_moment, walked
from tests.intake.lives import received
from tests.support import PROVINCE, a_draft, bearer


async def found_in(database):
    async with one_moment(database.url) as moment, aclosing(walked(moment, [Dossiers()], lambda _: None)) as found:
        return [(each.what, each.expected, each.found) async for each in found]


@pytest.fixture
async def termless(intake, database):
    """A procedure that the ward offers without a term."""
    owner = await asyncpg.connect(database.owner_url)
    codes = await owner.fetch(
        "SELECT DISTINCT p.code FROM procedure p JOIN procedure_version v ON v.procedure_id = p.id"
        " JOIN procedure_term t ON t.version_id = v.id JOIN procedure_offer o ON o.version_id = v.id"
        " WHERE t.unit = 'none' AND t.channel = 1 AND o.level = 'commune' ORDER BY 1"
    )
    await owner.close()
    for (code,) in codes:
        answer = await intake.post("/v1/dossiers", json=a_draft(procedure=code))
        if answer.status_code == 201 and answer.json()["due_at"] is None:
            return code, answer.json()["code"]
    pytest.fail("no procedure without a term can be received at the ward")


async def test_a_correction_that_takes_the_term_away_is_no_difference(intake, database, issuer, termless):
    procedure, _ = termless
    dossier = await received(intake)
    assert dossier["original_due_at"] is not None
    answer = await intake.post(
        f"/v1/dossiers/{dossier['code']}/corrections",
        json={"reason": "Nhập nhầm thủ tục", "decision": "07/BB", "procedure": procedure},
        headers=bearer(issuer, "supervisor", PROVINCE),
    )
    assert answer.status_code == 200, answer.text
    assert (answer.json()["due_at"], answer.json()["original_due_at"]) == (None, None)
    assert await found_in(database) == []


@pytest.mark.parametrize("column", ["original_due_at", "due_at"])
async def test_a_date_that_was_put_there_is_found(database, termless, column):
    _, code = termless
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("SET session_replication_role = replica")
    await owner.execute(f"UPDATE dossier SET {column} = '2030-01-01T09:00:00+07:00' WHERE code = $1", code)
    assert await found_in(database) == [(column, None, "2030-01-01T09:00:00+07:00")]
    await owner.execute(f"UPDATE dossier SET {column} = NULL WHERE code = $1", code)
    assert await found_in(database) == []
    await owner.close()
