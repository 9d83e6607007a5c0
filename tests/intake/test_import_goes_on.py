"""What went on in the other system after it was imported: taken over while nobody works on the dossier here."""

import asyncio
from random import Random
from typing import Any

import asyncpg
import httpx
import pytest

from shared.domain.chain import GENESIS, event_hash, event_tail
from shared.domain.counts import Facts
from tests.conftest import Database
from tests.intake.importing import NDJSON, a_record, everything, ndjson, sent
from tests.support import at

ASKED = at("Monday 2019-03-04 15:00").isoformat()
ANSWERED = at("Thursday 2019-03-07 09:00").isoformat()
FINISHED = at("Friday 2019-03-08 10:00").isoformat()
RETURNED = at("Monday 2019-03-11 09:00").isoformat()
OPEN: dict[str, Any] = {"finished_at": None, "returned_at": None, "outcome": None}
#: How a life goes on, step by step.
LIFE: list[dict[str, Any]] = [
    OPEN,
    {**OPEN, "supplements": [{"requested_at": ASKED}]},
    {**OPEN, "supplements": [{"requested_at": ASKED, "answered_at": ANSWERED}]},
    {
        "supplements": [{"requested_at": ASKED, "answered_at": ANSWERED}],
        "finished_at": FINISHED,
        "outcome": "refused",
        "returned_at": None,
    },
    {
        "supplements": [{"requested_at": ASKED, "answered_at": ANSWERED}],
        "finished_at": FINISHED,
        "outcome": "refused",
        "returned_at": RETURNED,
    },
]


def counted(run: dict[str, Any]) -> tuple[int, int, int, int]:
    return run["created"], run["updated"], run["unchanged"], run["rejected"]


async def why_not(importer: httpx.AsyncClient, run: dict[str, Any]) -> list[tuple[str, str]]:
    items = (await importer.get(run["rejects"])).json()["items"]
    return [(reason["field"], reason["code"]) for item in items for reason in item["reasons"]]


async def stored(database: Database) -> dict[str, tuple[Any, ...]]:
    """By their codes of old: state and events without what differs between two landings."""
    connection = await asyncpg.connect(database.owner_url)
    dossiers = await connection.fetch("SELECT * FROM dossier ORDER BY id")
    events = await connection.fetch("SELECT * FROM dossier_event ORDER BY dossier_id, seq")
    await connection.close()
    left_out = {"id", "code", "legacy_code", "event_hash", "version", "dossier_id", "recorded_at", "hash", "txid"}

    def kept(row: asyncpg.Record) -> tuple[Any, ...]:
        return tuple((name, value) for name, value in row.items() if name not in left_out)

    return {
        dossier["legacy_code"]: (
            kept(dossier),
            [kept(event) for event in events if event["dossier_id"] == dossier["id"]],
        )
        for dossier in dossiers
    }


async def chains_hold(database: Database) -> None:
    connection = await asyncpg.connect(database.owner_url)
    rows = await connection.fetch(
        "SELECT d.code, d.event_hash, d.event_seq, e.* FROM dossier_event e JOIN dossier d ON d.id = e.dossier_id"
        " ORDER BY d.id, e.seq"
    )
    await connection.close()
    head = GENESIS
    for row in rows:
        tail = event_tail(
            **{
                name: row[name]
                for name in ("seq", "kind", "status", "occurred_at", "recorded_at", "actor", "acting_agency_id")
            },
            facts=Facts(*(row[name] for name in Facts._fields)),
            payload=row["payload"],
        )
        head = event_hash(GENESIS if row["seq"] == 1 else head, row["code"], tail)
        assert row["hash"] == head
        if row["seq"] == row["event_seq"]:
            assert row["event_hash"] == head


async def test_what_came_step_by_step_is_what_comes_at_once(importer: httpx.AsyncClient, database: Database) -> None:
    """Of 200 dossiers, each seen at some of its steps, in exports of which each tells of all."""
    random = Random(20190304)
    seen = [sorted({*random.sample(range(len(LIFE)), random.randint(1, 3)), len(LIFE) - 1}) for _ in range(200)]
    for turn in range(len(LIFE)):
        records = [
            a_record(n, **LIFE[max(step for step in steps if step <= turn)])
            for n, steps in enumerate(seen)
            if steps[0] <= turn
        ]
        run = await sent(importer, ndjson(records))
        going_on = sum(turn in steps and steps[0] < turn for steps in seen)
        assert counted(run) == (
            sum(steps[0] == turn for steps in seen),
            going_on,
            len(records) - run["created"] - going_on,
            0,
        )
        assert counted(await sent(importer, ndjson(records))) == (0, 0, len(records), 0)
    await sent(importer, ndjson([a_record(1000, **LIFE[-1])]))
    found = await stored(database)
    whole = found.pop("MC-1000")
    assert len(whole[1]) == 5
    assert all(each == whole for each in found.values())
    await chains_hold(database)


