"""Sealing anew what is kept under another key, or under none; or opening all of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from intake_service.numbers import rules, store
from shared.web.database import Connection
from shared.web.keyring import Keyring

#: Applicants a transaction: some milliseconds, for which a correction of one of them waits.
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Sealed:
    """What was done. applicants: whose number, or whose submitter's, was put otherwise. words: how many words of
    corrections hold a number, by key."""

    applicants: int
    words: Mapping[int, int]


async def seal_all(connection: Connection, ring: Keyring, progress: Callable[[float], None], *, undo: bool) -> Sealed:
    """Bring all numbers under the first key; undo: open them. Each batch is a transaction of its own: stopped at any
    time, it goes on where it was, since what is done is passed over. Raises KeyMissing."""
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
    return Sealed(done, await store.noted(connection))
