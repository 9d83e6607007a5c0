"""One person's data: found, told, erased; that it was done, by which decision and by whom, is on record."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from intake_service.access_records.rules import Access
from intake_service.access_records.usecases import enter
from intake_service.dossiers.usecases import KINDS, number_of
from intake_service.files import usecases as files
from intake_service.numbers.rules import opened, opened_words
from intake_service.numbers.usecases import need_keys
from intake_service.persons import store
from intake_service.persons.rules import ERASED as ERASED_TEXT
from intake_service.persons.rules import Found, own_part, submitter_told, takes_out_another
from intake_service.petitions.rules import OVER as PETITION_OVER
from intake_service.petitions.rules import code_of as petition_code
from intake_service.petitions.rules import id_of as petition_of
from intake_service.ratings.rules import NAMES as RATING_LEVELS
from shared.domain.civil_time import shown
from shared.domain.lifecycle import Channel, Status
from shared.domain.personal import Datum, same_number
from shared.domain.vietnamese import search_key
from shared.web.database import Connection
from shared.web.keyring import KeyMissing, Keyring

EXPORTED, ERASED = "exportPerson", "erasePerson"
_KIND = {number: kind for kind, number in KINDS.items()}


class UnknownDossier(LookupError):
    """No dossier has this code."""


@dataclass(frozen=True, slots=True)
class Decision:
    """By which decision, why, and by whom (an operator) it is done."""

    number: str
    reason: str
    operator: str
    at: datetime


async def by_number(connection: Connection, number: str, ring: Keyring) -> Found:
    """Where whoever has an identity number stands. Raises KeyMissing: not all of it would be found."""
    await need_keys(connection, ring)
    missing = await store.keys_of_submitters(connection) - ring.ids
    if missing:
        raise KeyMissing(str(min(missing)))
    key = number_of(number, ring)
    whole = _told(await store.of_applicant(connection, key))
    submitted = _told(await store.of_submitter(connection, key))
    noted = {*await store.noted(connection, key), *await _named_in_words(connection, key.keys[0], ring)}
    submitted = {one: told for one, told in submitted.items() if one not in whole}
    noted = {place for place in noted if place[0] not in whole}
    return Found(whole, submitted, sorted(noted), key.keys[0], await _sent_about(connection, list(whole)))


async def _named_in_words(connection: Connection, key: str, ring: Keyring) -> list[tuple[int, int]]:
    found = []
    for row in await store.numbered(connection):
        was = opened_words(row["detail"], row["numbers_key"], ring)["was"]
        numbers = (was.get("id_number"), (_read(was.get("submitted_by")) or {}).get("id_number"))
        if any(same_number(number, key) for number in numbers if number):
            found.append((row["dossier_id"], row["seq"]))
    return found


async def by_codes(connection: Connection, codes: Sequence[str]) -> Found:
    """Of whoever these dossiers, or petitions, are: some have no number. Raises UnknownDossier."""
    ids = {code: petition_id for code in codes if (petition_id := petition_of(code)) is not None}
    sent = _petitions(await store.petitions(connection, list(ids.values())))
    rows = await store.named(connection, [code for code in codes if code not in ids])
    found = {row["asked"] for row in rows} | {code for code, _ in sent.values()}
    if missing := set(codes) - found:
        raise UnknownDossier(min(missing))
    whole = _told(rows)
    return Found(whole, {}, petitions={**sent, **await _sent_about(connection, list(whole))})


async def _sent_about(connection: Connection, dossiers: Sequence[int]) -> dict[int, tuple[str, bool]]:
    """The petitions about their dossiers that carry their name: anybody may send one about a dossier."""
    rows = await store.petitions_about(connection, dossiers)
    return _petitions(row for row in rows if search_key(row["name"]) == search_key(row["applicant"]))


def _petitions(rows: Iterable[asyncpg.Record]) -> dict[int, tuple[str, bool]]:
    return {row["id"]: (petition_code(row["id"], row["received_day"]), row["state"] in PETITION_OVER) for row in rows}


def _told(rows: Iterable[Mapping[str, Any] | asyncpg.Record]) -> dict[int, tuple[str, Status]]:
    return {row["id"]: (row["code"], Status(row["status"])) for row in rows}


async def export(connection: Connection, found: Found, decision: Decision, ring: Keyring) -> dict[str, Any]:
    """All that is held of them, as JSON takes it. Of what they handed in for another, and of what they were taken for
    by mistake, their own data only."""
    rows, whole = await store.told(connection, [*found.whole, *found.submitted]), list(found.whole)
    by_dossier: dict[int, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for name, told in (
        ("events", await store.events(connection, whole)),
        ("apologies", await store.deliveries(connection, whole)),
        ("proposals", await store.proposals(connection, whole)),
        ("ratings", [_rating(row) for row in await store.ratings(connection, whole)]),
        ("files", await files.told(connection, whole)),
    ):
        for row in told:
            by_dossier[row["dossier_id"]][name].append(_of_the_applicant(_plain(_worded(row, ring))))
    for row in await store.readings(connection, whole):
        for dossier_id in set(row["dossiers"]) & set(whole):
            by_dossier[dossier_id]["read_by"].append({k: v for k, v in _plain(row).items() if k != "dossiers"})
    dossiers = [
        _dossier(row, by_dossier[row["id"]]) if row["id"] in found.whole else _handed_in(row)
        for row in (opened(dict(row), ring) for row in rows)
    ]
    notes = [_own(_plain(_worded(row, ring)), found.number) for row in await store.notes(connection, found.noted)]
    petitions = await _export_petitions(connection, list(found.petitions))
    await _enter(connection, EXPORTED, found.dossiers, decision)
    return {"dossiers": dossiers, "taken_for_another": notes, "petitions": petitions}


async def _export_petitions(connection: Connection, ids: Sequence[int]) -> list[dict[str, Any]]:
    said: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in await store.petition_words(connection, ids):
        said[row["petition_id"]].append({k: v for k, v in _plain(row).items() if k != "petition_id"})
    names = ("kind", "state", "received_at", "name", "address", "phone", "email", "title", "content")
    return [
        {
            "code": petition_code(row["id"], row["received_day"]),
            **_plain({name: row[name] for name in names}),
            "words": said[row["id"]],
        }
        for row in await store.petitions(connection, ids)
    ]


async def erase(connection: Connection, found: Found, decision: Decision) -> None:
    """Take away what of them may be erased, in the caller's transaction. Events, chains and figures stay. What their
    files hold is taken away after it (files.usecases.release)."""
    await store.lock(connection, found.dossiers)
    await store.erase(connection, list(found.whole), decision.at)
    await files.erase(connection, list(found.whole), ERASED_TEXT, decision.at)
    await store.erase_submitter(connection, list(found.submitted))
    await store.erase_notes(connection, found.noted)
    await store.erase_petitions(connection, list(found.petitions))
    await _enter(connection, ERASED, found.dossiers, decision)


async def _enter(connection: Connection, operation: str, dossiers: Sequence[int], decision: Decision) -> None:
    root = await store.root(connection, decision.at)
    reason = f"{decision.number}: {decision.reason}"
    await enter(
        connection, Access(decision.at, decision.operator, "operator", root, operation, tuple(Datum), dossiers, reason)
    )


def _worded(row: Mapping[str, Any] | asyncpg.Record, ring: Keyring) -> dict[str, Any]:
    """A row with what an event says in words, the numbers in it open; other rows as they are."""
    told = dict(row)
    if "numbers_key" in told:
        key = told.pop("numbers_key")
        told["detail"] = opened_words(told["detail"], key, ring) if told["detail"] else None
    return told


def _rating(row: asyncpg.Record) -> dict[str, Any]:
    return {**row, "level": RATING_LEVELS[row["level"]], "criteria": _read(row["criteria"])}


def _own(told: dict[str, Any], number: str | None) -> dict[str, Any]:
    was = (told.get("detail") or {}).get("was", {})
    return {**told, "detail": {"was": own_part(was, _read(was.get("submitted_by")), number)}}


def _of_the_applicant(told: dict[str, Any]) -> dict[str, Any]:
    """An event as its dossier's applicant is told of it: who was taken for the applicant before is another."""
    if takes_out_another(told.get("detail")):
        return {**told, "reason": None, "detail": None}
    was = (told.get("detail") or {}).get("was", {})
    if was.get("submitted_by"):
        return {**told, "detail": {"was": {**was, "submitted_by": submitter_told(_read(was["submitted_by"]), None)}}}
    return told


def _dossier(row: Mapping[str, Any], more: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    told = _plain(row)
    names = ("name", *(datum.value for datum in Datum))
    applicant = {"kind": _KIND[told.pop("kind")], **{name: told.pop(name) for name in names}}
    told["submitted_by"] = submitter_told(_read(told["submitted_by"]), applicant["id_number"])
    told["documents"] = _read(told["documents"])
    return {**_place(told), "relation": "applicant", "applicant": applicant, **more}


def _handed_in(row: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: row[name] for name in ("code", "procedure", "agency", "channel", "status", "submitted_at")}
    return {**_place(_plain(told)), "relation": "submitter", "submitted_by": _read(row["submitted_by"])}


def _place(told: dict[str, Any]) -> dict[str, Any]:
    told.pop("id", None)
    return {**told, "channel": Channel(told["channel"]).name.lower(), "status": Status(told["status"]).name.lower()}


def _plain(row: Mapping[str, Any] | asyncpg.Record) -> dict[str, Any]:
    return {
        name: shown(value) if isinstance(value, datetime) else value
        for name, value in row.items()
        if name != "dossier_id"
    }


def _read(text: str | None) -> Any:
    return orjson.loads(text) if text else None
