"""A dossier as it goes over the wire, from a row or from its reception: what all its endpoints answer with."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, get_args

import asyncpg
import orjson
from starlette.responses import Response

from intake_service.dossiers import usecases
from intake_service.numbers.rules import opened_submitter
from shared.contracts.intake import DossierIn, StatusName
from shared.domain.civil_time import shown
from shared.domain.deadline import Verdict
from shared.domain.lifecycle import STATUS_VI, Channel, Outcome, Status
from shared.domain.personal import Datum, as_seen
from shared.reference import Reference
from shared.web.answers import json_answer
from shared.web.auth import NOTHING
from shared.web.keyring import Keyring

# By number, as rows have them: making an enum member of each costs a page of 200 a quarter of a millisecond.
STATUS = {int(status): status.name.lower() for status in Status}
_STATUS_NAME = {int(status): STATUS_VI[status] for status in Status}
CHANNEL = {int(channel): channel.name.lower() for channel in Channel}
OUTCOME: dict[int | None, str | None] = {None: None, **{int(outcome): outcome.name.lower() for outcome in Outcome}}
_VERDICT: dict[int | None, str | None] = {None: None, **{int(verdict): verdict.name.lower() for verdict in Verdict}}
_KIND = {number: kind for kind, number in usecases.KINDS.items()}
RETURN = {number: name for name, number in usecases.RETURN_CHANNELS.items()}


#: It has a version, to be changed by, and personal data: no browser keeps it for whoever sits there next.
UNKEPT: Mapping[str, str] = MappingProxyType({"Cache-Control": "no-store"})


def dossier_response(
    row: asyncpg.Record,
    reference: Reference,
    ring: Keyring,
    status: int = 200,
    *,
    replayed: bool = False,
    seen: frozenset[Datum] = NOTHING,
    given: DossierIn | None = None,
) -> Response:
    """A whole dossier, with its ETag. seen: what is shown unmasked. given: what the caller has just sent, and gets back
    as it is."""
    body = summary(row, reference)
    if given is not None:
        body |= _whose(given)
    else:
        submitter = opened_submitter(row["submitted_by"], ring)
        whose = {datum.value: row[datum] for datum in Datum} | {"id_number": ring.unseal(row["id_number"])}
        body["applicant"] = {
            "kind": _KIND[row["kind"]],
            "name": row["applicant_name"],
            **_as_seen(whose, seen),
            "masked": [datum.value for datum in Datum if row[datum] is not None and datum not in seen],
            "erased_at": shown(row["erased_at"]),
        }
        body["submitted_by"] = submitter and {**submitter, **_as_seen(submitter, seen)}
    body["documents"] = orjson.loads(row["documents"]) if row["documents"] else None
    body["summary"] = row["summary"]
    body["return_channel"] = RETURN[row["return_channel"]]
    body["answer_due_at"] = shown(row["answer_due_at"])
    body["case"] = row["case_no"]
    return json_answer(body, status, {"ETag": f'"{row["version"]}"', **UNKEPT}, replayed=replayed)


def _as_seen(whose: Mapping[str, Any], seen: frozenset[Datum]) -> dict[str, str | None]:
    """What somebody's data are to a reader, of those that they may have."""
    return {datum.value: as_seen(whose[datum], datum, seen) for datum in Datum if datum in whose}


def _whose(draft: DossierIn) -> dict[str, Any]:
    return {
        "applicant": {**draft.applicant.model_dump(), "masked": [], "erased_at": None},
        "submitted_by": draft.submitted_by.model_dump() if draft.submitted_by else None,
    }


def summary(row: asyncpg.Record, reference: Reference) -> dict[str, Any]:
    """A row as DossierSummary: written by hand, since validating 200 of them again costs four times as much."""
    code, legacy_code, version_id, agency_id, holder_id, desk, channel, status, applicant = row[:9]
    submitted, accepted, original, due, provisional, paused, finished, returned, outcome, verdict = row[9:19]
    number, submission, reception_due = row[19:22]
    version = reference.versions[version_id]
    units = reference.agencies.by_id
    agency = units[agency_id]
    accepted_at, due_at = shown(accepted), shown(due)
    return {
        "code": code,
        "legacy_code": legacy_code,
        "reference": submission,
        "status": STATUS[status],
        "status_code": status,
        "status_name": _STATUS_NAME[status],
        "procedure": version.code,
        "procedure_name": version.name,
        "sector": version.sector,
        "agency": agency.code,
        "agency_name": agency.name,
        "holder": units[holder_id].code,
        "desk": desk,
        "channel": CHANNEL[channel],
        "applicant_name": applicant,
        "submitted_at": accepted_at if submitted == accepted else shown(submitted),
        "reception_due_at": reception_due and shown(reception_due),
        "accepted_at": accepted_at,
        "original_due_at": due_at if original == due else shown(original),
        "due_at": due_at,
        "due_is_provisional": provisional,
        "paused": paused,
        "finished_at": finished and shown(finished),
        "returned_at": returned and shown(returned),
        "outcome": OUTCOME[outcome],
        "verdict": _VERDICT[verdict],
        "version": number,
    }


def received(made: usecases.Received, draft: DossierIn) -> dict[str, Any]:
    """The dossier just received or submitted, without reading it back."""
    place, new = made.place, made.reception
    accepted = new.facts.received_day is not None
    at, due_at = shown(new.at), shown(new.due_at)
    return {
        "code": made.code,
        "legacy_code": None,
        "reference": None if accepted else made.code,
        "status": STATUS[new.status],
        "status_code": new.status,
        "status_name": _STATUS_NAME[new.status],
        "procedure": place.version.code,
        "procedure_name": place.version.name,
        "sector": place.version.sector,
        "agency": place.agency.code,
        "agency_name": place.agency.name,
        "holder": place.agency.code,
        "desk": None,
        "channel": draft.channel,
        "applicant_name": draft.applicant.name,
        "submitted_at": at,
        "reception_due_at": None if accepted else due_at,
        "accepted_at": at if accepted else None,
        "original_due_at": due_at if accepted else None,
        "due_at": due_at if accepted else None,
        "due_is_provisional": new.provisional,
        "paused": False,
        "finished_at": None,
        "returned_at": None,
        "outcome": None,
        "verdict": None,
        "version": 1,
        **_whose(draft),
        "documents": [item.model_dump() for item in draft.documents] if draft.documents else None,
        "summary": draft.summary,
        "return_channel": draft.return_channel,
        "answer_due_at": None,
        "case": place.case,
    }


assert set(get_args(StatusName)) == set(STATUS.values())
