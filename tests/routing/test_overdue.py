"""What is overdue and due soon: every list equals a straight recount over random lives of dossiers."""

import asyncio
import csv
import json
import random
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
import pytest_asyncio

from shared.domain.civil_time import civil_day
from shared.domain.lifecycle import Channel, EventKind
from shared.domain.terms import Due, Term, TermUnit
from shared.domain.working_calendar import DEFAULT_SESSIONS
from shared.web.clock import now
from tests.routing.conftest import reasons
from tests.support import BIRTH, JUSTICE, PROVINCE, REGISTER_COPY, WARD, at

OLD_COMMUNE, OLD_DISTRICT, OLD_PROVINCE = "19351", "461", "45"
TERMS = (
    Term(Decimal(1), TermUnit.WORKING_DAY),
    Term(Decimal(5), TermUnit.WORKING_DAY),
    Term(Decimal(4), TermUnit.WORKING_HOUR),
    Term(Decimal(12), TermUnit.WORKING_HOUR),
    Term(Decimal(10), TermUnit.CALENDAR_DAY),
    Term(Decimal(0), TermUnit.NONE),
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lives(routing):
    """Random dossiers of the last 60 days and of 2019: open, finished in time or late, waiting, and restarted."""
    rng = random.Random(766)
    made = []
    end = now()
    for n in range(260):
        recent = n % 4 != 0
        latest = end if recent else at("Monday 2019-12-30 17:00")
        accepted = latest - timedelta(minutes=rng.randrange(60 * 24 * 60))
        happened: list[tuple[EventKind, datetime]] = []
        instant = accepted
        for _ in range(rng.choice([0, 0, 1, 2])):
            instant += timedelta(minutes=rng.randrange(1, 14 * 24 * 60))
            if instant >= latest:
                break
            waits = bool(happened) and happened[-1][0] is EventKind.SUPPLEMENT_REQUESTED
            event = (
                EventKind.SUPPLEMENTED
                if waits
                else rng.choice([EventKind.FINISHED, EventKind.FINISHED, EventKind.SUPPLEMENT_REQUESTED])
            )
            happened.append((event, instant))
            if event is EventKind.FINISHED:
                break
        agency = rng.choice([WARD, WARD, JUSTICE, PROVINCE]) if recent else rng.choice([OLD_DISTRICT, OLD_PROVINCE])
        built = await routing.dossier(
            accepted=accepted,
            agency=agency,
            procedure=rng.choice([BIRTH, REGISTER_COPY]),
            channel=Channel.COUNTER,
            term=rng.choice(TERMS),
            happened=happened,
        )
        made.append(built)
    return made


def recount(routing, lives, at_, agency, min_days=0):
    """The codes that must be listed, with their days, from the accounts alone."""
    tree, calendar = routing.reference.agencies, routing.reference.calendar
    scope = tree.scope(tree.latest(agency, civil_day(at_)).id)
    found = []
    for built in lives:
        account = built.account
        if built.agency_id not in scope or account.due is None or account.accepted_at > at_:
            continue
        if account.due.late_from > at_ or (account.finished_at is not None and account.finished_at <= at_):
            continue
        days = sum(
            calendar.is_working(account.due.day + timedelta(days=n + 1))
            for n in range((civil_day(at_) - account.due.day).days)
        )
        if days >= min_days:
            found.append((account.due.late_from, built.id, built.code, days))
    return [(code, days) for _, _, code, days in sorted(found)]


async def listed(routing, path="/v1/overdue", limit=7, role="leader", token_agency=PROVINCE, **params):
    items, cursor = [], None
    while True:
        asked = {**params, "limit": limit, **({"cursor": cursor} if cursor else {})}
        answer = await routing.http.get(path, params=asked, headers=routing.as_(role, token_agency))
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= limit
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return items


@pytest.mark.parametrize("agency", [PROVINCE, WARD, JUSTICE])
@pytest.mark.parametrize("min_days", [0, 1, 3, 20])
async def test_now_it_equals_a_recount(routing, lives, agency, min_days):
    found = await listed(routing, agency=agency, min_days=min_days)
    assert [(item["code"], item["days_overdue"]) for item in found] == recount(routing, lives, now(), agency, min_days)
    assert not any(item["apology_sent"] or item["apology_recorded"] for item in found)


async def test_there_is_something_to_compare(routing, lives):
    assert len(recount(routing, lives, now(), PROVINCE)) > 40
    assert len(recount(routing, lives, at("Monday 2019-12-30 17:00"), OLD_PROVINCE)) > 10


@pytest.mark.parametrize("ago", [0, 1, 3, 9, 30, 59])
@pytest.mark.parametrize("min_days", [0, 2])
async def test_in_the_past_it_equals_a_recount(routing, lives, ago, min_days):
    then = now() - timedelta(days=ago, minutes=1)
    found = await listed(routing, agency=PROVINCE, as_of=then.isoformat(), min_days=min_days)
    assert [(item["code"], item["days_overdue"]) for item in found] == recount(routing, lives, then, PROVINCE, min_days)


async def test_in_2019_under_the_code_of_then(routing, lives):
    then = at("Monday 2019-12-30 17:00")
    for agency in (OLD_PROVINCE, OLD_DISTRICT):
        found = await listed(routing, agency=agency, as_of=then.isoformat())
        assert [(i["code"], i["days_overdue"]) for i in found] == recount(routing, lives, then, agency)
        assert found


async def test_what_the_merged_province_took_over_is_its_own(routing, lives):
    then = at("Monday 2019-12-30 17:00")
    assert await listed(routing, agency=OLD_PROVINCE, as_of=then.isoformat()) == await listed(
        routing, as_of=then.isoformat()
    )


async def test_many_agencies_are_walked_few_are_merged_and_both_say_the_same(routing, lives, monkeypatch):
    from routing_service.overdue import store

    expected = await listed(routing, agency=WARD)
    monkeypatch.setattr(store, "MERGED_AGENCIES", 0)
    assert await listed(routing, agency=WARD) == expected
    monkeypatch.setattr(store, "MERGED_AGENCIES", 10_000)
    assert await listed(routing, agency=WARD) == expected


async def test_by_sector(routing, lives):
    everything = await listed(routing)
    sectors = {item["sector"] for item in everything}
    assert sectors
    for sector in sectors:
        assert await listed(routing, sector=sector) == [i for i in everything if i["sector"] == sector]
        then = (now() - timedelta(days=5)).isoformat()
        assert await listed(routing, sector=sector, as_of=then) == [
            i for i in await listed(routing, as_of=then) if i["sector"] == sector
        ]


@pytest.mark.parametrize(("min_days", "max_days"), [(0, 0), (0, 1), (0, 3), (1, 3), (2, 10), (0, 60)])
async def test_due_soon_equals_a_recount(routing, lives, min_days, max_days):
    instant, calendar = now(), routing.reference.calendar
    today = civil_day(instant)
    expected = []
    for built in lives:
        due = built.account.due
        if due is None or built.account.finished_at or due.late_from <= instant:
            continue
        left = sum(calendar.is_working(today + timedelta(days=n + 1)) for n in range((due.day - today).days))
        if min_days <= left <= max_days:
            expected.append((due.late_from, built.id, built.code, left))
    found = await listed(routing, "/v1/due-soon", min_days=min_days, max_days=max_days)
    assert [(i["code"], i["days_left"]) for i in found] == [(code, left) for _, _, code, left in sorted(expected)]


async def test_the_edges_of_lateness(routing):
    """In term to the end of the due day; hour terms to the instant. A due Friday is late on Saturday by 0 days."""
    friday = Due.on_day(at("Friday 2026-11-13 08:00").date(), DEFAULT_SESSIONS)
    hours = Due.at_instant(at("Friday 2026-11-13 10:00"))
    by_day = await routing.dossier(accepted="Thursday 2026-11-12 08:00", agency="QT25-D05", due=friday)
    by_hour = await routing.dossier(accepted="Thursday 2026-11-12 08:00", agency="QT25-D05", due=hours)

    async def late(text, **more):
        found = await listed(routing, agency="QT25-D05", as_of=at(text).isoformat(), **more)
        return {item["code"]: item["days_overdue"] for item in found}

    assert await late("Friday 2026-11-13 10:00") == {}
    assert await late("Friday 2026-11-13 10:01") == {by_hour.code: 0}
    assert await late("Friday 2026-11-13 23:59") == {by_hour.code: 0}
    assert await late("Saturday 2026-11-14 00:00") == {by_day.code: 0, by_hour.code: 0}
    assert await late("Monday 2026-11-16 00:00") == {by_day.code: 1, by_hour.code: 1}
    assert await late("Sunday 2026-11-15 23:59", min_days=1) == {}
    assert await late("Monday 2026-11-16 07:00", min_days=1) == {by_day.code: 1, by_hour.code: 1}
    assert await late("Friday 2026-11-20 07:00", min_days=6) == {}


async def test_a_due_day_before_the_calendar_is_listed_without_an_invented_number(routing):
    long_ago = Due.on_day(at("Thursday 2015-06-18 08:00").date(), DEFAULT_SESSIONS)
    built = await routing.dossier(accepted="Thursday 2019-12-19 08:00", agency="469", due=long_ago)
    found = await listed(routing, agency="469")
    assert [(item["code"], item["days_overdue"]) for item in found] == [(built.code, None)]


async def test_the_holder_is_who_holds_the_case(routing):
    built = await routing.case(accepted="Monday 2026-11-16 08:00", agency="QT25-D06", procedure=REGISTER_COPY)
    leader = routing.as_("leader")
    await routing.http.post(f"/v1/cases/{built.code}/hand-overs", json={"to_agency": JUSTICE}, headers=leader)
    (item,) = await listed(routing, agency="QT25-D06")
    assert (item["agency"], item["holder"], item["status"]) == ("QT25-D06", JUSTICE, "accepted")
    # The holder's own list is its worklist: the figure stays with the agency that received it.
    held = (await routing.http.get("/v1/worklist", headers=routing.as_("handler", JUSTICE))).json()["items"]
    assert [(item["code"], item["overdue"]) for item in held] == [(built.code, True)]


async def test_csv_and_ndjson_without_a_limit_are_whole(routing, lives, monkeypatch):
    from routing_service.overdue import usecases

    monkeypatch.setattr(usecases, "CHUNK", 10)
    expected = await listed(routing, limit=200)
    leader = routing.as_("leader")
    for asked in ({"params": {"format": "csv"}}, {"headers": {"Accept": "text/csv"}}):
        answer = await routing.http.get(
            "/v1/overdue", params=asked.get("params"), headers={**leader, **asked.get("headers", {})}
        )
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        rows = list(csv.DictReader(StringIO(answer.text)))
        assert [row["code"] for row in rows] == [item["code"] for item in expected]
        assert list(rows[0]) == list(expected[0])
        assert rows[0]["due_at"] == expected[0]["due_at"]
        assert rows[0]["apology_sent"] == "false"
    answer = await routing.http.get("/v1/overdue", params={"format": "ndjson"}, headers=leader)
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line) for line in answer.text.splitlines()] == expected
    then = (now() - timedelta(days=9)).isoformat()
    whole = await routing.http.get("/v1/overdue", params={"format": "ndjson", "as_of": then}, headers=leader)
    assert [json.loads(line) for line in whole.text.splitlines()] == await listed(routing, as_of=then)


