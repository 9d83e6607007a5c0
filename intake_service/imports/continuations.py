"""What went on in the other system since a dossier was imported is taken over, while nobody works on it here.

Both systems run side by side until the cut-over: until then the other one is where a dossier is worked on, and what it
says since goes into the log behind what it said before. Where it says something else, or somebody here has taken the
dossier up, two truths stand against each other, and the record is rejected for somebody to decide.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any, NamedTuple

import asyncpg

from intake_service.dossiers.usecases import KINDS, number_of
from intake_service.imports import store
from intake_service.imports.rules import Candidate, Stored, steps_since
from intake_service.lifecycle import store as lifecycle
from intake_service.lifecycle.rules import Step
from intake_service.lifecycle.usecases import appended, life_of
from shared.contracts.intake import ApplicantIn
from shared.domain.personal import number_key
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.database import Connection
from shared.web.keyring import Keyring


class Continuation(NamedTuple):
    """A locked dossier, what happened to it since, and the record that says so."""

    row: Mapping[str, Any]
    steps: Sequence[Step]
    candidate: Candidate


async def continuations(
    connection: Connection, reference: Reference, ring: Keyring, candidates: Sequence[Candidate]
) -> tuple[list[Continuation], dict[bytes, tuple[str | None, str]]]:
    """(those that go on, key → (field, why not) of the others) of records that landed before and say more now. Their
    dossiers are locked until the transaction ends."""
    ids = await store.dossiers_of(connection, [candidate.key for candidate in candidates])
    rows = await lifecycle.locked_by_id(connection, list(ids.values()))
    histories = await lifecycle.histories(connection, list(rows))
    applicants = await store.applicants(connection, list(rows))
    found: list[Continuation] = []
    refused: dict[bytes, tuple[str | None, str]] = {}
    for candidate in candidates:
        row = rows[ids[candidate.key]]
        steps = steps_since(candidate, _stored(reference, row, histories[row["id"]]))
        named = candidate.record.code
        if steps is None or (named is not None and named != row["code"]):
            refused[candidate.key] = (None, "changed_since_import")
        elif not _same_person(candidate.record.applicant, applicants[row["id"]], ring):
            refused[candidate.key] = ("applicant", "applicant_changed")
        else:
            found.append(Continuation(dict(row), steps, candidate))
    return found, refused


def _stored(reference: Reference, row: asyncpg.Record, history: list[asyncpg.Record]) -> Stored:
    life, clock = life_of(reference, row, history)
    received = (row["version_id"], row["agency_id"], row["channel"], row["case_no"])
    return Stored(
        *received,
        row["submitted_at"],
        row["accepted_at"],
        [event[:3] for event in history],
        life,
        clock,
        row["in_hand"],
    )


def _same_person(told: ApplicantIn, here: asyncpg.Record, ring: Keyring) -> bool:
    """Whether a record names the applicant as he stands here. Whom a decision erased nobody can compare."""
    if here["erased_at"] is not None:
        return True
    if (KINDS[told.kind], told.name, told.phone, told.email, told.address) != tuple(
        here[field] for field in ("kind", "name", "phone", "email", "address")
    ):
        return False
    if told.id_number is None or here["id_number"] is None:
        return told.id_number is None and here["id_number"] is None
    number = number_of(told.id_number, ring)
    if here["id_index"] is not None:
        return here["id_index"] in number.indexes
    return number_key(here["id_number"]) in number.keys


async def take_over(
    connection: Connection, reference: Reference, principal: Principal, found: Sequence[Continuation], at: datetime
) -> None:
    """Write what happened into the log, and know the records by what they say now."""
    of_each: list[list[lifecycle.Appended]] = []
    for row, steps, _ in found:
        events: list[lifecycle.Appended] = []
        for step in steps:
            event = appended(
                row,
                step,
                reference,
                code=row["code"],
                actor=principal.subject,
                acting_agency_id=principal.agency.id,
                now=at,
            )
            after = {"event_seq": event.seq, "event_hash": event.hash, "outcome": event.outcome}
            row = {**row, **after, "returned_at": event.returned_at}
            events.append(event)
        of_each.append(events)
    # The first of each dossier, then the second of each: of one dossier one event is written at a time.
    for together in zip_longest(*of_each):
        await lifecycle.append(connection, [event for event in together if event is not None])
    await store.know_otherwise(connection, [(each.candidate.key, each.candidate.content) for each in found])
