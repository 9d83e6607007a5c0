"""Who sees a dossier in the tables themselves, whatever a statement asks for: whoever received it, has it in hands,
gave it, has a share of it or was asked, and whoever stands above them; nobody else, and nobody who does
not say for whom."""

from dataclasses import dataclass

import asyncpg
import pytest
import pytest_asyncio

from shared.domain.civil_time import civil_day
from shared.reference import Reference
from shared.reference.store import read_reference
from shared.tables.policies import EVERY_ROW, NO_ROWS, POLICIES, SCOPED
from shared.web.clock import now
from tests.conftest import Database
from tests.rights.conftest import ASKED, STRANGER, Province
from tests.rows.conftest import rows_at, seen, session
from tests.support import JUSTICE, PROVINCE, WARD

INTAKE, ROUTING = SCOPED
#: Where the dossiers here have rows, by who reads them.
HELD = {
    INTAKE: (
        "dossier",
        "dossier_seen",
        "applicant",
        "dossier_event",
        "event_note",
        "dossier_case",
        "hand_over",
        "hand_over_receipt",
        "rating",
        "rating_words",
    ),
    ROUTING: ("dossier", "dossier_event", "dossier_case", "hand_over", "hand_over_receipt", "opinion"),
}


#: tests/intake/test_petition.py looks at them: not whoever has a part in a dossier sees what is said of it.
PETITIONS = {"petition", "petition_words", "petition_event", "petition_event_words"}


@dataclass
class Scene:
    """A ward received the dossier, the justice department has it and asked another; a stranger has nothing of it."""

    database: Database
    reference: Reference
    dossier: int
    given: int


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scene(province: Province, database: Database) -> Scene:
    code = await province.dossier("asked")
    path = f"/v1/dossiers/{code}/supplement-requests"
    await province.did(province.intake, path, "handler", JUSTICE, {"reason": "Thiếu bản sao"})
    given = await province.dossier("given")
    owner = await asyncpg.connect(database.owner_url)
    ids = [await owner.fetchval("SELECT id FROM dossier WHERE code = $1", one) for one in (code, given)]
    await owner.execute(
        "INSERT INTO rating (dossier_id, agency_id, level, criteria, rated_at, rated_day)"
        " SELECT id, agency_id, 2, '{}', now(), current_date FROM dossier WHERE id = ANY($1::bigint[])",
        ids,
    )
    await owner.execute("INSERT INTO rating_words SELECT unnest($1::bigint[]), 'Nhanh'", ids)
    reference = await read_reference(owner)
    await owner.close()
    return Scene(database, reference, *ids)


@pytest.mark.parametrize("agency", [WARD, JUSTICE, ASKED, PROVINCE])
@pytest.mark.parametrize("role", SCOPED)
async def test_whoever_has_a_part_in_a_dossier_sees_all_of_it(scene: Scene, role: str, agency: str) -> None:
    async with session(scene.database, role, rows_at(scene.reference, agency)) as connection:
        found = await seen(connection, HELD[role], scene.dossier)
    assert all(found.values()), found


@pytest.mark.parametrize("role", SCOPED)
async def test_nobody_else_sees_a_row_of_it(scene: Scene, role: str) -> None:
    async with session(scene.database, role, rows_at(scene.reference, STRANGER)) as connection:
        assert not any((await seen(connection, HELD[role], scene.dossier)).values())
        for table in HELD[role]:
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0, f"{table}, without any condition"


@pytest.mark.parametrize("role", SCOPED)
async def test_a_session_that_says_nothing_sees_nothing(scene: Scene, role: str) -> None:
    connection = await asyncpg.connect(scene.database.login(role))
    for table in HELD[role]:
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0, table
    await connection.close()


@pytest.mark.parametrize("role", SCOPED)
async def test_what_is_done_for_all_dossiers_sees_all(scene: Scene, role: str) -> None:
    async with session(scene.database, role, EVERY_ROW) as connection:
        found = await seen(connection, HELD[role], scene.dossier)
    assert all(found.values()), found


async def test_whoever_gave_it_and_whoever_is_to_have_it_see_it(scene: Scene) -> None:
    for agency in (WARD, JUSTICE):
        async with session(scene.database, ROUTING, rows_at(scene.reference, agency)) as connection:
            found = await seen(connection, ("dossier", "dossier_case", "hand_over"), scene.given)
        assert all(found.values()), (agency, found)
    async with session(scene.database, ROUTING, rows_at(scene.reference, ASKED)) as connection:
        assert not any((await seen(connection, HELD[ROUTING], scene.given)).values())


async def test_sums_are_made_of_all(scene: Scene) -> None:
    connection = await asyncpg.connect(scene.database.login("motcua_stats"))
    assert await connection.fetchval("SELECT count(*) FROM dossier") == 2
    await connection.close()


