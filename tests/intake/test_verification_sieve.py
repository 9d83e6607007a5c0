"""The sieve of `motcua verify` lets nothing through: what looking at all dossiers finds, looking at those that it keeps
back finds too. On lives as intake writes them, with anything changed, also where the chain was made to fit."""

from collections.abc import AsyncIterator
from random import Random

import asyncpg
import pytest
import pytest_asyncio

from intake_service.app import create_app
from intake_service.verification.sieve.store import sifted
from intake_service.verification.store import looked_at
from intake_service.verification.texts import MADE
from services.local_issuer import LocalIssuer
from shared.domain.differences import Span
from tests.conftest import Database
from tests.intake.lives import did, many_lives, received, submitted
from tests.support import PROVINCE, bearer, serving, settings_for

ALL = Span(-1, 2**62)
#: Lives in which no date is moved, by what happens after the dossier came: counter and online.
PLAIN: dict[str, tuple[tuple[str, dict[str, str]], ...]] = {
    "under way": (),
    "finished": (("finish", {"outcome": "granted"}),),
    "collected": (("finish", {"outcome": "refused", "reason": "Không đủ điều kiện"}), ("return", {})),
    "withdrawn": (("withdraw", {"reason": "Đổi ý"}),),
    "stopped": (("stop", {"reason": "Không đủ điều kiện"}),),
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lives(database: Database, issuer: LocalIssuer) -> dict[str, int]:
    """Plain lives by their names, ids of dossiers, among lives of all kinds."""
    codes: dict[str, str] = {}
    async with serving(create_app(settings_for(database, issuer))) as intake:
        intake.headers.update(bearer(issuer, "admin", PROVINCE))
        async for _ in many_lives(intake, Random(9), rounds=4):
            pass
        for name, verbs in PLAIN.items():
            for how, dossier in (("counter", await received(intake)), ("online", await submitted(intake))):
                if how == "online":
                    dossier = await did(intake, dossier, "accept")
                for verb, body in verbs:
                    await did(intake, dossier, verb, **body)
                codes[f"{how}, {name}"] = dossier["code"]
        codes["not accepted"] = (await submitted(intake))["code"]
    owner = await asyncpg.connect(database.owner_url)
    ids = {name: await owner.fetchval("SELECT id FROM dossier WHERE code = $1", code) for name, code in codes.items()}
    await owner.close()
    return ids


@pytest_asyncio.fixture(loop_scope="session")
async def owner(database: Database, lives: dict[str, int]) -> AsyncIterator[asyncpg.Connection]:
    """The owner of the tables, whom no trigger holds back, in a transaction that leaves nothing."""
    connection = await asyncpg.connect(database.owner_url, server_settings={"datestyle": "ISO, YMD", "timezone": "UTC"})
    await connection.execute("SET session_replication_role = replica")
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


async def found(owner: asyncpg.Connection, only: list[int] | None, span: Span = ALL) -> set[str]:
    async with owner.transaction():
        return {str(tuple(row)) async for row in looked_at(owner, span, only)}


async def test_what_is_right_passes_where_no_date_was_moved(owner: asyncpg.Connection, lives: dict[str, int]) -> None:
    passed = await sifted(owner, ALL)
    assert await found(owner, None) == set()
    assert passed.kept is not None
    assert not set(lives.values()) & set(passed.kept)
    assert passed.kept, "lives in which one was"
    assert passed.events == await owner.fetchval("SELECT count(*) FROM dossier_event")
    assert passed.dossiers == await owner.fetchval("SELECT count(*) FROM dossier")


#: What else a field may say, whatever its type takes: a value of another row, or one a little beside.
_ELSE = ["NULL", "(SELECT o.{column} FROM {table} o WHERE o.{column} IS DISTINCT FROM t.{column} LIMIT 1)"]
_BESIDE = {
    "timestamp with time zone": ["{column} + interval '1 day'", "{column} - interval '1 microsecond'", "'2019-03-04'"],
    "date": ["{column} + 1", "'2019-03-04'"],
    "smallint": ["coalesce({column}, 0) + 1"],
    "integer": ["{column} + 1"],
    "bigint": ["{column} + 1"],
    "boolean": ["NOT {column}"],
    "text": ["{column} || E'\\n'", "'T-1'"],
    "bytea": ["sha256({column})"],
}
_IDENTITY = {"id", "dossier_id", "txid"}


async def changes(owner: asyncpg.Connection, table: str) -> list[str]:
    """Every field, with everything else that it may say."""
    rows = await owner.fetch(
        "SELECT column_name AS name, data_type AS type FROM information_schema.columns WHERE table_name = $1"
        " AND table_schema = 'public' AND is_generated = 'NEVER' ORDER BY 1",
        table,
    )
    return [
        f"{row['name']} = {value.format(column=row['name'], table=table)}"
        for row in rows
        if row["name"] not in _IDENTITY
        for value in (*_ELSE, *_BESIDE.get(row["type"], ()))
    ]


async def of_payload(owner: asyncpg.Connection, dossier: int) -> list[str]:
    """Every name in the payloads of a dossier, saying something else or nothing."""
    keys = await owner.fetch(
        "SELECT DISTINCT jsonb_object_keys(payload::jsonb) FROM dossier_event WHERE dossier_id = $1 ORDER BY 1", dossier
    )
    return [
        change
        for (key,) in keys
        for change in (
            f'payload = (payload::jsonb || \'{{"{key}":"2019-03-04T17:00:00+07:00"}}\')::text',
            f"payload = replace(payload, '\"{key}\":', '\"{key}\":1')",
            f'payload = replace(payload, \'"{key}":"\', \'"{key}":"1\')',
            f"payload = replace(payload, '\"{key}\":', '\"_\":')",
        )
    ]


async def made_to_fit(owner: asyncpg.Connection, span: Span) -> None:
    """Hash every chain anew, event after event, and let each dossier say where it ends."""
    last = await owner.fetchval(
        "SELECT coalesce(max(seq), 0) FROM dossier_event WHERE dossier_id > $1 AND dossier_id <= $2", *span
    )
    for seq in range(1, 1 + last):
        await owner.execute(
            "UPDATE dossier_event t SET hash = m.made FROM ("
            f" SELECT e.dossier_id, e.seq, {MADE} AS made FROM dossier_event e JOIN dossier d ON d.id = e.dossier_id"
            " WHERE e.dossier_id > $2 AND e.dossier_id <= $3"
            " WINDOW w AS (PARTITION BY e.dossier_id ORDER BY e.seq)"
            ") m WHERE t.dossier_id = m.dossier_id AND t.seq = m.seq AND t.seq = $1 AND t.hash <> m.made",
            seq,
            *span,
        )
    await owner.execute(
        "UPDATE dossier d SET event_hash = e.hash FROM dossier_event e WHERE d.id > $1 AND d.id <= $2"
        " AND e.dossier_id = d.id AND e.seq = d.event_seq AND e.hash <> d.event_hash",
        *span,
    )


async def agree(
    owner: asyncpg.Connection, statement: str, *values: object, span: Span = ALL, fit: bool = False
) -> bool:
    """Whether a change makes a difference to those that are looked at: it must make the same to what is kept back."""
    try:
        async with owner.transaction():
            assert await owner.execute(statement, *values) != "UPDATE 0"
            if fit:
                await made_to_fit(owner, span)
            everything = await found(owner, None, span)
            kept = (await sifted(owner, span)).kept
            assert kept == [] or await found(owner, kept, span) == everything, statement
            assert kept != [] or not everything, statement
            raise _Undone
    except _Undone:
        return bool(everything)
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError):
        return False  # what no row can hold


