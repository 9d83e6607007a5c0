"""Giờ làm việc của cơ quan: an operator sets them from a day on; what was promised before stays as it was promised."""

from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from intake_service.app import create_app as create_intake
from shared.contracts.sessions import AgencySessions
from shared.domain.civil_time import civil_day
from shared.domain.lifecycle import Channel
from shared.domain.terms import TermUnit, due_after
from shared.domain.working_calendar import DEFAULT_SESSIONS
from shared.reference.store import read_reference
from shared.web.clock import now
from tests.conftest import Database
from tests.domain.builders import a_term, day, the_calendar
from tests.routing.conftest import Routing, reasons
from tests.support import JUSTICE, REGISTER_COPY, WARD, at, serving, settings_for

BASIS = "Quyết định 12/QĐ-UBND"
OTHER = "19351"
TODAY = civil_day(now())
TOMORROW = TODAY + timedelta(days=1)


def week(opens: str = "07:30", closes: str = "11:30", *, saturday: bool = True) -> list[dict[str, Any]]:
    """A morning and an afternoon from Monday to Friday, and a Saturday morning."""
    blocks = [
        {"weekday": weekday, "opens": begin, "closes": end}
        for weekday in range(5)
        for begin, end in ((opens, closes), ("13:00", "16:30"))
    ]
    return blocks + ([{"weekday": 5, "opens": opens, "closes": closes}] if saturday else [])


async def put(
    routing: Routing, code: str = WARD, *, begin: date = TOMORROW, headers: dict[str, str] | None = None, **more: Any
) -> httpx.Response:
    body = {"valid_from": begin.isoformat(), "basis": BASIS, "blocks": week(), **more}
    return await routing.http.put(
        f"/v1/agencies/{code}/sessions", json=body, headers={**routing.as_("admin"), **(headers or {})}
    )


async def a_day_later(routing: Routing) -> None:
    """What was set to begin tomorrow has begun."""
    await routing.owner.execute(
        "UPDATE working_session SET valid_from = valid_from - 1 WHERE valid_from = $1", TOMORROW
    )


async def hours(routing: Routing, code: str, on: date) -> dict[str, Any]:
    answer = await routing.http.get(f"/v1/agencies/{code}/sessions", params={"as_of": on.isoformat()})
    assert answer.status_code == 200, answer.text
    AgencySessions.model_validate(answer.json())
    return dict(answer.json())


async def test_until_it_sets_its_own_the_installation_s_hold(routing: Routing) -> None:
    found = await hours(routing, OTHER, TODAY)
    assert (found["own"], len(found["blocks"]), found["changes_on"]) == (False, 10, [])
    assert "unconfirmed" in found["blocks"][0]["basis"]


async def test_hours_hold_from_their_first_day_on(routing: Routing) -> None:
    begin = TODAY + timedelta(days=30)
    made = await put(routing, begin=begin)
    assert made.status_code == 200, made.text
    assert (await hours(routing, WARD, TODAY))["own"] is False
    assert (await hours(routing, WARD, TODAY))["changes_on"] == [begin.isoformat()]
    then = await hours(routing, WARD, begin)
    assert (then["own"], len(then["blocks"]), then["blocks"][0]["basis"]) == (True, 11, BASIS)
    again = await put(routing, begin=begin)
    assert (again.json(), again.headers["ETag"]) == (made.json(), made.headers["ETag"])
    # Set otherwise before it began: it never comes into force.
    earlier = begin - timedelta(days=10)
    assert (await put(routing, begin=earlier, blocks=week("08:00", "12:00"))).status_code == 200
    assert {block["opens"] for block in (await hours(routing, WARD, begin))["blocks"]} == {"08:00", "13:00"}
    # No blocks: the installation's again, and what was stays on record.
    later = begin + timedelta(days=10)
    assert (await put(routing, begin=later, blocks=[])).status_code == 200
    assert (await hours(routing, WARD, later))["own"] is False
    assert (await hours(routing, WARD, later - timedelta(days=1)))["blocks"][0]["opens"] == "08:00"


