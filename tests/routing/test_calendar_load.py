"""The calendar in the database says exactly what its file says; a year that is not loaded is an error."""

import csv
from dataclasses import replace
from datetime import date, time
from importlib.resources import files

import asyncpg
import pytest

from routing_service.calendars.rules import BrokenCalendar, working_calendar
from routing_service.calendars.usecases import load_calendar
from services import reference
from shared.domain.working_calendar import CalendarMissing

DAYS = reference.calendar_days()
YEARS = reference.CALENDAR_YEARS


@pytest.fixture
async def routing(fresh_database):
    connection = await asyncpg.connect(fresh_database.url("motcua_routing"))
    yield connection
    await connection.close()


async def everything(connection):
    return [
        await connection.fetch(f"SELECT xmin::text, * FROM {table} ORDER BY 2")
        for table in ("calendar_day", "calendar_year", "working_session")
    ]


async def test_the_database_says_what_the_file_says(routing):
    text = (files("services") / "reference_data" / "calendar_vn.csv").read_text(encoding="utf-8")
    lines = csv.DictReader(text.splitlines())
    said = {line["date"]: (line["kind"], line["status"], line["source"]) for line in lines}
    rows = await routing.fetch("SELECT day, kind, status, source FROM calendar_day")
    assert {row["day"].isoformat(): tuple(row)[1:] for row in rows} == said
    assert [row[0] for row in await routing.fetch("SELECT year FROM calendar_year ORDER BY year")] == list(YEARS)


async def test_the_default_hours_are_the_usual_ones_and_say_that_they_are_unconfirmed(routing):
    rows = await routing.fetch("SELECT * FROM working_session ORDER BY weekday, opens")
    assert [(row["weekday"], row["opens"], row["closes"]) for row in rows] == [
        (weekday, *hours) for weekday in range(5) for hours in ((time(7, 0), time(11, 30)), (time(13, 30), time(17, 0)))
    ]
    assert all(row["agency_id"] is None and "unconfirmed" in row["basis"] for row in rows)


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        ("2018-12-31", False),  # Monday, swapped
        ("2019-01-05", True),  # Saturday, made up
        ("2019-02-04", False),
        ("2019-02-11", True),
        ("2019-04-15", False),  # Monday, in lieu of Giỗ Tổ
        ("2019-04-29", False),  # Monday, swapped
        ("2019-05-04", True),  # Saturday, made up
        ("2019-05-05", False),
    ],
)
def test_days_of_2019(day, worked):
    assert working_calendar(DAYS, YEARS).is_working(date.fromisoformat(day)) is worked


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2019-07-24", 15, "2019-08-14"),
        ("2019-04-26", 5, "2019-05-07"),
        ("2019-01-31", 3, "2019-02-12"),
        ("2020-01-22", 1, "2020-01-30"),
        ("2019-04-12", 1, "2019-04-16"),
        ("2019-08-30", 2, "2019-09-04"),
        ("2018-12-28", 5, "2019-01-07"),
        ("2020-01-20", 10, "2020-02-10"),
    ],
)
def test_terms_over_holidays(start, days, due):
    reckoned = working_calendar(DAYS, YEARS).add_working_days(date.fromisoformat(start), days)
    assert reckoned == date.fromisoformat(due)


def test_a_year_without_a_calendar_is_an_error():
    with pytest.raises(CalendarMissing, match="2028"):
        working_calendar(DAYS, YEARS).is_working(date(2028, 1, 3))


async def test_loading_twice_changes_nothing(routing):
    before = await everything(routing)
    assert not (await load_calendar(routing, DAYS, YEARS)).anything
    assert await everything(routing) == before


async def test_a_provisional_day_is_announced_by_loading_and_not_taken_back(routing):
    announced = [replace(row, status="announced", source="the decision") for row in DAYS]
    loaded = await load_calendar(routing, announced, YEARS)
    assert loaded.changed == len(DAYS)
    provisional = {row.day for row in DAYS if row.status == "provisional"}
    assert provisional
    await load_calendar(routing, DAYS, YEARS)
    rows = await routing.fetch("SELECT day FROM calendar_day WHERE source = 'the decision' AND status = 'announced'")
    assert {row["day"] for row in rows} == provisional


async def test_the_operator_s_hours_stay(routing):
    await routing.execute("UPDATE working_session SET opens = '07:30' WHERE opens = '07:00'")
    before = await everything(routing)
    assert not (await load_calendar(routing, DAYS, YEARS)).anything
    assert await everything(routing) == before


async def test_a_calendar_that_contradicts_itself_is_refused(routing):
    with pytest.raises(BrokenCalendar, match="twice"):
        await load_calendar(routing, [*DAYS, DAYS[0]], YEARS)
    with pytest.raises(BrokenCalendar, match="not loaded"):
        await load_calendar(routing, DAYS, [2019])
