"""What one can do with an agency's working hours: read them, and set them from a day on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from routing_service.agencies.store import bump_revision
from routing_service.agencies.usecases import one
from routing_service.sessions import rules, store
from routing_service.sessions.rules import Block, HoursRow
from shared.domain.civil_time import civil_day
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.database import Reading, Writing
from shared.web.problems import Problem
from shared.web.versions import tag_of


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of an agency on a day. own: false where it has set none and the installation's hold. etag: of all that
    it has set, for days to come too."""

    agency: str
    as_of: date
    own: bool
    rows: list[HoursRow]
    to_come: list[date]
    etag: str


async def hours(connection: Reading | Writing, reference: Reference, code: str, day: date) -> Hours:
    """The hours that hold at an agency on a day."""
    agency = one(reference.agencies, code, day)
    own = await store.of_agency(connection, agency.id)
    rows = [row for row in own if row.in_force(day)]
    to_come = sorted({row.valid_from for row in own if row.valid_from is not None and row.valid_from > day})
    if not rows:
        usual = [row for row in await store.of_agency(connection, None) if row.in_force(day)]
        return Hours(agency.code, day, own=False, rows=usual, to_come=to_come, etag=_etag(own))
    return Hours(agency.code, day, own=True, rows=rows, to_come=to_come, etag=_etag(own))


async def set_hours(
    connection: Writing,
    reference: Reference,
    principal: Principal,
    code: str,
    *,
    begin: date,
    blocks: Sequence[Block],
    basis: str,
    tag: str | None,
    now: datetime,
) -> Hours:
    """Set the hours of an agency from a day on; no blocks: the installation's hold again. Dossiers received before keep
    their dates: they were reckoned by the hours of their day. The same twice changes nothing."""
    agency = one(reference.agencies, code, begin)
    if not principal.covers(agency.id):
        raise Problem("agency_out_of_scope")
    await store.lock(connection)
    standing = await store.of_agency(connection, agency.id)
    if tag not in (None, tag_of(_etag(standing))):
        raise Problem("version_changed")
    if not rules.unchanged(standing, blocks, begin, basis):
        reasons = rules.refused(blocks, begin, civil_day(now))
        if reasons:
            raise Problem("invalid_request", *reasons)
        await store.set_from(connection, agency.id, begin, blocks, basis)
        await bump_revision(connection)
    return await hours(connection, reference, code, begin)


def _etag(rows: Sequence[HoursRow]) -> str:
    return f'"{sha256(repr(rows).encode()).hexdigest()[:16]}"'
