"""Seeing what of ours has no national code yet, and saying which it has."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from intake_service.catalogue import store as catalogue
from intake_service.catalogue.rules import Kind
from intake_service.catalogue_mappings import rules, store
from shared.domain.civil_time import civil_day
from shared.domain.vietnamese import normalised
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.clock import now
from shared.web.database import Reading, Writing
from shared.web.problems import Problem, invalid


@dataclass(frozen=True, slots=True)
class Mapped:
    """What of ours is called what. row: as somebody said; None: nobody has. suggested: whose name looks like it."""

    local: str
    name: str
    row: asyncpg.Record | None
    suggested: Sequence[rules.Suggestion]


async def mapped(
    connection: Reading, reference: Reference, kind: Kind, *, unmapped: bool, after: str, limit: int
) -> list[Mapped]:
    """A page of ours by their codes, and one more if there is a next page. unmapped: only what nobody has said yet."""
    said = await store.mappings(connection, kind)
    ours = _ours(reference, kind, civil_day(now()))
    codes = [code for code in sorted(ours) if code > after and not (unmapped and code in said)][: limit + 1]
    published = [
        (row["code"], row["name"], rules.grams(row["name"])) for row in await catalogue.published(connection, kind)
    ]
    return [
        Mapped(code, ours[code], said.get(code), () if code in said else rules.suggestions(ours[code], published))
        for code in codes
    ]


async def say(
    connection: Writing,
    reference: Reference,
    principal: Principal,
    kind: Kind,
    local: str,
    national: str,
    reason: str,
    *,
    tag: int | None,
    at: datetime,
) -> Mapped:
    """Say what one of ours is called in the national catalogue."""
    principal.need_whole_installation()
    ours = _ours(reference, kind, civil_day(at))
    if local not in ours:
        raise Problem("not_found")
    await store.lock_mapping(connection)
    known = (await store.mappings(connection, kind)).get(local)
    if tag not in (None, known["version"] if known else 0):
        raise Problem("version_changed")
    if (await catalogue.latest(connection, kind, [national])).get(national, {"gone": True})["gone"]:
        raise invalid("national_code", "not_in_the_catalogue")
    other = await store.mapped_to(connection, kind, national)
    if other not in (None, local):
        raise invalid("national_code", "mapped_already", other=other)
    if known is None or (known["national_code"], known["reason"]) != (national, reason):
        await store.say(connection, kind, local, national, reason, by=principal.subject, now=at)
    row = (await store.mappings(connection, kind))[local]
    return Mapped(local, ours[local], row, ())


def _ours(reference: Reference, kind: Kind, day: date) -> dict[str, str]:
    if kind is Kind.AGENCIES:
        return {unit.code: unit.name for unit in reference.agencies.in_force(day)}
    versions = reference.procedures_on(day)
    if kind is Kind.FIELDS:
        return {name: name for name in {normalised(version.sector) for version in versions.values()}}
    return {code: version.name for code, version in versions.items()}