async def test_a_dossier_is_not_received_for_others(scene: Scene) -> None:
    """A reception that forgot to ask whether the agency is the caller's."""
    copied = """
      INSERT INTO dossier (code, version_id, agency_id, channel, status, submitted_at, accepted_at, received_day,
        event_hash) SELECT 'X-' || code, version_id, agency_id, channel, 2, accepted_at, accepted_at, received_day, hash
      FROM (SELECT $1::text AS code, $2::int AS version_id, $3::int AS agency_id, 1 AS channel, now() AS accepted_at,
        current_date AS received_day, '\\x00'::bytea AS hash) given"""
    owner = await asyncpg.connect(scene.database.owner_url)
    row = await owner.fetchrow("SELECT code, version_id, agency_id FROM dossier WHERE id = $1", scene.dossier)
    await owner.close()
    assert row is not None
    for rows in (rows_at(scene.reference, STRANGER), NO_ROWS):
        async with session(scene.database, INTAKE, rows) as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                await connection.execute(copied, *row)
    async with session(scene.database, INTAKE, rows_at(scene.reference, WARD)) as connection:
        transaction = connection.transaction()
        await transaction.start()
        assert await connection.execute(copied, *row) == "INSERT 0 1"
        await transaction.rollback()


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        (INTAKE, "INSERT INTO event_note (dossier_id, seq, reason, salt) VALUES ($1, 900, 'x', '\\x00')"),
        (INTAKE, "INSERT INTO apology (dossier_id, n, seq, kind, made_at) VALUES ($1, 9, 9, 2, now())"),
        (ROUTING, "INSERT INTO finish_reason (dossier_id, reason) VALUES ($1, 'x')"),
    ],
)
async def test_nothing_is_added_to_a_dossier_of_others(scene: Scene, role: str, statement: str) -> None:
    async with session(scene.database, role, rows_at(scene.reference, STRANGER)) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await connection.execute(statement, scene.dossier)
    async with session(scene.database, role, rows_at(scene.reference, JUSTICE)) as connection:
        transaction = connection.transaction()
        await transaction.start()
        assert await connection.execute(statement, scene.dossier) == "INSERT 0 1"
        await transaction.rollback()


#: Rows of a dossier ($1) that name an agency ($2) as whoever did it, has it, or was asked about it.
OWN = {
    "an event": (
        INTAKE,
        "INSERT INTO dossier_event (dossier_id, seq, agency_id, kind, status, occurred_at, recorded_at, actor,"
        " acting_agency_id, channel, paused, payload, hash)"
        " VALUES ($1, 900, $2, 'accepted', 2, now(), now(), 'an', $2, 1, false, '{}', '\\x00')",
    ),
    "a file": (
        INTAKE,
        "INSERT INTO dossier_file (id, dossier_id, name, media_type, size, sha256, uploaded_at, uploaded_by, agency_id)"
        " VALUES (gen_random_uuid(), $1, 'x.pdf', 'application/pdf', 1, sha256('y'), now(), 'an', $2)",
    ),
    "a message": (
        INTAKE,
        "INSERT INTO national_message (dossier_id, seq, round, step, agency_id, queued_at)"
        " VALUES ($1, 900, 0, 0, $2, now())",
    ),
    "a hand-over": (
        ROUTING,
        "INSERT INTO hand_over (dossier_id, seq, from_agency_id, to_agency_id, occurred_at, recorded_at, actor)"
        " VALUES ($1, 900, $2, $2, now(), now(), 'an')",
    ),
    "an opinion": (
        ROUTING,
        "INSERT INTO opinion (dossier_id, no, from_agency_id, to_agency_id, content, asked_at, asked_by, due_at,"
        " late_from) VALUES ($1, 90, $2, $2, 'x', now(), 'an', now(), now())",
    ),
    "an assignment": (
        ROUTING,
        "INSERT INTO assignment (dossier_id, seq, agency_id, occurred_at, recorded_at, actor, acting_agency_id)"
        " VALUES ($1, 900, $2, now(), now(), 'an', $2)",
    ),
}


@pytest.mark.parametrize("what", OWN)
async def test_nobody_makes_a_part_in_a_dossier_of_others_for_himself(scene: Scene, what: str) -> None:
    """Whoever could say that it was handed to him would see it from then on."""
    role, statement = OWN[what]
    for agency in (STRANGER, JUSTICE):
        unit = scene.reference.agencies.latest(agency, civil_day(now()))
        assert unit is not None
        async with session(scene.database, role, rows_at(scene.reference, agency)) as connection:
            transaction = connection.transaction()
            await transaction.start()
            if agency == STRANGER:
                with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                    await connection.execute(statement, scene.dossier, unit.id)
            else:
                assert await connection.execute(statement, scene.dossier, unit.id) == "INSERT 0 1"
            await transaction.rollback()


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        (INTAKE, "UPDATE dossier SET summary = 'x'"),
        (INTAKE, "UPDATE applicant SET phone = NULL"),
        (ROUTING, "UPDATE dossier_case SET desk = 'x'"),
        (ROUTING, "UPDATE opinion SET answer = 'x', answered_at = now()"),
    ],
)
async def test_nothing_of_others_is_changed(scene: Scene, role: str, statement: str) -> None:
    async with session(scene.database, role, rows_at(scene.reference, STRANGER)) as connection:
        assert await connection.execute(statement) == "UPDATE 0"


