"""Lịch làm việc thay đổi: what a change would move, the change on record with what was before, what is no change."""

from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from routing_service.calendar_changes import rules, usecases
from routing_service.calendars.rules import DayRow
from routing_service.calendars.usecases import load_calendar
from services.reference import CALENDAR_YEARS, calendar_days
from shared.contracts.calendar_changes import CalendarChange, CalendarPreview, ChangedDayIn
from shared.domain.civil_time import civil_day
from shared.domain.life import decided
from shared.domain.lifecycle import EventKind
from shared.domain.working_calendar import CalendarDay, DayKind
from shared.web.auth import Principal, Role
from shared.web.clock import now
from shared.web.database import EVERY_ROW, Reading
from tests.domain.builders import a_clock, working_days
from tests.routing.conftest import Routing, reasons
from tests.support import PROVINCE, REGISTER_COPY, WARD, at

NAMES = {"name_vi": "Nghỉ chống bão", "name_en": "Storm day", "source": "Công điện 1"}


def off(day: str | date, kind: str = "holiday", **more: Any) -> dict[str, Any]:
    """A day as it is to be."""
    return {"day": str(day), "kind": kind, **({} if kind == "normal" else NAMES), **more}


async def asks(routing: Routing, *days: Any, role: str = "admin", agency: str = PROVINCE, **more: Any) -> Any:
    """What would it move?"""
    body = {"days": list(days), **more}
    return await routing.http.post("/v1/calendar/changes/preview", json=body, headers=routing.as_(role, agency))


async def changes(routing: Routing, *days: Any, key: str | None = None, **more: Any) -> httpx.Response:
    """Do it."""
    body = {"days": list(days), "reason": "Bão số 5", "decision": "512/QĐ-UBND", **more}
    headers = {**routing.as_("admin"), **({"Idempotency-Key": key} if key else {})}
    return await routing.http.post("/v1/calendar/changes", json=body, headers=headers)


async def calendar(routing: Routing, year: int) -> dict[str, dict[str, Any]]:
    """The deviations of a year, as they stand."""
    days = (await routing.http.get("/v1/calendar", params={"year": year})).json()["days"]
    return {each["day"]: each for each in days}


@pytest.fixture
async def emptied(routing: Routing) -> None:
    """No dossiers."""
    await routing.owner.execute("TRUNCATE dossier, dossier_event CASCADE")


# --- the preview ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("emptied")
async def test_a_preview_counts_what_would_move_and_writes_nothing(routing: Routing) -> None:
    """Of one working day, accepted on Monday the 16th; Tuesday is off after all."""
    built = await routing.dossier(accepted="Monday 2026-11-16 09:00", procedure=REGISTER_COPY)
    await routing.dossier(accepted="Thursday 2026-11-12 09:00", procedure=REGISTER_COPY)
    finished = [(EventKind.FINISHED, "Tuesday 2026-11-17 09:00")]
    await routing.dossier(accepted="Monday 2026-11-16 09:00", procedure=REGISTER_COPY, happened=finished)
    before = await calendar(routing, 2026)
    answer = await asks(routing, off("2026-11-17"))
    assert answer.status_code == 200, answer.text
    found = answer.json()
    CalendarPreview.model_validate(found)
    assert set(found) == set(CalendarPreview.model_fields)
    assert (found["complete"], found["looked_at"], found["moved"], found["unreckoned"]) == (True, 1, 1, 0)
    assert [(each["agency"], each["moved"]) for each in found["by_agency"]] == [(WARD, 1)]
    (example,) = found["examples"]
    assert (example["code"], example["agency"]) == (built.code, WARD)
    assert example["due_before"] == at("Tuesday 2026-11-17 17:00").isoformat()
    assert example["due_after"] == at("Wednesday 2026-11-18 17:00").isoformat()
    assert await calendar(routing, 2026) == before
    assert await routing.owner.fetchval("SELECT count(*) FROM calendar_change") == 0


@pytest.mark.usefixtures("emptied")
async def test_it_says_what_becomes_late_and_what_is_late_no_longer(routing: Routing) -> None:
    today = civil_day(now())
    working = routing.reference.calendar
    yesterday = max(day for n in range(1, 15) if working.is_working(day := today - timedelta(days=n)))
    before = max(day for n in range(1, 15) if working.is_working(day := yesterday - timedelta(days=n)))
    await routing.dossier(accepted=at_nine(before), procedure=REGISTER_COPY)  # due yesterday, late today
    found = (await asks(routing, off(yesterday))).json()
    assert (found["newly_late"], found["no_longer_late"]) == (0, 1)
    assert [(e["late_before"], e["late_after"]) for e in found["examples"]] == [(True, False)]
    assert found["by_agency"][0]["no_longer_late"] == 1