@pytest.mark.parametrize("form", ["csv", "ndjson"])
async def test_a_client_that_breaks_off_is_let_go_quietly(routing, lives, monkeypatch, caplog, form):
    from routing_service.overdue import usecases

    monkeypatch.setattr(usecases, "CHUNK", 5)
    sent: list[object] = []
    asked, enough = asyncio.Event(), asyncio.Event()

    async def receive():
        if not asked.is_set():
            asked.set()
            return {"type": "http.request", "body": b"", "more_body": False}
        await enough.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)
        if len(sent) == 4:
            enough.set()

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/v1/overdue",
        "raw_path": b"/v1/overdue",
        "root_path": "",
        "query_string": f"format={form}".encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in routing.as_("leader").items()],
        "client": ("test", 1),
        "server": ("room", 80),
    }
    await routing.app(scope, receive, send)
    assert 4 <= len(sent) < 10, "it does not go on for nobody"
    pool = routing.app.state.room.pool
    assert pool.idle
    assert not caplog.records


async def test_csv_with_a_limit_is_a_page_that_names_the_next(routing, lives):
    leader = routing.as_("leader")
    codes, cursor = [], None
    while True:
        params = {"format": "csv", "limit": 20, **({"cursor": cursor} if cursor else {})}
        answer = await routing.http.get("/v1/overdue", params=params, headers=leader)
        codes += [row["code"] for row in csv.DictReader(StringIO(answer.text))]
        cursor = answer.headers.get("Next-Cursor")
        if cursor is None:
            break
    assert codes == [item["code"] for item in await listed(routing)]