async def test_a_promise_that_came_with_the_answer_is_kept(importer: httpx.AsyncClient) -> None:
    asked = [{"requested_at": ASKED}]
    answered = [{"requested_at": ASKED, "answered_at": ANSWERED}]
    promised, anew = (at(day).isoformat() for day in ("Tuesday 2019-03-05 16:00", "Tuesday 2019-03-12 16:00"))
    await sent(importer, ndjson([a_record(1, **{**OPEN, "supplements": asked, "due_at": promised})]))
    run = await sent(importer, ndjson([a_record(1, **{**OPEN, "supplements": answered, "due_at": anew})]))
    assert counted(run) == (0, 1, 0, 0)
    assert (await importer.get("/v1/dossiers/MC-1")).json()["due_at"] == "2019-03-12T16:00:00+07:00"


@pytest.mark.parametrize(
    "told",
    [
        {"channel": "post"},
        {"agency": "19351"},
        {"procedure": "1.001193"},
        {"accepted_at": at("Monday 2019-03-04 08:20").isoformat()},
        {"submitted_at": at("Monday 2019-03-04 07:50").isoformat()},
        {"due_at": at("Friday 2019-03-15 16:00").isoformat()},
        {"code": "19333-190304-0077"},
        {"supplements": [{"requested_at": at("Monday 2019-03-04 15:01").isoformat(), "answered_at": ANSWERED}]},
        {"supplements": None},
    ],
    ids=str,
)
async def test_a_past_that_is_told_otherwise_is_not_taken_over(
    importer: httpx.AsyncClient, database: Database, told: dict[str, Any]
) -> None:
    await sent(importer, ndjson([a_record(1, **LIFE[2])]))
    before = await everything(database)
    run = await sent(importer, ndjson([a_record(1, **{**LIFE[4], **told})]))
    assert counted(run) == (0, 0, 0, 1)
    assert await why_not(importer, run) == [("legacy_code", "changed_since_import")]
    assert await everything(database) == before


async def test_an_end_that_is_told_otherwise_is_not_taken_over(importer: httpx.AsyncClient) -> None:
    await sent(importer, ndjson([a_record(1, **LIFE[3])]))
    for told in ({"outcome": "granted"}, {"finished_at": RETURNED, "returned_at": RETURNED}, OPEN):
        run = await sent(importer, ndjson([a_record(1, **{**LIFE[4], **told})]))
        assert await why_not(importer, run) == [("legacy_code", "changed_since_import")]
    assert (await importer.get("/v1/dossiers/MC-1")).json()["outcome"] == "refused"


async def test_once_somebody_works_on_it_here_it_goes_on_here(importer: httpx.AsyncClient, database: Database) -> None:
    """By a step of its own, or by what only routing has: it was assigned, or handed over."""
    await sent(importer, ndjson([a_record(n, **OPEN) for n in range(1, 6)]))
    withdrawn = await importer.post("/v1/dossiers/MC-1/withdraw", json={"reason": "Xin rút"})
    assert withdrawn.status_code == 200, withdrawn.text
    owner = await asyncpg.connect(database.owner_url)
    ids = {row["legacy_code"]: row for row in await owner.fetch("SELECT * FROM dossier")}
    for name in ("MC-2", "MC-3", "MC-4"):
        await owner.execute(
            "INSERT INTO dossier_case (dossier_id, agency_id, holder_id, opened_at) VALUES ($1, $2, $2, $3)",
            *(ids[name][column] for column in ("id", "agency_id", "accepted_at")),
        )
    later = at("Monday 2019-03-04 09:00")
    await owner.execute(
        "INSERT INTO assignment (dossier_id, seq, agency_id, acting_agency_id, assignee, actor, occurred_at,"
        " recorded_at) VALUES ($1, 1, $2, $2, 'an', 'leader', $3, $3)",
        ids["MC-2"]["id"],
        ids["MC-2"]["agency_id"],
        later,
    )
    await owner.execute("UPDATE dossier_case SET finished_at = $2 WHERE dossier_id = $1", ids["MC-3"]["id"], later)
    await owner.close()
    run = await sent(importer, ndjson([a_record(n, **LIFE[4]) for n in range(1, 6)]))
    assert counted(run) == (0, 2, 0, 3)
    assert await why_not(importer, run) == [("legacy_code", "changed_since_import")] * 3
    assert (await importer.get("/v1/dossiers/MC-1")).json()["outcome"] == "withdrawn"