def test_a_make_up_saturday_may_make_a_dossier_late() -> None:
    """Due on Monday; Saturday is worked after all, and on Sunday it is over."""
    clock = a_clock(working_days(1))
    accepted = decided(None, EventKind.ACCEPTED, at("Friday 2019-07-26 09:00"), clock)
    assert accepted is not None
    saturday = date(2019, 7, 27)
    worked = clock.calendar.with_days({saturday: CalendarDay(saturday, DayKind.MAKE_UP_WORK, "làm bù", "make-up")})
    move = rules.move_of([accepted], clock.by(worked), clock.calendar, at("Sunday 2019-07-28 09:00"))
    assert move is not None
    assert (move.late_before, move.late_after) == (False, True)
    figures = rules.Figures()
    figures.add(move)
    assert figures == rules.Figures(moved=1, newly_late=1, no_longer_late=0)


def at_nine(day: date) -> Any:
    """Nine o'clock on a day."""
    return at(f"{day:%A} {day} 09:00")


@pytest.mark.usefixtures("emptied")
async def test_examples_are_as_many_as_wanted(routing: Routing) -> None:
    for _ in range(3):
        await routing.dossier(accepted="Monday 2026-11-16 09:00", procedure=REGISTER_COPY)
    for wanted, shown in ((0, 0), (2, 2), (200, 3)):
        found = (await asks(routing, off("2026-11-17"), examples=wanted)).json()
        assert (found["moved"], len(found["examples"])) == (3, shown)


@pytest.mark.usefixtures("emptied")
async def test_a_preview_that_takes_too_long_says_that_there_is_more(routing: Routing) -> None:
    await routing.dossier(accepted="Monday 2026-11-16 09:00", procedure=REGISTER_COPY)
    reference = routing.app.state.room.reference.current
    province = reference.agencies.latest(PROVINCE, civil_day(now()))
    principal = Principal(
        "admin", Role.ADMIN, province, reference.agencies.scope(province.id), frozenset({province.id})
    )
    asked = [ChangedDayIn.model_validate(off("2026-11-17"))]
    async with routing.app.state.room.pool.acquire(EVERY_ROW) as connection:
        tally, complete = await usecases.preview(
            Reading(connection), reference, principal, asked, examples=1, now=now(), patience=-1.0
        )
    assert (complete, tally.whole.moved) == (False, 0)


# --- the change -----------------------------------------------------------------------------------------------------


async def test_a_change_is_on_record_with_what_was_before(routing: Routing) -> None:
    announced = off("2026-09-01", name_vi="Quốc khánh, ngày thứ hai")
    was = (await calendar(routing, 2026)).get("2026-09-01")
    answer = await changes(routing, announced, off("2026-12-24"))
    assert answer.status_code == 201, answer.text
    made = answer.json()
    CalendarChange.model_validate(made)
    assert set(made) == set(CalendarChange.model_fields)
    assert answer.headers["location"] == f"/v1/calendar/changes/{made['id']}"
    assert (made["decision"], made["reason"], made["actor"]) == ("512/QĐ-UBND", "Bão số 5", f"admin@{PROVINCE}")
    first, second = made["days"]
    assert (first["before"]["kind"], second["before"]["kind"]) == (was["kind"] if was else "normal", "normal")
    assert second["after"] == {"kind": "holiday", "status": "announced", **NAMES}
    assert made["progress"]["state"] == "waiting"
    now_is = await calendar(routing, 2026)
    assert now_is["2026-12-24"]["source"] == NAMES["source"]
    back = (await changes(routing, off("2026-12-24", "normal"))).json()
    assert (back["days"][0]["before"], back["days"][0]["after"]["kind"]) == (second["after"], "normal")
    assert "2026-12-24" not in await calendar(routing, 2026)
    listed = (await routing.http.get("/v1/calendar/changes", headers=routing.as_("leader", WARD))).json()["items"]
    assert [each["id"] for each in listed][:2] == [back["id"], made["id"]]
    one = await routing.http.get(f"/v1/calendar/changes/{made['id']}", headers=routing.as_("counter", WARD))
    assert one.json() == made


async def test_pages_of_changes(routing: Routing) -> None:
    for day in ("2027-03-02", "2027-03-03", "2027-03-04"):
        assert (await changes(routing, off(day))).status_code == 201
    seen: list[int] = []
    params: dict[str, Any] = {"limit": 1}
    while True:
        page = (await routing.http.get("/v1/calendar/changes", params=params, headers=routing.as_("leader"))).json()
        seen += [each["id"] for each in page["items"]]
        if page["next"] is None:
            break
        params["cursor"] = page["next"]
    assert seen == list(range(len(seen), 0, -1)), "gapless, newest first, each once"


