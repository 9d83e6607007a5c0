"""What one can do with the papers that a procedure asks for: read them, and enter them from a day on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from intake_service.components import rules, store
from shared.domain.civil_time import civil_day
from shared.reference import ProcedureVersion, Reference
from shared.web.auth import Principal
from shared.web.database import Reading, Writing
from shared.web.problems import Problem, invalid
from shared.web.versions import tag_of


@dataclass(frozen=True, slots=True)
class Asked:
    """What a procedure asks for on a day. held: None where no list holds. etag: of all its lists, those to come too."""

    procedure: str
    as_of: date
    held: rules.Held | None
    to_come: list[date]
    etag: str


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes what, from when on: decision, why, and whether knowingly over days gone by."""

    begin: date
    decision: str
    reason: str
    retroactive: bool
    tag: str | None
    now: datetime


async def asked_on(connection: Reading | Writing, reference: Reference, code: str, day: date) -> Asked:
    """What a procedure asks for on a day."""
    version = reference.procedure_on(code, day)
    if version is None:
        raise Problem("not_found")
    return _asked(version, await store.of_version(connection, version.id), day)


async def enter(
    connection: Writing,
    reference: Reference,
    principal: Principal,
    code: str,
    components: Sequence[Mapping[str, Any]],
    change: Change,
) -> Asked:
    """Enter what a procedure asks for from a day on. The same twice changes nothing."""
    principal.need_whole_installation()
    version = reference.procedure_on(code, change.begin)
    if version is None:
        if code not in reference.procedures:
            raise Problem("not_found")
        raise invalid("valid_from", "procedure_not_in_force", day=change.begin.isoformat())
    await store.lock(connection)
    lists = await store.of_version(connection, version.id)
    if change.tag not in (None, tag_of(_etag(version, lists))):
        raise Problem("version_changed")
    today = civil_day(change.now)
    if not rules.unchanged(lists, change.begin, components, change.decision, today):
        place = rules.placed(lists, change.begin, components, today, retroactive=change.retroactive)
        if isinstance(place, Problem):
            raise place
        by = store.By(principal.subject, change.now, change.decision, change.reason)
        await store.replace(connection, place)
        await store.enter(connection, version.id, change.begin, components, by)
        lists = await store.of_version(connection, version.id)
    return _asked(version, lists, change.begin)


def _asked(version: ProcedureVersion, lists: Sequence[rules.ListRow], day: date) -> Asked:
    to_come = [row.valid_from for row in lists if row.valid_from > day]
    return Asked(version.code, day, rules.holding(lists, day), to_come, _etag(version, lists))


def _etag(version: ProcedureVersion, lists: Sequence[rules.ListRow]) -> str:
    return f'"{sha256(repr((version.id, lists)).encode()).hexdigest()[:16]}"'
