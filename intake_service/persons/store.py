"""The SQL of one person's data, as the owner of the tables: where they stand, what it is, and taking it away."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from intake_service.dossiers.store import Number, is_number
from intake_service.lifecycle.store import NAMED
from intake_service.persons.rules import ERASED
from shared.web.database import Connection


async def named(connection: Connection, codes: Sequence[str]) -> list[dict[str, Any]]:
    """Dossiers by any of their codes: asked (the code that was), id, code, status."""
    return [
        {"asked": code, **row}
        for code in codes
        for row in await connection.fetch(f"SELECT d.id, d.code, d.status FROM dossier d WHERE {NAMED}", code)
    ]


async def of_applicant(connection: Connection, number: Number) -> list[asyncpg.Record]:
    """Dossiers of whoever has an identity number."""
    return await connection.fetch(
        f"SELECT d.id, d.code, d.status FROM applicant a JOIN dossier d ON d.id = a.dossier_id WHERE {is_number(1, 2)}",
        list(number.indexes),
        list(number.keys),
    )


async def of_submitter(connection: Connection, number: Number) -> list[asyncpg.Record]:
    """Dossiers that they handed in for somebody. All submitters are read: nobody else looks for them."""
    return await connection.fetch(
        "SELECT d.id, d.code, d.status FROM applicant a JOIN dossier d ON d.id = a.dossier_id"
        " WHERE a.submitted_by ->> 'id_index' = ANY($1::text[])"
        " OR upper(replace(a.submitted_by ->> 'id_number', ' ', '')) = ANY($2::text[])",
        [index.hex() for index in number.indexes],
        list(number.keys),
    )


async def keys_of_submitters(connection: Connection) -> set[int]:
    """The ids of the keys under which their numbers are sealed. All of them are read."""
    rows = await connection.fetch(
        "SELECT DISTINCT get_byte(decode(submitted_by ->> 'id_index', 'hex'), 0) FROM applicant"
        " WHERE submitted_by ->> 'id_index' IS NOT NULL"
    )
    return {row[0] for row in rows}


async def noted(connection: Connection, number: Number) -> list[tuple[int, int]]:
    """Words in which they are named by their number, open or as it was sealed before words had keys of their own. All
    words are read."""
    rows = await connection.fetch(
        "SELECT dossier_id, seq FROM event_note WHERE EXISTS (SELECT FROM unnest($2::text[]) AS one (key)"
        "  WHERE strpos(upper(replace(detail, ' ', '')), one.key) > 0)"
        " OR EXISTS (SELECT FROM unnest($1::text[]) AS one (index) WHERE strpos(detail, one.index) > 0)",
        [index.hex() for index in number.indexes],
        list(number.keys),
    )
    return [(row["dossier_id"], row["seq"]) for row in rows]


async def numbered(connection: Connection) -> list[asyncpg.Record]:
    """All words that hold numbers under a key of their own: of corrections, a few in a thousand dossiers."""
    return await connection.fetch(
        "SELECT dossier_id, seq, detail, numbers_key FROM event_note WHERE numbers_key IS NOT NULL"
    )


async def lock(connection: Connection, dossiers: Sequence[int]) -> None:
    """Nobody moves them until the transaction ends."""
    await connection.execute("SELECT FROM dossier WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE", list(dossiers))


async def told(connection: Connection, dossiers: Sequence[int]) -> list[asyncpg.Record]:
    """Dossiers with their applicants."""
    return await connection.fetch(
        "SELECT d.id, d.code, d.legacy_code, d.reference, p.code AS procedure, v.name AS procedure_name,"
        " u.code AS agency, u.name AS agency_name, d.channel, d.status, d.submitted_at, d.accepted_at, d.due_at,"
        " d.finished_at, d.returned_at, d.summary, d.documents, a.kind, a.name, a.id_number, a.phone, a.email,"
        " a.address, a.submitted_by"
        " FROM dossier d JOIN applicant a ON a.dossier_id = d.id JOIN procedure_version v ON v.id = d.version_id"
        " JOIN procedure p ON p.id = v.procedure_id JOIN agency u ON u.id = d.agency_id"
        " WHERE d.id = ANY($1::bigint[]) ORDER BY d.id",
        list(dossiers),
    )


async def events(connection: Connection, dossiers: Sequence[int]) -> list[asyncpg.Record]:
    """Their events, with what each says in words."""
    return await connection.fetch(
        "SELECT e.dossier_id, e.seq, e.kind, e.occurred_at, e.recorded_at, n.reason, n.detail, n.numbers_key"
        " FROM dossier_event e LEFT JOIN event_note n USING (dossier_id, seq) WHERE e.dossier_id = ANY($1::bigint[])"
        " ORDER BY e.dossier_id, e.seq",
        list(dossiers),
    )


async def notes(connection: Connection, places: Sequence[tuple[int, int]]) -> list[asyncpg.Record]:
    """The words of these events."""
    return await connection.fetch(
        "SELECT d.code, n.seq, n.detail, n.numbers_key FROM event_note n JOIN dossier d ON d.id = n.dossier_id"
        " JOIN unnest($1::bigint[], $2::int[]) AS place (dossier_id, seq) USING (dossier_id, seq) ORDER BY d.id, n.seq",
        [dossier_id for dossier_id, _ in places],
        [seq for _, seq in places],
    )


async def deliveries(connection: Connection, dossiers: Sequence[int]) -> list[asyncpg.Record]:
    """Where apologies were sent to, and who received them."""
    return await connection.fetch(
        "SELECT dossier_id, received, channel, words, occurred_at FROM apology_delivery"
        " WHERE dossier_id = ANY($1::bigint[]) ORDER BY dossier_id, n, k",
        list(dossiers),
    )


async def proposals(connection: Connection, dossiers: Sequence[int]) -> list[asyncpg.Record]:
    """What was proposed to tell them."""
    return await connection.fetch(
        "SELECT dossier_id, proposed_at, reason, apology FROM extension_proposal WHERE dossier_id = ANY($1::bigint[])"
        " ORDER BY dossier_id, n",
        list(dossiers),
    )


async def ratings(connection: Connection, dossiers: Sequence[int]) -> list[asyncpg.Record]:
    """How they rated what had ended."""
    return await connection.fetch(
        "SELECT r.dossier_id, r.level, r.criteria, r.rated_at, r.changed_at, w.words FROM rating r"
        " LEFT JOIN rating_words w ON w.dossier_id = r.dossier_id WHERE r.dossier_id = ANY($1::bigint[])"
        " ORDER BY r.dossier_id",
        list(dossiers),
    )


_PETITION = (
    "SELECT p.id, p.dossier_id, p.received_day, p.state, p.kind, p.received_at, w.name, w.address, w.phone, w.email,"
    " w.title, w.content, a.name AS applicant FROM petition p JOIN petition_words w ON w.petition_id = p.id"
    " LEFT JOIN applicant a ON a.dossier_id = p.dossier_id"
)


async def petitions_about(connection: Connection, dossiers: Sequence[int]) -> list[asyncpg.Record]:
    """What was sent about these dossiers, by whomever."""
    return await connection.fetch(f"{_PETITION} WHERE p.dossier_id = ANY($1::bigint[]) ORDER BY p.id", list(dossiers))


async def petitions(connection: Connection, ids: Sequence[int]) -> list[asyncpg.Record]:
    """Petitions whose words are there."""
    return await connection.fetch(f"{_PETITION} WHERE p.id = ANY($1::bigint[]) ORDER BY p.id", list(ids))


async def petition_words(connection: Connection, ids: Sequence[int]) -> list[asyncpg.Record]:
    """What was asked and said in the course of petitions."""
    return await connection.fetch(
        "SELECT e.petition_id, e.kind, e.occurred_at, w.words FROM petition_event e"
        " JOIN petition_event_words w USING (petition_id, seq) WHERE e.petition_id = ANY($1::bigint[])"
        " ORDER BY e.petition_id, e.seq",
        list(ids),
    )


async def erase_petitions(connection: Connection, ids: Sequence[int]) -> None:
    """Take away whose these petitions are and every word of them; what was published of them names nobody."""
    for table in ("petition_event_words", "petition_words"):
        await connection.execute(f"DELETE FROM {table} WHERE petition_id = ANY($1::bigint[])", list(ids))


async def readings(connection: Connection, dossiers: Sequence[int]) -> list[asyncpg.Record]:
    """Who read their data."""
    return await connection.fetch(
        "SELECT r.at, r.subject, r.role, u.code AS agency, r.operation, r.fields, r.dossiers, r.reason"
        " FROM access_record r JOIN agency u ON u.id = r.agency_id WHERE r.dossiers && $1::bigint[] ORDER BY r.id",
        list(dossiers),
    )


async def erase(connection: Connection, dossiers: Sequence[int], now: datetime) -> None:
    """Take away whose these dossiers are, and every word about them; their events and figures stay."""
    statements: dict[str, tuple[Any, ...]] = {
        "UPDATE applicant SET name = $2, name_search = '', id_number = NULL, id_index = NULL, phone = NULL,"
        " phone_digits = NULL, email = NULL, address = NULL, submitted_by = NULL, erased_at = $3"
        " WHERE dossier_id = ANY($1::bigint[])": (
            ERASED,
            now,
        ),
        "DELETE FROM event_note WHERE dossier_id = ANY($1::bigint[])": (),
        "DELETE FROM rating_words WHERE dossier_id = ANY($1::bigint[])": (),
        "UPDATE apology_delivery SET words = NULL WHERE dossier_id = ANY($1::bigint[])": (),
        "UPDATE extension_proposal SET reason = $2, apology = $2, rejection = NULL"
        " WHERE dossier_id = ANY($1::bigint[])": (ERASED,),
        "UPDATE dossier SET summary = NULL, documents = NULL, version = version + 1 WHERE id = ANY($1::bigint[])": (),
    }
    for statement, values in statements.items():
        await connection.execute(statement, list(dossiers), *values)


async def erase_submitter(connection: Connection, dossiers: Sequence[int]) -> None:
    """Take away who handed these in."""
    await connection.execute(
        "UPDATE applicant SET submitted_by = NULL WHERE dossier_id = ANY($1::bigint[])", list(dossiers)
    )
    await connection.execute("UPDATE dossier SET version = version + 1 WHERE id = ANY($1::bigint[])", list(dossiers))


async def erase_notes(connection: Connection, places: Sequence[tuple[int, int]]) -> None:
    """Take away the words of these events, and their salt with them: their hashes prove and tell nothing then."""
    await connection.executemany("DELETE FROM event_note WHERE dossier_id = $1 AND seq = $2", list(places))


async def root(connection: Connection, day: datetime) -> int:
    """The agency above all others."""
    found: int = await connection.fetchval(
        "SELECT id FROM agency WHERE parent_id IS NULL AND period @> ($1 AT TIME ZONE 'Asia/Ho_Chi_Minh')::date"
        " ORDER BY id LIMIT 1",
        day,
    )
    return found