async def test_the_same_request_again_changes_nothing_more(routing: Routing) -> None:
    first = await changes(routing, off("2027-03-09"), key="k-1")
    again = await changes(routing, off("2027-03-09"), key="k-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    other = await changes(routing, off("2027-03-10"), key="k-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_readers_are_told_to_read_again(routing: Routing) -> None:
    before = await routing.owner.fetchval("SELECT max(revision) FROM routing_revision")
    made = (await changes(routing, off("2027-03-11"))).json()
    assert await routing.owner.fetchval("SELECT max(revision) FROM routing_revision") == before + 1
    kept = await routing.owner.fetchval("SELECT revision FROM calendar_change WHERE id = $1", made["id"])
    assert kept == before + 1


async def test_loading_the_list_again_undoes_no_decision(routing: Routing) -> None:
    listed = {row.day: row for row in calendar_days()}
    taken_off = date(2027, 4, 30)
    assert taken_off in listed
    await changes(routing, off(taken_off, "normal"), off("2027-05-03", name_vi="Nghỉ theo công điện"))
    async with routing.app.state.room.pool.acquire(EVERY_ROW) as connection:
        await load_calendar(connection, list(listed.values()), CALENDAR_YEARS)
    after = await calendar(routing, 2027)
    assert str(taken_off) not in after
    assert after["2027-05-03"]["name_vi"] == "Nghỉ theo công điện"


async def test_who_covers_a_part_may_not_change_it_for_all(routing: Routing) -> None:
    for answer in (
        await asks(routing, off("2027-03-15"), agency=WARD),
        await routing.http.post(
            "/v1/calendar/changes",
            json={"days": [off("2027-03-15")], "reason": "Bão", "decision": "1"},
            headers=routing.as_("admin", WARD),
        ),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "agency_out_of_scope")
    assert (await asks(routing, off("2027-03-15"), role="supervisor")).status_code == 403
    assert "2027-03-15" not in await calendar(routing, 2027)


async def test_a_change_that_is_not_there(routing: Routing) -> None:
    headers = routing.as_("leader")
    assert (await routing.http.get("/v1/calendar/changes/999999", headers=headers)).status_code == 404
    assert (await routing.http.get("/v1/calendar/changes/0", headers=headers)).status_code == 422
    assert (await routing.http.get("/v1/calendar/changes/x", headers=headers)).status_code == 422


# --- what is no change ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([off("2035-01-05")], {("days.0.day", "calendar_missing")}),
        ([off("2027-03-17", "normal")], {("days.0.kind", "already_normal")}),
        ([off("2027-03-17", "make_up_work")], {("days.0.kind", "make_up_on_weekday")}),
        ([off("2027-03-20", "swap_off")], {("days.0.kind", "off_on_weekend")}),
        ([off("2027-03-21", "in_lieu")], {("days.0.kind", "off_on_weekend")}),
        ([off("2027-03-18"), off("2027-03-18")], {("days.1.day", "day_repeated")}),
        ([off("2027-03-18"), off("2027-03-18", "swap_off")], {("days.1.day", "day_repeated")}),
        (
            [{"day": "2027-03-18", "kind": "holiday"}],
            {("days.0.name_vi", "required"), ("days.0.name_en", "required"), ("days.0.source", "required")},
        ),
        ([off("2027-03-18", "feast")], {("days.0.kind", "not_one_of")}),
        ([off("18/3/2027")], {("days.0.day", "malformed")}),
        ([], {("days", "required")}),
        ([off(date(2027, 3, 1) + timedelta(days=n)) for n in range(61)], {("days", "too_many")}),
    ],
)
async def test_what_is_no_change_is_refused_with_every_reason(
    routing: Routing, days: list[Any], expected: set[tuple[str, str]]
) -> None:
    before = await calendar(routing, 2027)
    for answer in (await asks(routing, *days), await changes(routing, *days)):
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request"), answer.text
        assert reasons(answer) == expected
    assert await calendar(routing, 2027) == before


async def test_the_same_again_changes_nothing_and_says_so(routing: Routing) -> None:
    assert (await changes(routing, off("2027-03-23"))).status_code == 201
    assert reasons(await changes(routing, off("2027-03-23"))) == {("days.0", "changes_nothing")}
    assert (await changes(routing, off("2027-03-23", status="provisional"))).status_code == 201


@pytest.mark.parametrize("missing", ["reason", "decision"])
async def test_a_change_without_its_reason_and_decision_is_none(routing: Routing, missing: str) -> None:
    answer = await changes(routing, off("2027-03-24"), **{missing: None})
    assert answer.status_code == 422
    assert {field for field, _ in reasons(answer)} == {missing}
    answer = await changes(routing, off("2027-03-24"), **{missing: "  "})
    assert reasons(answer) == {(missing, "required")}


def test_a_year_in_which_nobody_works_is_refused() -> None:
    """No term in it would ever end."""
    year = [date(2027, 1, 1) + timedelta(days=n) for n in range(365)]
    rows = {day: DayRow(day, DayKind.HOLIDAY, "nghỉ", "off", "announced", "?", "high") for day in year}
    last = next(day for day in year if day.weekday() < 5)
    del rows[last]
    refused = rules.changes_of([ChangedDayIn.model_validate(off(last))], rows, {2027})
    assert [(reason.field, reason.code) for reason in refused if not isinstance(reason, rules.DayChange)] == [
        ("days", "year_without_work")
    ]