@pytest.mark.parametrize("path", ["/v1/overdue", "/v1/due-soon"])
@pytest.mark.parametrize(
    ("params", "status", "reason"),
    [
        ({"agency": "none"}, 422, ("agency", "unknown_agency")),
        ({"agency": "a\x01"}, 422, ("agency", "control_characters")),
        ({"as_of": "2019-06-30T17:00:00"}, 422, ("as_of", "without_offset")),
        ({"as_of": "2019-06-30"}, 422, ("as_of", "without_offset")),
        ({"as_of": "noon"}, 422, ("as_of", "malformed")),
        ({"as_of": "1561888800"}, 422, ("as_of", "malformed")),
        ({"as_of": "2199-01-01T00:00:00+07:00"}, 422, ("as_of", "as_of_in_future")),
        ({"as_of": "2017-06-30T17:00:00+07:00"}, 422, ("as_of", "calendar_missing")),
        ({"as_of": "0001-01-01T00:00:00+07:00"}, 422, ("as_of", "out_of_range")),
        ({"sector": "Bay vào vũ trụ"}, 422, ("sector", "unknown_sector")),
        ({"sector": "a\nb"}, 422, ("sector", "control_characters")),
        ({"min_days": -1}, 422, ("min_days", "out_of_range")),
        ({"min_days": "two"}, 422, ("min_days", "wrong_type")),
        ({"limit": 0}, 422, ("limit", "out_of_range")),
        ({"limit": 201}, 422, ("limit", "out_of_range")),
        ({"format": "xlsx"}, 422, ("format", "not_one_of")),
        ({"cursor": "AAAA"}, 422, ("cursor", "malformed_cursor")),
    ],
)
async def test_what_cannot_be_asked(routing, path, params, status, reason):
    answer = await routing.http.get(path, params=params, headers=routing.as_("leader"))
    assert (answer.status_code, reasons(answer)) == (status, {reason})


