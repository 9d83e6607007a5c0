"""Looking at a dossier from outside: find it, see who may look, and show no more than that."""

from collections.abc import Callable
from dataclasses import dataclass

import asyncpg

from intake_service.documents.rules import Result
from intake_service.documents.usecases import results
from intake_service.tracking import rules, store
from shared.web.database import Connection
from shared.web.keyring import Keyring
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found. whole, told: only for the applicant; None for anybody else."""

    found: asyncpg.Record
    whole: asyncpg.Record | None = None
    told: list[asyncpg.Record] | None = None
    result: Result | None = None


async def track(
    connection: Connection,
    key: str,
    ring: Keyring,
    code: str,
    *,
    secret: str | None,
    citizen: str | None,
    wrong: Callable[[], None],
) -> Seen:
    """A dossier as far as the caller may see it. `wrong` is called where a secret was not the right one.

    One look-up and one comparison, whether there is such a dossier or not: by its answer, and by the work for it, a
    code that does not exist is not told from one whose secret is another.
    """
    found, sight = await _sighted(connection, key, ring, code, secret, citizen, wrong)
    if sight is rules.Sight.DEGREE:
        return Seen(found)
    whole = await store.whole(connection, found["id"])
    told = await store.told(connection, found["id"], [kind.value for kind in rules.NOTICES])
    result, _ = await results(connection, found["id"])
    return Seen(found, whole, told, result)


async def of_its_holder(
    connection: Connection,
    key: str,
    ring: Keyring,
    code: str,
    *,
    secret: str | None,
    citizen: str | None,
    wrong: Callable[[], None],
) -> asyncpg.Record:
    """The dossier of whoever holds its receipt or is its applicant; to anybody else there is none."""
    found, sight = await _sighted(connection, key, ring, code, secret, citizen, wrong)
    if sight is not rules.Sight.ALL:
        raise Problem("not_found")
    return found


async def _sighted(
    connection: Connection,
    key: str,
    ring: Keyring,
    code: str,
    secret: str | None,
    citizen: str | None,
    wrong: Callable[[], None],
) -> tuple[asyncpg.Record, rules.Sight]:
    found = await store.found(connection, code)
    name = found["name"] if found is not None else code
    owner = ring.unseal(found["owner"]) if found is not None and citizen is not None else None
    sight = rules.sight(key, name, owner, secret=secret, citizen=citizen)
    if found is None or sight is rules.Sight.NOTHING:
        if secret is not None:
            wrong()
        raise Problem("not_found")
    return found, sight
