"""Nhập hồ sơ: a record lands with its whole history, judged as its law has it, in every column."""

from datetime import date

import asyncpg
import httpx

from shared.domain.chain import GENESIS, event_hash, event_tail
from shared.domain.counts import Facts
from shared.web.keyring import Keyring
from tests.conftest import Database
from tests.intake.importing import a_record, ndjson, sent
from tests.support import IDENTITY_KEYS, at


async def test_a_record_lands_with_its_whole_history(importer: httpx.AsyncClient) -> None:
    run = await sent(importer, ndjson([a_record()]))
    assert (run["state"], run["created"], run["rejected"]) == ("done", 1, 0)
    dossier = (await importer.get("/v1/dossiers/MC-1")).json()
    assert dossier["code"] == "19333-190304-0001", "the number is of the day of acceptance"
    assert dossier["due_at"] == "2019-03-05T17:00:00+07:00"
    assert (dossier["status"], dossier["verdict"], dossier["outcome"]) == ("returned", "on_day", "granted")
    events = (await importer.get("/v1/dossiers/MC-1/events")).json()["items"]
    assert [event["kind"] for event in events] == ["accepted", "finished", "returned"]
    assert events[1]["occurred_at"] == "2019-03-05T10:00:00+07:00"
    assert events[1]["recorded_at"] > "2026"


async def test_a_supplement_restarts_the_term(importer: httpx.AsyncClient) -> None:
    """NĐ 61/2018 art. 19(4): once complete, the term is counted again from the beginning."""
    asked = {
        "requested_at": at("Tuesday 2019-03-05 09:00").isoformat(),
        "answered_at": at("Friday 2019-03-08 15:00").isoformat(),
    }
    late = a_record(1, supplements=[asked], finished_at=at("Tuesday 2019-03-12 08:00").isoformat(), returned_at=None)
    good = a_record(2, supplements=[asked], finished_at=at("Monday 2019-03-11 16:00").isoformat(), returned_at=None)
    assert (await sent(importer, ndjson([late, good])))["created"] == 2
    first, second = [(await importer.get(f"/v1/dossiers/MC-{n}")).json() for n in (1, 2)]
    assert first["original_due_at"] == "2019-03-05T17:00:00+07:00"
    assert first["due_at"] == "2019-03-11T17:00:00+07:00"
    assert (first["verdict"], second["verdict"]) == ("late", "on_day")


async def test_one_that_waits_for_the_applicant_is_paused(importer: httpx.AsyncClient) -> None:
    asked = {"requested_at": at("Tuesday 2019-03-05 09:00").isoformat()}
    await sent(importer, ndjson([a_record(supplements=[asked], finished_at=None, returned_at=None, outcome=None)]))
    dossier = (await importer.get("/v1/dossiers/MC-1")).json()
    assert (dossier["status"], dossier["paused"], dossier["due_at"]) == ("supplement_awaited", True, None)


async def test_a_later_promise_does_not_mend_a_term_that_had_run_out(importer: httpx.AsyncClient) -> None:
    asked = {
        "requested_at": at("Thursday 2019-03-14 09:00").isoformat(),
        "answered_at": at("Friday 2019-03-15 15:00").isoformat(),
    }
    record = a_record(
        supplements=[asked],
        due_at=at("Friday 2019-03-29 17:00").isoformat(),
        finished_at=at("Monday 2019-03-18 08:00").isoformat(),
        returned_at=None,
    )
    await sent(importer, ndjson([record]))
    assert (await importer.get("/v1/dossiers/MC-1")).json()["verdict"] == "late"


async def test_a_promise_stands_beside_a_supplement_that_nobody_has_answered(importer: httpx.AsyncClient) -> None:
    asked = {"requested_at": at("Tuesday 2019-03-05 09:00").isoformat()}
    promised = at("Friday 2019-03-29 17:00").isoformat()
    await sent(
        importer,
        ndjson([a_record(supplements=[asked], due_at=promised, finished_at=None, returned_at=None, outcome=None)]),
    )
    assert (await importer.get("/v1/dossiers/MC-1")).json()["original_due_at"] == promised


async def test_a_due_date_promised_elsewhere_is_kept(importer: httpx.AsyncClient) -> None:
    await sent(importer, ndjson([a_record(due_at=at("Friday 2019-03-08 16:30").isoformat())]))
    dossier = (await importer.get("/v1/dossiers/MC-1")).json()
    assert dossier["due_at"] == dossier["original_due_at"] == "2019-03-08T16:30:00+07:00"
    assert dossier["verdict"] == "early"


async def test_the_chain_of_an_imported_dossier_holds(importer: httpx.AsyncClient, database: Database) -> None:
    await sent(importer, ndjson([a_record(n) for n in range(20)]))
    connection = await asyncpg.connect(database.owner_url)
    rows = await connection.fetch(
        "SELECT d.code, d.event_hash, e.* FROM dossier_event e JOIN dossier d ON d.id = e.dossier_id"
        " ORDER BY d.id, e.seq"
    )
    await connection.close()
    previous = GENESIS
    for row in rows:
        facts = Facts(*(row[name] for name in Facts._fields))
        tail = event_tail(
            seq=row["seq"],
            kind=row["kind"],
            status=row["status"],
            occurred_at=row["occurred_at"],
            recorded_at=row["recorded_at"],
            actor=row["actor"],
            acting_agency_id=row["acting_agency_id"],
            facts=facts,
            payload=row["payload"],
        )
        previous = event_hash(GENESIS if row["seq"] == 1 else previous, row["code"], tail)
        assert row["hash"] == previous
    assert len(rows) == 60
    assert rows[-1]["event_hash"] == previous