class _Undone(Exception):
    pass


def _one(dossier: int) -> Span:
    return Span(dossier - 1, dossier)


NAMES = [f"{how}, {name}" for name in PLAIN for how in ("counter", "online")] + ["not accepted"]


@pytest.mark.parametrize("name", NAMES)
async def test_no_changed_row_passes(owner: asyncpg.Connection, lives: dict[str, int], name: str) -> None:
    differ = 0
    for change in await changes(owner, "dossier"):
        differ += await agree(
            owner, f"UPDATE dossier t SET {change} WHERE id = $1", lives[name], span=_one(lives[name])
        )
    assert differ > 20


@pytest.mark.parametrize(("name", "fit"), [*((name, True) for name in NAMES), ("online, collected", False)])
async def test_no_changed_event_passes(
    owner: asyncpg.Connection, lives: dict[str, int], name: str, *, fit: bool
) -> None:
    differ, dossier = 0, lives[name]
    for seq in range(1, 1 + await owner.fetchval("SELECT event_seq FROM dossier WHERE id = $1", dossier)):
        for change in (*await changes(owner, "dossier_event"), *await of_payload(owner, dossier)):
            statement = f"UPDATE dossier_event t SET {change} WHERE dossier_id = $1 AND seq = $2"
            differ += await agree(owner, statement, dossier, seq, span=_one(dossier), fit=fit)
        differ += await agree(
            owner, "DELETE FROM dossier_event WHERE dossier_id = $1 AND seq = $2", dossier, seq, span=_one(dossier)
        )
    assert differ > 10


@pytest.mark.parametrize("name", NAMES)
async def test_nothing_taken_away_passes(owner: asyncpg.Connection, lives: dict[str, int], name: str) -> None:
    for statement in ("DELETE FROM dossier WHERE id = $1", "DELETE FROM dossier_event WHERE dossier_id = $1"):
        assert await agree(owner, statement, lives[name])


@pytest.mark.parametrize("what", ["dossier", "dossier_event"])
async def test_no_change_of_whatever_life_passes(owner: asyncpg.Connection, what: str) -> None:
    rng = Random(4)
    rows = [row[0] for row in await owner.fetch(f"SELECT ctid::text FROM {what} ORDER BY ctid")]
    possible = await changes(owner, what)
    for n in range(150):
        await agree(
            owner,
            f"UPDATE {what} t SET {rng.choice(possible)} WHERE ctid = $1::text::tid",
            rng.choice(rows),
            fit=n % 2 == 0,
        )
