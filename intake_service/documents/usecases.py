"""Reading the papers of a dossier: what is asked for, what is there, the result, and what stands in the way of telling
the national database."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import asyncpg
import orjson

from intake_service.components import store as components
from intake_service.components.rules import Held as Listed
from intake_service.components.rules import holding
from intake_service.documents import national, rules, store
from intake_service.dossiers.usecases import one
from intake_service.files import store as files
from intake_service.files.rules import MOST_FILES, is_whole
from shared.domain.civil_time import civil_day
from shared.domain.lifecycle import EventKind, Outcome, Status
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.database import Connection, Reading

_DONE = (Status.FINISHED, Status.RETURNED)
_RESULTS = (Outcome.GRANTED, Outcome.REFUSED)


@dataclass(frozen=True, slots=True)
class Documents:
    """The papers of a dossier. listed: the list of components that holds for it. whole: whether the caller sees all of
    its applicant, numbers in names too. message: what the national database is told of them."""

    dossier: asyncpg.Record
    asked_on: date
    listed: Listed | None
    whole: bool
    held: rules.Held
    result: rules.Result | None
    earlier: list[rules.Result]
    message: national.Message


async def documents(connection: Reading, reference: Reference, code: str, principal: Principal) -> Documents:
    """All of it, of a dossier that the caller may see."""
    dossier = await one(connection, code, principal)
    version = reference.versions[dossier["version_id"]]
    # What was asked for when it was handed in holds for it; by a version that began since, from its first day.
    asked_on = max(civil_day(dossier["submitted_at"]), version.valid_from or date.min)
    listed = holding(await components.of_version(connection, version.id), asked_on)
    brought = [orjson.loads(detail).get("documents") for detail in await store.supplements(connection, dossier["id"])]
    received = orjson.loads(dossier["documents"]) if dossier["documents"] else None
    held = rules.held_against(
        listed.row.components if listed else None,
        rules.papers_of(received, *brought),
        [_file(row) for row in await files.listed(connection, dossier["id"], MOST_FILES) if row["erased_at"] is None],
    )
    result, earlier = await results(connection, dossier["id"])
    # Where the national database fetches files is not known here yet: that blocks, and is said.
    message = national.message_of(
        held,
        result,
        has_result=dossier["status"] in _DONE and dossier["outcome"] in _RESULTS,
        erased=dossier["erased_at"] is not None,
        address_of=None,
    )
    whole = is_whole(principal.sees(dossier["agency_id"], dossier["holder_id"]))
    return Documents(dossier, asked_on, listed, whole, held, result, earlier, message)


async def results(connection: Connection, dossier_id: int) -> tuple[rules.Result | None, list[rules.Result]]:
    """(the result as it stands, those before it)"""
    rows = await store.results(connection, dossier_id)
    return rules.results_of([(row["kind"], _result(row)) for row in rows])


def _result(row: asyncpg.Record) -> rules.Result:
    recorded = row["kind"] == EventKind.RESULT_RECORDED
    said: dict[str, Any] = orjson.loads(row["detail"]) if recorded and row["detail"] else {}
    if "issued_on" in said:
        said["issued_on"] = date.fromisoformat(said["issued_on"])
    return rules.Result(
        row["seq"],
        row["recorded_at"],
        row["actor"],
        row["acting_agency_id"],
        reason=row["reason"] if recorded else None,
        **said,
    )


def _file(row: asyncpg.Record) -> rules.FileRow:
    return rules.FileRow(
        str(row["id"]),
        row["name"],
        row["component"],
        row["replaced_by"] is None,
        row["digitised"],
        row["reused"],
        row["from_store"],
    )
