"""Reading the papers of a dossier: what is asked for, what is there, the result, and what stands in the way of telling
the national database."""

from collections import defaultdict
from collections.abc import Callable, Sequence
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
from intake_service.files.rules import is_whole
from shared.domain.civil_time import civil_day
from shared.domain.lifecycle import EventKind, Outcome, Status
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.database import Connection, Reading

_DONE = (Status.FINISHED, Status.RETURNED)
_RESULTS = (Outcome.GRANTED, Outcome.REFUSED)


@dataclass(frozen=True, slots=True)
class Documents:
    """The papers of a dossier. whole: whether the caller sees all of its applicant, numbers in names too. message: what
    the national database is told of them."""

    dossier: asyncpg.Record
    papers: "Papers"
    whole: bool
    message: national.Message


@dataclass(frozen=True, slots=True)
class Papers:
    """What is asked for and there. listed: the list of components that holds for it. earlier: results before this."""

    asked_on: date
    listed: Listed | None
    held: rules.Held
    result: rules.Result | None
    earlier: list[rules.Result]


async def documents(
    connection: Reading,
    reference: Reference,
    code: str,
    principal: Principal,
    address_of: Callable[[str], str] | None,
) -> Documents:
    """All of it, of a dossier that the caller may see. address_of: where the national database fetches a file."""
    dossier = await one(connection, code, principal)
    found = (await papers(connection, reference, [dossier]))[dossier["id"]]
    message = national.message_of(
        found.held,
        found.result,
        has_result=has_result(dossier["status"], dossier["outcome"]),
        erased=dossier["erased_at"] is not None,
        address_of=address_of,
    )
    return Documents(dossier, found, is_whole(principal.sees(dossier["agency_id"], dossier["holder_id"])), message)


def has_result(status: int, outcome: int | None) -> bool:
    """Whether the agency is done, with a grant or a refusal."""
    return status in _DONE and outcome in _RESULTS


async def papers(connection: Connection, reference: Reference, dossiers: Sequence[asyncpg.Record]) -> dict[int, Papers]:
    """The papers of dossiers (id, version_id, submitted_at, documents), by id."""
    ids = [dossier["id"] for dossier in dossiers]
    lists = await components.of_versions(connection, sorted({dossier["version_id"] for dossier in dossiers}))
    brought = _grouped(await store.supplements(connection, ids))
    recorded = _grouped(await store.results(connection, ids))
    there = _grouped(await files.there(connection, ids))
    found = {}
    for dossier in dossiers:
        version = reference.versions[dossier["version_id"]]
        # What was asked for when it was handed in holds for it; by a version that began since, from its first day.
        asked_on = max(civil_day(dossier["submitted_at"]), version.valid_from or date.min)
        listed = holding(lists.get(version.id, ()), asked_on)
        received = orjson.loads(dossier["documents"]) if dossier["documents"] else None
        supplied = [orjson.loads(row["detail"]).get("documents") for row in brought[dossier["id"]]]
        held = rules.held_against(
            listed.row.components if listed else None,
            rules.papers_of(received, *supplied),
            [_file(row) for row in there[dossier["id"]]],
        )
        found[dossier["id"]] = Papers(asked_on, listed, held, *_results(recorded[dossier["id"]]))
    return found


async def results(connection: Connection, dossier_id: int) -> tuple[rules.Result | None, list[rules.Result]]:
    """(the result as it stands, those before it)"""
    return _results(await store.results(connection, [dossier_id]))


def _results(rows: Sequence[asyncpg.Record]) -> tuple[rules.Result | None, list[rules.Result]]:
    return rules.results_of([(row["kind"], _result(row)) for row in rows])


def _grouped(rows: Sequence[asyncpg.Record]) -> dict[int, list[asyncpg.Record]]:
    grouped: dict[int, list[asyncpg.Record]] = defaultdict(list)
    for row in rows:
        grouped[row["dossier_id"]].append(row)
    return grouped


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