async def test_records_of_readings_and_imports_are_their_agencys(scene: Scene) -> None:
    ward = rows_at(scene.reference, WARD)
    async with session(scene.database, INTAKE, ward) as connection:
        (agency_id,) = {row[0] for row in await connection.fetch("SELECT agency_id FROM dossier")}
        await connection.execute(
            "INSERT INTO access_record (agency_id, number, at, subject, role, operation, fields, dossiers, hash)"
            " VALUES ($1, 1000, now(), 'a', 'counter', 'readDossier', '{phone}', '{1}', '\\x00')",
            agency_id,
        )
        await connection.execute(
            "INSERT INTO import_run (id, started_at, state, format, actor, agency_id)"
            " VALUES (gen_random_uuid(), now(), 'done', 'csv', 'a', $1)",
            agency_id,
        )
    for rows, count in ((ward, 1), (rows_at(scene.reference, STRANGER), 0), (NO_ROWS, 0), (EVERY_ROW, 1)):
        async with session(scene.database, INTAKE, rows) as connection:
            for table in ("access_record", "import_run"):
                assert await connection.fetchval(f"SELECT count(*) FROM {table}") == count, (table, rows)


def test_every_table_with_a_policy_is_looked_at_somewhere() -> None:
    """Those that no dossier here has rows in take the same policy as those that are looked at."""
    looked_at = {*HELD[INTAKE], *HELD[ROUTING]} - {"dossier_seen"} | {"access_record", "import_run"}
    shaped = {
        "case_segment",
        "assignment",
        "extension_proposal",
        "apology",
        "apology_delivery",
        "finish_reason",
        "dossier_file",
        "file_mark",
        "national_message",
        "national_comparison",
        "national_difference",
    }
    assert set(POLICIES) == looked_at | shaped | {
        "reorganisation_left_over",
        "webhook",
        "national_round_agency",
        "national_exchange",
        *PETITIONS,
    }


async def test_what_was_said_of_a_file_and_told_of_a_dossier_is_seen_with_it(scene: Scene) -> None:
    owner = await asyncpg.connect(scene.database.owner_url)
    await owner.execute(
        "WITH file AS (INSERT INTO dossier_file (id, dossier_id, name, media_type, size, sha256, uploaded_at,"
        " uploaded_by, agency_id) SELECT gen_random_uuid(), id, 'x.pdf', 'application/pdf', 1, sha256('x'), now(), 'an'"
        " , agency_id FROM dossier WHERE id = $1 RETURNING id, dossier_id, agency_id)"
        " INSERT INTO file_mark (file_id, n, dossier_id, reused, marked_at, marked_by, agency_id)"
        " SELECT id, 1, dossier_id, 1, now(), 'an', agency_id FROM file",
        scene.dossier,
    )
    await owner.execute(
        "INSERT INTO national_message (dossier_id, seq, round, step, agency_id, queued_at)"
        " SELECT id, 1, 0, 0, agency_id, now() FROM dossier WHERE id = $1",
        scene.dossier,
    )
    await owner.execute(
        "WITH begun AS (INSERT INTO national_round (begun_at, first_day, last_id) VALUES (now(), current_date, 9)"
        "  RETURNING id),"
        " found AS (INSERT INTO national_difference (dossier_id, agency_id, kind, field, round_id, found_at,"
        "   last_round_id) SELECT d.id, agency_id, 'missing', '', begun.id, now(), begun.id FROM dossier d, begun"
        "   WHERE d.id = $1),"
        " asked AS (INSERT INTO national_exchange (kind, key, agency_id, queued_at) SELECT 'question', '1', agency_id,"
        "   now() FROM dossier d WHERE d.id = $1),"
        " counted AS (INSERT INTO national_round_agency SELECT begun.id, agency_id, 0, 0, 1, 1, 0"
        "   FROM dossier d, begun WHERE d.id = $1)"
        " INSERT INTO national_comparison (dossier_id, agency_id, round_id, compared_at, seq, state, there, kinds)"
        " SELECT d.id, agency_id, begun.id, now(), 1, 'differs', false, '{missing}' FROM dossier d, begun"
        " WHERE d.id = $1",
        scene.dossier,
    )
    await owner.close()
    tables = ("dossier_file", "file_mark", "national_message", "national_comparison", "national_difference")
    for agency in (WARD, JUSTICE, ASKED, PROVINCE, STRANGER):
        async with session(scene.database, INTAKE, rows_at(scene.reference, agency)) as connection:
            found = await seen(connection, tables, scene.dossier)
        assert set(found.values()) == {0 if agency == STRANGER else 1}, (agency, found)
    for agency, count in ((WARD, 1), (JUSTICE, 0), (PROVINCE, 1), (STRANGER, 0)):
        async with session(scene.database, INTAKE, rows_at(scene.reference, agency)) as connection:
            for table in ("national_round_agency", "national_exchange"):
                assert await connection.fetchval(f"SELECT count(*) FROM {table}") == count, (table, agency)