async def test_a_cursor_is_of_one_list(routing, lives):
    leader = routing.as_("leader")
    cursor = (await routing.http.get("/v1/overdue", params={"limit": 1}, headers=leader)).json()["next"]
    for other in ({"min_days": 1}, {"agency": WARD}):
        answer = await routing.http.get("/v1/overdue", params={"cursor": cursor, **other}, headers=leader)
        assert reasons(answer) == {("cursor", "malformed_cursor")}


async def test_what_accept_may_say(routing):
    leader = routing.as_("leader")
    answer = await routing.http.get("/v1/overdue", headers={**leader, "Accept": "application/xml"})
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
    for accept, media in {
        "*/*": "application/json",
        "text/html, */*;q=0.8": "application/json",
        "text/csv;q=0.5, application/json": "application/json",
        "application/x-ndjson": "application/x-ndjson",
    }.items():
        answer = await routing.http.get("/v1/overdue", headers={**leader, "Accept": accept})
        assert answer.headers["content-type"] == media


async def test_a_plus_that_the_address_turned_into_a_blank_is_understood(routing):
    answer = await routing.http.get("/v1/overdue?as_of=2019-06-30T17:00:00+07:00", headers=routing.as_("leader"))
    assert answer.status_code == 200


def test_cells_that_a_spreadsheet_would_run_are_text():
    from shared.web.streams import csv_lines

    row = [
        "=1+1",
        "+84",
        "-x",
        "@a",
        "plain",
        -3,
        None,
        True,
        'a "b", c',
        datetime.fromisoformat("2026-11-16T08:00+07:00"),
    ]
    assert csv_lines([row]) == ('\'=1+1,\'+84,\'-x,\'@a,plain,-3,,true,"a ""b"", c",2026-11-16T08:00:00+07:00\r\n')