async def test_every_column_lands_as_it_was_sent(importer: httpx.AsyncClient, database: Database) -> None:
    """The rows are written here in binary, so each column is read back: one record has all fields, one the fewest."""
    everything = {
        "kind": "business",
        "name": "Công ty Đường Chín",
        "id_number": "3200000001",
        "phone": "+84 905 000 001",
        "email": "a@example.vn",
        "address": "12 Hùng Vương",
    }
    full = a_record(1, code="19333-190304-0007", applicant=everything, due_at=at("Friday 2019-03-08 16:30").isoformat())
    least = a_record(
        2,
        legacy_code=None,
        applicant={"kind": "person", "name": "An"},
        supplements=[{"requested_at": at("Tuesday 2019-03-05 09:00").isoformat()}],
        **dict.fromkeys(("submitted_at", "finished_at", "returned_at", "outcome")),
    )
    assert (await sent(importer, ndjson([full, least])))["created"] == 2
    connection = await asyncpg.connect(database.owner_url)
    rows = await connection.fetch(
        "SELECT d.*, a.* FROM dossier d JOIN applicant a ON a.dossier_id = d.id ORDER BY d.id"
    )
    events = await connection.fetch("SELECT * FROM dossier_event ORDER BY dossier_id, seq")
    await connection.close()
    accepted, due = at("Monday 2019-03-04 08:10"), at("Friday 2019-03-08 16:30")
    ring = Keyring.of(IDENTITY_KEYS)
    assert rows[0]["id_index"] == ring.index("3200000001")
    whole = {**rows[0], "id_number": ring.unseal(rows[0]["id_number"])}
    assert rows[0]["id_number"] != whole["id_number"], "it is sealed"
    assert (
        whole
        | {
            **{
                "code": "19333-190304-0007",
                "legacy_code": "MC-1",
                "channel": 1,
                "status": 10,
                "outcome": 1,
                "verdict": 1,
            },
            **{"submitted_at": at("Monday 2019-03-04 08:00"), "accepted_at": accepted, "original_due_at": due},
            **{
                "due_at": due,
                "late_from": at("Saturday 2019-03-09 00:00"),
                "finished_at": at("Tuesday 2019-03-05 10:00"),
            },
            **{"returned_at": at("Wednesday 2019-03-06 09:00"), "received_day": accepted.date(), "due_day": due.date()},
            **{"late_day": date(2019, 3, 9), "finished_day": date(2019, 3, 5), "paused": False, "provisional": False},
            **{"event_seq": 3, "event_hash": events[2]["hash"], "kind": 2, "name": "Công ty Đường Chín"},
            **{"name_search": "cong ty duong chin", "id_number": "3200000001", "phone": "+84 905 000 001"},
            **{"phone_digits": "0905000001", "email": "a@example.vn", "address": "12 Hùng Vương", "submitted_by": None},
        }
        == whole
    )
    unknown = ("legacy_code", "due_at", "late_from", "finished_at", "returned_at", "outcome", "due_day", "late_day")
    assert dict(rows[1]) | {
        **dict.fromkeys(
            (*unknown, "finished_day", "verdict", "id_number", "phone", "phone_digits", "email", "address")
        ),
        **{"code": "19333-190304-0008", "status": 5, "submitted_at": accepted, "accepted_at": accepted},
        **{"original_due_at": at("Tuesday 2019-03-05 17:00"), "received_day": accepted.date(), "paused": True},
        **{"event_seq": 2, "event_hash": events[4]["hash"], "kind": 1, "name": "An", "name_search": "an"},
    } == dict(rows[1])
    assert [(event["seq"], event["kind"], event["status"], event["paused"]) for event in events] == [
        (1, "accepted", 2, False),
        (2, "finished", 9, False),
        (3, "returned", 10, False),
        (1, "accepted", 2, False),
        (2, "supplement_requested", 5, True),
    ]


async def test_a_finish_is_not_dated_before_what_came_last(importer: httpx.AsyncClient) -> None:
    asked = {
        "requested_at": at("Tuesday 2019-03-05 09:00").isoformat(),
        "answered_at": at("Friday 2019-03-08 15:00").isoformat(),
    }
    await sent(importer, ndjson([a_record(1, supplements=[asked], finished_at=None, returned_at=None, outcome=None)]))
    for instant, status in (("Thursday 2019-03-07 09:00", 422), ("Monday 2019-03-11 09:00", 200)):
        body = {"occurred_at": at(instant).isoformat()}
        assert (await importer.post("/v1/dossiers/MC-1/finish", json=body)).status_code == status
