"""Sealing anew what is kept under another key, or under none; or opening all of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from intake_service.numbers import rules, store
from shared.web.database import EVERY_ROW, Connection, Pool, Reading
from shared.web.keyring import KeyMissing, Keyring
from shared.web.settings import Settings

#: Applicants a transaction: some milliseconds, for which a correction of one of them waits.
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Sealed:
    """What was done. applicants: whose number, or whose submitter's, was put otherwise. corrections: whose words' key
    was. words: how many words of before such keys rest on which key of the ring."""

    applicants: int
    corrections: int
    words: Mapping[int, int]


async def need_keys(connection: Connection | Reading, ring: Keyring) -> None:
    """Under every key that the ring lacks, and under every one that is another than it was, nothing is sealed. Raises
    KeyMissing: what would be sealed now, and what is there, would never be found together."""
    opened: dict[int, bool] = {}
    for specimen in await store.specimens(connection):
        # One that somebody has damaged does not keep a service from its start.
        opened[specimen.key] = opened.get(specimen.key, False) or _opens(ring, specimen)
    missing = [key for key, opens in opened.items() if not opens]
    if missing:
        raise KeyMissing(str(missing[0]))


def _opens(ring: Keyring, specimen: store.Specimen) -> bool:
    try:
        number = ring.unseal(specimen.sealed)
    except KeyMissing:
        return False
    return number is not None and specimen.found_by in ring.indexes(number)


async def need_its_keys(pool: Pool, settings: Settings) -> None:
    """A service with other keys than the database was sealed under would seal what nobody finds: it does not start."""
    async with pool.acquire(EVERY_ROW) as connection:
        try:
            await need_keys(connection, settings.keyring)
        except KeyMissing as missing:
            raise RuntimeError(
                f"MOTCUA_IDENTITY_KEYS: thiếu khóa {missing}, hoặc là khóa khác · key {missing} is missing or another"
                " one: identity numbers in this database are sealed under it"
            ) from None


async def seal_all(connection: Connection, ring: Keyring, progress: Callable[[float], None], *, undo: bool) -> Sealed:
    """Bring all numbers under the first key; undo: open them. Each batch is a transaction of its own: stopped at any
    time, it goes on where it was, since what is done is passed over. Raises KeyMissing, before anything is done."""
    await need_keys(connection, ring)
    into = Keyring() if undo else ring
    end, after, done = await store.last(connection), 0, 0
    while True:
        async with connection.transaction():
            rows = await store.batch(connection, into.prefix, after, BATCH)
            if not rows:
                break
            await store.put(
                connection,
                [
                    (
                        row["dossier_id"],
                        into.seal(number := ring.unseal(row["id_number"])),
                        into.index(number),
                        rules.sealed_submitter(rules.opened_submitter(row["submitted_by"], ring), into),
                    )
                    for row in rows
                ],
            )
        after, done = rows[-1]["dossier_id"], done + len(rows)
        progress(min(1.0, after / max(end, 1)))
    return Sealed(done, await _seal_words(connection, ring, into), await store.noted(connection))


async def _seal_words(connection: Connection, ring: Keyring, into: Keyring) -> int:
    after, done = (0, 0), 0
    while True:
        async with connection.transaction():
            rows = await store.words(connection, into.prefix, after, BATCH)
            if not rows:
                return done
            keys = [into.seal(ring.unseal(row["numbers_key"])) for row in rows]
            await store.put_words(
                connection, [(row["dossier_id"], row["seq"], key) for row, key in zip(rows, keys, strict=True)]
            )
        after, done = (rows[-1]["dossier_id"], rows[-1]["seq"]), done + len(rows)
