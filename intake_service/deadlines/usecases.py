"""The account of a stored dossier, and the date that a dossier would get."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from intake_service.deadlines import rules
from intake_service.dossiers.rules import Place, checked_place
from intake_service.dossiers.usecases import one
from intake_service.lifecycle import rules as lifecycle
from intake_service.lifecycle import store
from intake_service.lifecycle.usecases import clock_of
from shared.domain.civil_time import civil_day
from shared.domain.deadline import Clock
from shared.domain.explanation import Told
from shared.domain.lifecycle import Channel, EventKind
from shared.domain.terms import Term
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.database import Reading
from shared.web.problems import Problem, Reason


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A dossier's row, its history from first to last, the clock that it was reckoned by, and all terms that its
    procedure has."""

    row: asyncpg.Record
    told: list[Told]
    clock: Clock
    terms: frozenset[Term]


async def account(connection: Reading, reference: Reference, principal: Principal, code: str) -> Reckoned:
    """The account of a dossier that the caller may see."""
    row = await one(connection, code, principal)
    clock = clock_of(reference, row)
    events = (await store.histories(connection, [row["id"]]))[row["id"]]
    happened = lifecycle.read_back((event[:3] for event in events), clock)
    return Reckoned(row, rules.history(happened), clock, reference.versions[row["version_id"]].all_terms)


@dataclass(frozen=True, slots=True)
class Previewed:
    """A reception that was only thought of."""

    place: Place
    step: lifecycle.Step
    provisional: bool


def preview(reference: Reference, procedure: str, agency: str, channel: Channel, at: datetime, case: int) -> Previewed:
    """What a dossier accepted at `at` would get; a Problem with every reason why it could not be received."""
    place, reasons = checked_place(reference, procedure, agency, channel, civil_day(at), case)
    if place is None:
        raise Problem("invalid_request", *reasons)
    step = lifecycle.first_step(EventKind.ACCEPTED, place.version, channel, at, place.clock)
    if isinstance(step, Reason):
        raise Problem("invalid_request", Reason("at", step.code, step.params))
    return Previewed(place, step, lifecycle.is_provisional(reference, step.life))