async def test_another_applicant_is_corrected_here_first(importer: httpx.AsyncClient) -> None:
    """Not by a file; then the rest of the record is taken over."""
    person = {"kind": "person", "name": "Lê Thị Hạnh", "id_number": "045190000001", "phone": "0905000001"}
    await sent(importer, ndjson([a_record(1, **OPEN, applicant=person)]))
    told = {**person, "id_number": "045190000002", "address": "5 Lê Lợi"}
    run = await sent(importer, ndjson([a_record(1, **LIFE[4], applicant=told)]))
    assert await why_not(importer, run) == [("applicant", "applicant_changed")]
    assert "045190" not in (await importer.get(run["rejects"])).text
    minutes = {"reason": "Nhập nhầm", "decision": "07/BB-TTPVHCC"}
    corrected = await importer.post("/v1/dossiers/MC-1/corrections", json={**minutes, "applicant": told})
    assert corrected.status_code == 200, corrected.text
    assert counted(await sent(importer, ndjson([a_record(1, **LIFE[4], applicant=told)]))) == (0, 1, 0, 0)
    assert (await importer.get("/v1/dossiers/MC-1")).json()["returned_at"] == "2019-03-11T09:00:00+07:00"


@pytest.mark.parametrize(("tried", "life"), [(501, LIFE[0]), (502, LIFE[4])], ids=["as it was", "gone on"])
async def test_a_number_that_is_masked_is_not_tried_out_file_by_file(
    importer: httpx.AsyncClient, tried: int, life: dict[str, Any]
) -> None:
    """Of a record that was told otherwise again and again the right one is not told any more."""
    person = {"kind": "person", "name": "Lê Thị Hạnh", "id_number": "045190000077"}
    await sent(importer, ndjson([a_record(tried, **OPEN, applicant=person)]))
    found = []
    for number in [*range(40), 77]:
        guess = {**person, "id_number": f"0451900000{number:02}"}
        answer = await importer.post(
            "/v1/imports",
            content=ndjson([a_record(tried, **life, applicant=guess)]),
            headers={"Content-Type": NDJSON},
            params={"trial": "true"},
        )
        found.append(await why_not(importer, answer.json()))
    assert found[0] == [("applicant", "applicant_changed")]
    assert found[-1] == found[-2] == [("legacy_code", "changed_since_import")]
    for number in (2, 3):  # of others nothing of that is held against anybody
        await sent(importer, ndjson([a_record(number, **OPEN)]))
        assert counted(await sent(importer, ndjson([a_record(number, **OPEN)]))) == (0, 0, 1, 0)


async def test_on_trial_it_is_counted_and_nothing_lands(importer: httpx.AsyncClient, database: Database) -> None:
    await sent(importer, ndjson([a_record(n, **OPEN) for n in range(3)]))
    before = await everything(database)
    body = ndjson([a_record(0, **LIFE[4]), a_record(1, **{**LIFE[4], "channel": "post"}), a_record(2, **OPEN)])
    answer = await importer.post(
        "/v1/imports", content=body, headers={"Content-Type": NDJSON}, params={"trial": "true"}
    )
    assert counted(answer.json()) == (0, 1, 1, 1)
    assert await everything(database) == before
    assert counted(await sent(importer, body)) == (0, 1, 1, 1)


async def test_told_twice_in_one_file(importer: httpx.AsyncClient, database: Database) -> None:
    """Alike it is taken over once; in two ways it is nobody's word."""
    await sent(importer, ndjson([a_record(n, **OPEN) for n in range(2)]))
    body = [a_record(0, **LIFE[4])] * 2 + [a_record(1, **LIFE[3]), a_record(1, **LIFE[4])]
    run = await sent(importer, ndjson(body))
    assert counted(run) == (0, 1, 1, 2)
    assert await why_not(importer, run) == [("legacy_code", "repeated_in_file")] * 2
    await chains_hold(database)


async def test_a_clerk_and_an_export_at_once_do_not_both_end_it(
    importer: httpx.AsyncClient, database: Database
) -> None:
    await sent(importer, ndjson([a_record(n, **OPEN) for n in range(30)]))
    answers = await asyncio.gather(
        sent(importer, ndjson([a_record(n, **LIFE[4]) for n in range(30)])),
        *(importer.post(f"/v1/dossiers/MC-{n}/withdraw", json={"reason": "Xin rút"}) for n in range(30)),
    )
    run, withdrawals = answers[0], answers[1:]
    assert {answer.status_code for answer in withdrawals} <= {200, 409}
    by_clerk = sum(answer.status_code == 200 for answer in withdrawals)
    assert counted(run) == (0, 30 - by_clerk, 0, by_clerk)
    await chains_hold(database)