def and_one(weekday: int, opens: object, closes: object) -> dict[str, Any]:
    """The usual week with one block more."""
    return {"blocks": [*week(), {"weekday": weekday, "opens": opens, "closes": closes}]}


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"begin": TODAY - timedelta(days=1)}, {("valid_from", "in_past")}),
        # What began this morning has a date by this morning's hours.
        ({"begin": TODAY}, {("valid_from", "day_begun")}),
        (and_one(0, "11:00", "12:00"), {("blocks.11.opens", "overlaps_block")}),
        (and_one(0, "18:00", "18:00"), {("blocks.11.closes", "closes_before_opening")}),
        ({"blocks": week()[2:]}, {("blocks", "weekday_without_hours")}),
        (and_one(6, "07:00", "08:00"), {("blocks.11.weekday", "out_of_range")}),
        (and_one(5, "25:00", "25:30"), {("blocks.11.opens", "malformed"), ("blocks.11.closes", "malformed")}),
        (and_one(5, 50400, "17:00"), {("blocks.11.opens", "malformed")}),
        ({"basis": " "}, {("basis", "required")}),
    ],
)
async def test_bad_hours_say_why_and_change_nothing(
    routing: Routing, change: dict[str, Any], refused: set[tuple[str, str]]
) -> None:
    answer = await put(routing, OTHER, **change)
    assert (answer.status_code, reasons(answer)) == (422, refused)
    assert (await hours(routing, OTHER, TODAY))["own"] is False


async def test_who_may_not_and_what_is_not(routing: Routing) -> None:
    elsewhere = routing.as_("admin", OTHER)
    assert (await put(routing, headers=elsewhere)).json()["code"] == "agency_out_of_scope"
    assert (await put(routing, headers=routing.as_("leader"))).json()["code"] == "forbidden"
    assert (await put(routing, "nowhere")).status_code == 404
    changed = await put(routing, OTHER, headers={"If-Match": '"0000000000000000"'})
    assert (changed.status_code, changed.json()["code"]) == (412, "version_changed")
    nonsense = await put(routing, OTHER, headers={"If-Match": "soon"})
    assert reasons(nonsense) == {("If-Match", "malformed")}


async def test_receptions_are_reckoned_by_them_and_old_dates_stay(routing: Routing, database: Database) -> None:
    """The counter's receipt shows the new closing from then on; a dossier received before keeps its date."""
    async with serving(create_intake(settings_for(database, routing.issuer))) as intake:
        intake.headers.update(routing.as_("counter", JUSTICE))
        draft = {
            "procedure": REGISTER_COPY,
            "agency": JUSTICE,
            "channel": "counter",
            "applicant": {"kind": "person", "name": "Nguyễn Thị Đào"},
        }
        before = (await intake.post("/v1/dossiers", json=draft)).json()
        assert before["due_at"][11:16] == "17:00"
        assert (await put(routing, JUSTICE)).status_code == 200
        await a_day_later(routing)
        await intake._transport.app.state.room.reference.refresh()  # type: ignore[attr-defined]
        after = (await intake.post("/v1/dossiers", json=draft)).json()
        assert after["due_at"][11:16] == "16:30"
        kept = (await intake.get(f"/v1/dossiers/{before['code']}")).json()
        assert kept["due_at"] == before["due_at"]


@pytest.mark.parametrize(
    ("accepted", "hours", "expected"),
    [
        # four hours from Friday 15:30: one on Friday, three on the agency's own Saturday morning
        ("Friday 2019-07-19 15:30", 4, "Saturday 2019-07-20 10:30"),
        ("Saturday 2019-07-20 10:30", 2, "Monday 2019-07-22 08:30"),
        # a make-up Saturday is worked like a Monday, whatever the agency's own Saturday
        ("Friday 2019-05-03 15:30", 6, "Saturday 2019-05-04 14:00"),
    ],
)
async def test_an_agency_that_opens_on_saturday_morning(
    routing: Routing, accepted: str, hours: int, expected: str
) -> None:
    await routing.owner.execute("DELETE FROM working_session WHERE agency_id IS NOT NULL")
    assert (await put(routing, OTHER)).status_code == 200
    await routing.owner.execute("UPDATE working_session SET valid_from = NULL WHERE agency_id IS NOT NULL")
    reference = await read_reference(routing.owner)
    ward = reference.agencies.on(OTHER, TODAY)
    assert ward is not None
    sessions = reference.sessions_of(ward.id, day(accepted.rsplit(" ", 1)[0]))
    assert sessions != DEFAULT_SESSIONS
    found = due_after(at(accepted), a_term(hours, TermUnit.WORKING_HOUR), the_calendar(), sessions)
    assert found is not None
    assert found.at == at(expected)
    version = reference.procedure_on(REGISTER_COPY, TODAY)
    assert version is not None
    assert reference.clock(version, Channel.COUNTER, ward.id, TODAY).sessions == sessions
    days = due_after(at("Friday 2019-07-19 15:30"), a_term(1, TermUnit.WORKING_DAY), the_calendar(), sessions)
    assert days is not None
    assert days.at == at("Monday 2019-07-22 16:30"), "a day on which only this agency opens is no working day"
