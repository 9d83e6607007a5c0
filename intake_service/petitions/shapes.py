"""A petition as it goes out: to its sender, to everybody, to staff."""

from datetime import date
from typing import Annotated, Any

import asyncpg
from fastapi import Path
from starlette.responses import Response

from intake_service.petitions import rules, usecases
from intake_service.petitions.rules import Due
from shared.domain.civil_time import shown
from shared.domain.personal import Datum, as_seen
from shared.reference import Reference
from shared.web.answers import json_answer

PetitionCode = Annotated[str, Path(max_length=60, description="Its code", examples=["PA-261127-12"])]
_DATA = (Datum.PHONE, Datum.EMAIL, Datum.ADDRESS)


def code_of(row: asyncpg.Record) -> str:
    """By what it is known."""
    return rules.code_of(row["id"], row["received_day"])


def sent(row: asyncpg.Record, secret: str, reference: Reference) -> dict[str, Any]:
    """What its sender is told once it is received. secret: by which they follow it."""
    agency = reference.agencies.by_id[row["agency_id"]]
    return {
        "code": code_of(row),
        "secret": secret,
        "received_at": shown(row["received_at"]),
        "agency": agency.code,
        "agency_name": agency.name,
    }


def _where(row: asyncpg.Record, reference: Reference) -> dict[str, Any]:
    units = reference.agencies.by_id
    agency, holder = units[row["agency_id"]], units[row["holder_id"]]
    return {
        "agency": agency.code,
        "agency_name": agency.name,
        "holder": holder.code,
        "holder_name": holder.name,
    }


def summary(row: asyncpg.Record, dues: list[Due], reference: Reference) -> dict[str, Any]:
    """A petition in a list."""
    return {
        "code": code_of(row),
        "kind": row["kind"],
        "channel": row["channel"],
        "state": row["state"],
        "state_name": rules.STATES[row["state"]],
        **_where(row, reference),
        "received_at": shown(row["received_at"]),
        "due": [_due(each) for each in dues],
    }


def _due(each: Due) -> dict[str, Any]:
    return {
        "step": each.term.step,
        "measure": each.term.measure,
        "due_day": each.day,
        "late": each.late,
        "citation": each.term.citation,
        "confirmed": each.term.confirmed,
    }


def answer(found: usecases.Read, reference: Reference) -> Response:
    """A petition with all that happened to it, and its version."""
    row, words, units = found.row, found.words, reference.agencies.by_id
    data = {datum.value: as_seen(words[datum], datum, found.seen) if words else None for datum in _DATA}
    body = {
        **summary(row, list(found.dues), reference),
        "dossier": found.dossier,
        "title": words["title"] if words else None,
        "content": words["content"] if words else None,
        "petitioner_name": words["name"] if words else None,
        **data,
        "masked": [datum.value for datum in _DATA if words and words[datum] is not None and datum not in found.seen],
        "version": row["version"],
        "events": [
            {
                "seq": event["seq"],
                "kind": event["kind"],
                "occurred_at": shown(event["occurred_at"]),
                "actor": event["actor"],
                "for_agency": units[event["acting_agency_id"]].code,
                "to_agency": units[event["to_agency_id"]].code if event["to_agency_id"] else None,
                "words": event["words"],
                "in_time_by_law": event["in_time_by_law"],
                "in_time_by_scoring": event["in_time_by_scoring"],
            }
            for event in found.events
        ],
    }
    return json_answer(body, headers={"ETag": f'"{row["version"]}"'})


def tracked(found: usecases.Tracked, reference: Reference) -> dict[str, Any]:
    """A petition as its sender sees it."""
    row = found.row
    holder = reference.agencies.by_id[row["holder_id"]]
    return {
        "code": code_of(row),
        "state": row["state"],
        "state_name": rules.STATES[row["state"]],
        "received_at": shown(row["received_at"]),
        "holder": holder.code,
        "holder_name": holder.name,
        "notices": [
            {
                "kind": event["kind"],
                "kind_name": rules.EVENTS[event["kind"]],
                "occurred_at": shown(event["occurred_at"]),
                "words": event["words"] if event["kind"] in rules.TOLD else None,
            }
            for event in found.notices
        ],
    }


def published(row: asyncpg.Record, reference: Reference) -> dict[str, Any]:
    """A petition as everybody reads it."""
    agency = reference.agencies.by_id[row["answered_by_id"]]
    day: date = row["received_day"]
    return {
        "code": rules.code_of(row["petition_id"], day),
        "kind": row["kind"],
        "agency": agency.code,
        "agency_name": agency.name,
        "received_day": day,
        "published_at": shown(row["published_at"]),
        "title": row["title"],
        "content": row["content"],
        "answer": row["answer"],
    }
