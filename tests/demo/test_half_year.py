"""The invented half-year: the same seed gives the same bytes, it adds up, and nothing in it is unlawful."""

import hashlib
from collections import Counter
from datetime import date, datetime, timedelta
from itertools import islice

import orjson
import pytest

from routing_service.calendars.rules import working_calendar
from services import reference
from services.demo.fates import Totals
from services.demo.half_year import COUNT, LETTER, ndjson, records
from shared.domain.deadline import Account, Clock, Verdict, moved, opened
from shared.domain.lifecycle import Channel, EventKind
from shared.domain.terms import TermUnit
from shared.domain.working_calendar import DEFAULT_SESSIONS

SMALL = LETTER.scaled(50)
FIRST, LAST = date(2019, 1, 1), date(2019, 6, 30)
CALENDAR = working_calendar(reference.calendar_days(), reference.CALENDAR_YEARS)
REGIMES = reference.regimes()
PROCEDURES = {row.code: row for row in reference.procedures()}
AGENCIES = {
    unit.code: unit
    for unit in reference.agencies()[0]
    if (unit.valid_from or date.min) <= FIRST and (unit.valid_to or date.max) >= LAST
}


@pytest.fixture(scope="module")
def small():
    return list(records(totals=SMALL))


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def account(record) -> Account:
    """What the deadline account makes of a record: reckoned here from the record alone."""
    accepted = instant(record["accepted_at"])
    term = PROCEDURES[record["procedure"]].term(Channel[record["channel"].upper()])
    assert term is not None
    clock = Clock(term, CALENDAR, DEFAULT_SESSIONS, REGIMES.on(None, accepted.date()))
    found = opened(accepted, clock)
    for supplement in record.get("supplements", []):
        found = moved(found, EventKind.SUPPLEMENT_REQUESTED, instant(supplement["requested_at"]), clock)
        if "answered_at" in supplement:
            found = moved(found, EventKind.SUPPLEMENTED, instant(supplement["answered_at"]), clock)
    if "finished_at" in record:
        found = moved(found, EventKind.FINISHED, instant(record["finished_at"]), clock)
    return found


def digest(count: int, seed: int) -> str:
    return hashlib.sha256(
        b"".join(orjson.dumps(row) for row in islice(records(seed=seed, totals=SMALL), count))
    ).hexdigest()


def at_work(moment: datetime) -> bool:
    blocks = CALENDAR.blocks(moment.date(), DEFAULT_SESSIONS)
    return any(block.opens <= moment.time() <= block.closes for block in blocks)


def test_the_letter_s_totals():
    assert Totals(carried_over=4_098, received=132_485, resolved_on_time=125_638, resolved_late=3_205) == LETTER
    assert COUNT == 136_583
    assert LETTER.pending == 7_740


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others():
    assert digest(500, 2019) == digest(500, 2019) != digest(500, 2020)


def test_the_stream_is_the_records_in_chunks(small):
    chunks = list(ndjson(totals=SMALL))
    assert [orjson.loads(line) for line in b"".join(chunks).splitlines()] == small
    assert all(chunk.endswith(b"\n") and len(chunk) < 68_000 for chunk in chunks)


def test_it_adds_up_when_somebody_counts(small):
    accounts = [account(row) for row in small]
    days = [instant(row["accepted_at"]).date() for row in small]
    verdicts = Counter(found.verdict for found in accounts)
    assert len(small) == SMALL.count
    assert sum(day < FIRST for day in days) == SMALL.carried_over
    assert sum(FIRST <= day <= LAST for day in days) == SMALL.received
    assert verdicts[Verdict.EARLY] + verdicts[Verdict.ON_DAY] == SMALL.resolved_on_time
    assert verdicts[Verdict.LATE] == SMALL.resolved_late
    assert verdicts[None] == SMALL.pending
    assert verdicts[Verdict.EARLY] > 0
    pending = [found for found in accounts if found.verdict is None]
    overdue = sum(found.late_day is not None and found.late_day <= LAST for found in pending)
    waiting = sum(found.paused for found in pending)
    answered = sum(not found.paused and found.supplement_requests > 0 for found in pending)
    assert overdue
    assert waiting
    assert answered
    assert overdue + waiting + answered < len(pending)


def test_everything_in_it_is_lawful(small):
    for row in small:
        accepted = instant(row["accepted_at"])
        assert at_work(accepted), row
        assert instant(row["submitted_at"]) <= accepted
        last = accepted
        open_request = False
        for supplement in row.get("supplements", []):
            requested = instant(supplement["requested_at"])
            assert not open_request
            assert last < requested
            assert at_work(requested)
            # Decree 61/2018 art. 19(4): within 3 working days of reception, of a completed dossier of its completion
            assert CALENDAR.working_days_between(last.date(), requested.date()) <= 3, row
            last, open_request = requested, "answered_at" not in supplement
            if not open_request:
                answered = instant(supplement["answered_at"])
                assert last < answered
                assert at_work(answered)
                last = answered
        assert last.date() <= LAST
        assert ("finished_at" in row) == ("outcome" in row)
        if "finished_at" in row:
            finished = instant(row["finished_at"])
            assert last < finished
            assert at_work(finished)
            assert FIRST <= finished.date() <= LAST
            if open_request:
                assert row["outcome"] in ("withdrawn", "stopped")
        if "returned_at" in row:
            returned = instant(row["returned_at"])
            assert row["outcome"] in ("granted", "refused")
            assert finished < returned
            assert at_work(returned)
            assert returned.date() <= LAST + timedelta(days=20)


def test_only_agencies_of_the_time_with_procedures_of_their_level(small):
    for row in small:
        agency = AGENCIES[row["agency"]]
        procedure = PROCEDURES[row["procedure"]]
        assert any(
            offer.level is agency.level and (offer.valid_to is None or offer.valid_to >= LAST)
            for offer in procedure.offers
        ), row
        term = procedure.term(Channel[row["channel"].upper()])
        assert term is not None
        assert term.unit is not TermUnit.NONE


def test_some_departments_and_communes_have_nothing():
    seen = Counter(row["agency"] for row in records(totals=LETTER.scaled(8)))
    silent = [unit for unit in AGENCIES.values() if unit.code not in seen]
    assert 20 <= sum(unit.kind == "commune_peoples_committee" for unit in silent) <= 25
    assert sum(unit.kind == "provincial_department" for unit in silent) == 4
    assert sum(unit.kind == "district_peoples_committee" for unit in silent) <= 1  # an island with some hundred people


def test_nobody_in_it_is_real(small):
    assert len({row["legacy_code"] for row in small}) == len(small)
    assert [row["legacy_code"] for row in small] == sorted(row["legacy_code"] for row in small)
    for row in small:
        assert "id_number" not in row["applicant"]
        assert row["applicant"].get("phone", "0000").startswith("0000")
        assert row["applicant"]["kind"] == "person" or "Ví dụ" in row["applicant"]["name"]


def test_few_come_online_and_fewer_at_tet(small):
    channels = Counter(row["channel"] for row in small)
    assert 0.01 < channels["online"] / len(small) < 0.04
    assert channels["post"] < channels["online"]
    months = Counter(row["accepted_at"][:7] for row in small)
    assert months["2019-02"] < 0.7 * months["2019-03"]
