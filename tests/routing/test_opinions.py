"""Lấy ý kiến (NĐ 61/2018 Điều 19(5)): asked with a content and a term, recorded; a unit that stays silent is escalated
to the head of the one-stop, once; the applicant's clock goes on."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from routing_service.opinions.usecases import escalate
from shared.domain.civil_time import local
from shared.web.clock import now
from tests.routing.conftest import Routing, reasons
from tests.routing.linked import CADASTRE, FINANCE, a_case, a_workflow, in_turn
from tests.support import JUSTICE, PROVINCE, WARD

HOURS = {"value": 8, "unit": "working_hour"}


async def ask(routing: Routing, code: str, by: str = WARD, **more: Any) -> httpx.Response:
    headers = routing.as_("handler", by) | {name: str(more.pop(name)) for name in list(more) if "-" in name}
    body = {"agency": JUSTICE, "content": "Xin ý kiến về nguồn gốc thửa đất", "allotted": HOURS, **more}
    return await routing.http.post(
        f"/v1/cases/{code}/opinions",
        json={name: value for name, value in body.items() if value is not None},
        headers=headers,
    )


async def answer(routing: Routing, code: str, no: int, by: str = JUSTICE, **headers: str) -> httpx.Response:
    return await routing.http.post(
        f"/v1/cases/{code}/opinions/{no}/answer",
        json={"answer": "Thống nhất"},
        headers={**routing.as_("handler", by), **headers},
    )


async def listed(
    routing: Routing, state: str, agency: str = PROVINCE, role: str = "leader", **params: Any
) -> list[str]:
    found, cursor = [], None
    while True:
        asked = {"state": state, "limit": 2, **params, **({"cursor": cursor} if cursor else {})}
        page = (await routing.http.get("/v1/opinions", params=asked, headers=routing.as_(role, agency))).json()
        found += [f"{item['code']}/{item['no']}" for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            return found


async def test_it_is_asked_answered_and_kept(routing: Routing) -> None:
    built = await a_case(routing)
    made = await ask(routing, built.code)
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["no"], told["state"], told["from_agency"], told["to_agency"]) == (1, "open", WARD, JUSTICE)
    assert (told["asked_by"], told["answer"], told["late"]) == (f"handler@{WARD}", None, False)
    assert made.headers["ETag"] == '"2"'
    asked_at, due_at = datetime.fromisoformat(told["asked_at"]), datetime.fromisoformat(told["due_at"])
    used = routing.reference.calendar.working_time_between(
        asked_at, due_at, routing.reference.sessions_of(1, local(asked_at).date())
    )
    assert abs(used - timedelta(hours=8)) < timedelta(seconds=1), "by the working hours of the asked unit"
    answered = await answer(routing, built.code, 1)
    assert (answered.status_code, answered.headers["ETag"]) == (200, '"3"')
    assert (answered.json()["state"], answered.json()["answer"]) == ("answered", "Thống nhất")
    second = await ask(routing, built.code, agency=FINANCE, allotted=None, due_at="2027-12-01T10:00:00+07:00")
    assert (second.json()["no"], second.json()["due_at"]) == (2, "2027-12-01T10:00:00+07:00")
    kept = (await routing.http.get(f"/v1/cases/{built.code}/opinions", headers=routing.as_("leader"))).json()["items"]
    assert kept == [answered.json(), second.json()]


async def test_the_applicants_clock_goes_on(routing: Routing) -> None:
    built = await a_case(routing)
    before = (await routing.http.get(f"/v1/cases/{built.code}", headers=routing.as_("leader"))).json()
    await ask(routing, built.code)
    after = (await routing.http.get(f"/v1/cases/{built.code}", headers=routing.as_("leader"))).json()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"version"}


async def test_a_silent_unit_is_escalated_once(routing: Routing) -> None:
    codes = [(await a_case(routing)).code for _ in range(3)]
    for code in codes:
        await ask(routing, code)
    assert (await answer(routing, codes[1], 1)).status_code == 200
    await routing.owner.execute(
        "UPDATE dossier SET finished_at = now(), finished_day = current_date, verdict = 1, outcome = 1, status = 9"
        " WHERE code = $1",
        codes[2],
    )
    assert f"{codes[0]}/1" in await listed(routing, "open", WARD)
    await escalate(routing.owner, now())
    assert f"{codes[0]}/1" in await listed(routing, "open", WARD), "within its term"
    later = now() + timedelta(days=14)
    await escalate(routing.owner, later)
    await escalate(routing.owner, later + timedelta(days=1))
    marks = await routing.owner.fetch(
        "SELECT d.code, o.escalated_at FROM opinion o JOIN dossier d ON d.id = o.dossier_id WHERE d.code = ANY($1)",
        codes,
    )
    assert dict(map(tuple, marks)) == {codes[0]: later, codes[1]: None, codes[2]: None}
    assert f"{codes[0]}/1" not in await listed(routing, "open", WARD)
    assert f"{codes[0]}/1" in await listed(routing, "escalated", WARD)
    assert f"{codes[1]}/1" in await listed(routing, "answered", WARD)
    # A late answer is an answer.
    assert (await answer(routing, codes[0], 1)).json()["state"] == "answered"
    assert f"{codes[0]}/1" not in await listed(routing, "escalated", WARD)


async def test_several_who_look_at_once_tell_once(routing: Routing, database: Any) -> None:
    code = (await a_case(routing)).code
    await ask(routing, code)
    mark = "SELECT escalated_at FROM opinion o JOIN dossier d ON d.id = o.dossier_id WHERE d.code = $1"
    later = now() + timedelta(days=14)
    lookers = [await asyncpg.connect(database.url("motcua_routing")) for _ in range(4)]
    await asyncio.gather(*(escalate(each, later + timedelta(hours=n)) for n, each in enumerate(lookers)))
    told = await routing.owner.fetchval(mark, code)
    await escalate(lookers[0], later + timedelta(days=3))
    assert told is not None
    assert await routing.owner.fetchval(mark, code) == told
    for each in lookers:
        await each.close()


async def test_who_is_asked_sees_the_case_and_others_do_not(routing: Routing) -> None:
    built = await a_case(routing)
    paths = [f"/v1/cases/{built.code}", f"/v1/cases/{built.code}/opinions", f"/v1/cases/{built.code}/segments"]
    for path in paths:
        assert (await routing.http.get(path, headers=routing.as_("handler", JUSTICE))).status_code == 404
    hidden = await answer(routing, built.code, 1)
    assert (hidden.status_code, hidden.json()["code"]) == (404, "not_found")
    await ask(routing, built.code)
    for path in paths:
        assert (await routing.http.get(path, headers=routing.as_("handler", JUSTICE))).status_code == 200
        assert (await routing.http.get(path, headers=routing.as_("handler", FINANCE))).status_code == 404
    mine = f"{built.code}/1"
    assert mine in await listed(routing, "open", JUSTICE, "handler")
    assert mine not in await listed(routing, "open", FINANCE, "handler")
    assert mine in await listed(routing, "open", agency=PROVINCE)
    params = {"agency": JUSTICE}
    outside = await routing.http.get("/v1/opinions", params=params, headers=routing.as_("leader", WARD))
    assert (outside.status_code, outside.json()["code"]) == (403, "agency_out_of_scope")


async def test_whoever_has_a_share_to_work_on_may_ask(routing: Routing) -> None:
    await a_workflow(routing, "LT-Y", in_turn()[1:], agency="18880")
    code = (await a_case(routing, agency="18880")).code
    asked = await ask(routing, code, CADASTRE)
    assert (asked.status_code, asked.json()["from_agency"]) == (201, CADASTRE)
    waiting = await ask(routing, code, FINANCE)
    assert (waiting.status_code, reasons(waiting)) == (403, {("", "not_at_work")})
    unseen = await ask(routing, code, WARD)
    assert (unseen.status_code, unseen.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"agency": "nowhere"}, ("agency", "unknown_agency")),
        ({"agency": "45"}, ("agency", "agency_not_in_force")),
        ({"agency": WARD}, ("agency", "asks_itself")),
        ({"allotted": None}, ("due_at", "instant_or_allotment")),
        ({"due_at": "2199-01-01T08:00:00+07:00"}, ("due_at", "instant_or_allotment")),
        ({"allotted": None, "due_at": "2026-11-16T10:00:00+07:00"}, ("due_at", "in_past")),
        ({"allotted": None, "due_at": "2199-01-01T10:00:00"}, ("due_at", "without_offset")),
        ({"allotted": {"value": 0, "unit": "working_day"}}, ("allotted.value", "out_of_range")),
        ({"allotted": {"value": 1, "unit": "month"}}, ("allotted.unit", "not_one_of")),
        ({"allotted": {"value": 1000, "unit": "working_day"}}, ("allotted", "calendar_missing")),
        ({"content": None}, ("content", "required")),
        ({"content": "a\nb"}, ("content", "control_characters")),
        ({"content": "x" * 1001}, ("content", "too_long")),
    ],
)
async def test_what_cannot_be_asked_is_refused(
    routing: Routing, given: dict[str, Any], reason: tuple[str, str]
) -> None:
    code = (await a_case(routing)).code
    refused = await ask(routing, code, **given)
    assert (refused.status_code, reasons(refused)) == (422, {reason})


async def test_only_who_was_asked_answers_and_only_once(routing: Routing) -> None:
    code = (await a_case(routing)).code
    await ask(routing, code)
    elsewhere = await answer(routing, code, 1, WARD)
    assert (elsewhere.status_code, reasons(elsewhere)) == (403, {("", "not_asked")})
    assert (await answer(routing, code, 2)).status_code == 404
    stale = await answer(routing, code, 1, **{"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_changed")
    first = await answer(routing, code, 1, **{"Idempotency-Key": "a-1"})
    again = await answer(routing, code, 1, **{"Idempotency-Key": "a-1"})
    assert (again.status_code, again.json(), again.headers["Idempotency-Replayed"]) == (200, first.json(), "true")
    twice = await answer(routing, code, 1)
    assert (twice.status_code, reasons(twice)) == (409, {("", "opinion_answered")})


async def test_a_repeated_question_is_asked_once(routing: Routing) -> None:
    code = (await a_case(routing)).code
    first = await ask(routing, code, **{"Idempotency-Key": "o-1"})
    again = await ask(routing, code, **{"Idempotency-Key": "o-1"})
    assert (again.status_code, again.json()) == (201, first.json())
    kept = (await routing.http.get(f"/v1/cases/{code}/opinions", headers=routing.as_("leader"))).json()["items"]
    assert len(kept) == 1


async def test_a_request_repeated_by_the_other_code_is_the_same(routing: Routing) -> None:
    built = await a_case(routing)
    other = f"K-{built.id}"
    await routing.owner.execute("UPDATE dossier SET legacy_code = $2 WHERE id = $1", built.id, other)
    first = await ask(routing, built.code, **{"Idempotency-Key": "o-other"})
    again = await ask(routing, other, **{"Idempotency-Key": "o-other"})
    assert (again.status_code, again.json()) == (201, first.json())
    kept = (await routing.http.get(f"/v1/cases/{other}/opinions", headers=routing.as_("leader"))).json()["items"]
    assert len(kept) == 1
    said = await answer(routing, built.code, 1, **{"Idempotency-Key": "a-other"})
    once_more = await answer(routing, other, 1, **{"Idempotency-Key": "a-other"})
    assert (once_more.status_code, once_more.json()) == (200, said.json())
    assert once_more.headers["Idempotency-Replayed"] == "true"


async def test_nobody_is_asked_about_what_has_ended(routing: Routing) -> None:
    code = (await a_case(routing)).code
    await routing.http.post(f"/v1/cases/{code}/finish", headers=routing.as_("leader"))
    refused = await ask(routing, code)
    assert (refused.status_code, reasons(refused)) == (409, {("", "case_over")})
