"""The working calendar as it is shown: each day with its document; a year not loaded is never free of holidays."""

from datetime import date, timedelta

import pytest

from tests.routing.conftest import reasons


async def test_a_year_with_its_sources(routing):
    body = (await routing.http.get("/v1/calendar", params={"year": 2019})).json()
    days = {entry["day"]: entry for entry in body["days"]}
    assert (days["2019-04-29"]["kind"], days["2019-05-04"]["kind"]) == ("swap_off", "make_up_work")
    assert all(entry["source"] and entry["name_vi"] and entry["name_en"] for entry in body["days"])
    assert list(days) == sorted(days)
    assert [(s["weekday"], s["opens"], s["closes"]) for s in body["sessions"]][:2] == [
        (0, "07:00:00", "11:30:00"),
        (0, "13:30:00", "17:00:00"),
    ]
    calendar = routing.reference.calendar
    worked = sum(calendar.is_working(date(2019, 1, 1) + timedelta(days=n)) for n in range(365))
    assert body["working_days"] == worked
    assert body["provisional"] is False


async def test_provisional_days_say_so(routing):
    body = (await routing.http.get("/v1/calendar", params={"year": 2027})).json()
    assert body["provisional"] is True
    assert "provisional" in {entry["status"] for entry in body["days"]}


@pytest.mark.parametrize("year", [2017, 2028, 1900, 2200])
async def test_a_year_that_is_not_loaded_is_named(routing, year):
    answer = await routing.http.get("/v1/calendar", params={"year": year})
    assert (answer.status_code, reasons(answer)) == (404, {("year", "calendar_missing")})
    assert str(year) in answer.json()["errors"][0]["reason"]


async def test_this_year_is_the_default(routing):
    assert (await routing.http.get("/v1/calendar")).status_code == 200


@pytest.mark.parametrize(("year", "code"), [("next", "wrong_type"), ("0", "out_of_range"), ("99999", "out_of_range")])
async def test_what_is_no_year(routing, year, code):
    answer = await routing.http.get("/v1/calendar", params={"year": year})
    assert (answer.status_code, reasons(answer)) == (422, {("year", code)})
