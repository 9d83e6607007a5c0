"""The agencies of Quảng Trị are loaded once, in the periods in which they were in force."""

from dataclasses import replace
from datetime import date, timedelta

import asyncpg
import pytest

from routing_service.agencies.rules import BrokenAgencies, UnitKey, UnitRow, parents
from routing_service.agencies.usecases import load_agencies
from services import reference
from shared.domain.agencies import Level

UNITS, SUCCESSIONS = reference.agencies()


def in_force(day: date) -> list[UnitRow]:
    return [
        unit
        for unit in UNITS
        if (unit.valid_from is None or unit.valid_from <= day) and (unit.valid_to is None or unit.valid_to >= day)
    ]


def communes(day: date) -> int:
    return sum(unit.level is Level.COMMUNE for unit in in_force(day))


async def everything(connection):
    return [
        await connection.fetch(f"SELECT xmin::text, * FROM {table} ORDER BY 2, 3")
        for table in ("agency", "agency_succession")
    ]


@pytest.fixture
async def routing(fresh_database):
    connection = await asyncpg.connect(fresh_database.url("motcua_routing"))
    yield connection
    await connection.close()


def test_units_in_force_are_those_of_the_resolutions():
    assert len(in_force(date(2019, 6, 30))) == 173
    assert communes(date(2019, 12, 31)) == 141
    assert communes(date(2020, 1, 1)) == 125  # Resolution 832/NQ-UBTVQH14
    assert len(in_force(date(2026, 1, 1))) == 95
    assert communes(date(2025, 7, 1)) == 78


def test_code_44_is_nobody_before_the_merger():
    assert not [unit for unit in in_force(date(2019, 6, 30)) if unit.code == "44"]
    assert [unit.name for unit in in_force(date(2025, 7, 1)) if unit.code == "44"] == ["UBND tỉnh Quảng Trị"]
    assert not [unit for unit in in_force(date(2025, 7, 1)) if unit.code == "45"]


def test_a_reused_code_is_another_unit():
    names = {
        day: next(u.name for u in in_force(day) if u.code == "19408") for day in (date(2019, 1, 1), date(2020, 1, 1))
    }
    assert names == {date(2019, 1, 1): "UBND Xã Vĩnh Thành", date(2020, 1, 1): "UBND Xã Hiền Thành"}


def test_identification_codes_are_not_invented():
    assert {unit.code: unit.identification_code for unit in UNITS if unit.identification_code} == {
        "45": "000.00.00.H50",
        "44": "H50",
    }


def test_one_commune_can_have_two_successors_and_a_district_none():
    heirs = {(link.predecessor.code, link.successor.code) for link in SUCCESSIONS}
    assert {("19528", "19519"), ("19528", "19543")} <= heirs  # Gio Thành's villages went to Gio Hải and to Gio Mai
    assert ("45", "44") in heirs
    assert {old for old, _ in heirs if len(old) == 3} == {"471"}  # the island became a special zone, as a whole


def test_every_commune_of_2019_has_a_successor_today():
    later: dict[UnitKey, list[UnitKey]] = {}
    for link in SUCCESSIONS:
        later.setdefault(link.predecessor, []).append(link.successor)
    today = {unit.key for unit in in_force(date(2026, 1, 1))}
    for unit in in_force(date(2019, 6, 30)):
        if unit.level is Level.COMMUNE:
            reached, waiting = set(), [unit.key]
            while waiting:
                at = waiting.pop()
                reached.add(at)
                waiting += later.get(at, [])
            assert reached & today, unit


def test_the_two_lists_agree_on_the_successors_of_2025():
    """What the list of 2019 says of each commune is what the list of 2025 says of its predecessors."""
    by_key = {unit.key: unit for unit in UNITS}
    said = {}
    for line in reference.lines_of("agencies_quangtri_2025.csv"):
        said[line["unit_code"]] = {name.split(" (")[0].strip() for name in line["predecessors"].split(";")}
    for link in SUCCESSIONS:
        old, new = by_key[link.predecessor], by_key[link.successor]
        if old.level is Level.COMMUNE and old.valid_to == date(2025, 6, 30):
            assert old.name.removeprefix("UBND ") in said[new.code], (old, new)


def test_a_parent_must_be_in_force_as_long_as_its_unit():
    unit = next(unit for unit in UNITS if unit.code == "19330")
    with pytest.raises(BrokenAgencies, match="19330"):
        parents([*in_force(date(2019, 6, 30)), replace(unit, valid_from=date(2025, 7, 1), valid_to=None)])
    with pytest.raises(BrokenAgencies, match="twice"):
        parents([unit, unit])


async def test_loading_twice_changes_nothing(routing):
    before = await everything(routing)
    revision = await routing.fetchval("SELECT revision FROM routing_revision")
    loaded = await load_agencies(routing, UNITS, SUCCESSIONS)
    assert not loaded.anything
    assert await everything(routing) == before
    assert await routing.fetchval("SELECT revision FROM routing_revision") == revision


async def test_each_unit_stands_under_the_row_of_its_time(routing):
    rows = await routing.fetch("SELECT c.period <@ p.period AS fits FROM agency c JOIN agency p ON p.id = c.parent_id")
    assert len(rows) == len([unit for unit in UNITS if unit.parent_code])
    assert all(row["fits"] for row in rows)
    counted = await routing.fetchval("SELECT count(*) FROM agency WHERE period @> date '2019-06-30'")
    assert counted == 173


async def test_a_changed_name_is_updated_and_the_readers_told(routing):
    revision = await routing.fetchval("SELECT revision FROM routing_revision")
    changed = [replace(unit, name="UBND Phường Đông Giang (mới)") if unit.code == "19330" else unit for unit in UNITS]
    loaded = await load_agencies(routing, changed, SUCCESSIONS)
    assert (loaded.added, loaded.changed, loaded.linked) == (0, 1, 0)
    assert await routing.fetchval("SELECT name FROM agency WHERE code = '19330'") == "UBND Phường Đông Giang (mới)"
    assert await routing.fetchval("SELECT revision FROM routing_revision") == revision + 1


async def test_what_an_operator_knows_is_not_undone(routing):
    """A code found since, a unit ended since, a department confirmed since: the list does not know of them."""
    await routing.execute("UPDATE agency SET identification_code = '000.15.21.H50' WHERE code = '19333'")
    await routing.execute("UPDATE agency SET valid_to = '2026-06-30' WHERE code = '19742'")
    await routing.execute("UPDATE agency SET confirmed = true, name = 'Sở Nội vụ tỉnh' WHERE code = 'QT25-D02'")
    before = await everything(routing)
    assert not (await load_agencies(routing, UNITS, SUCCESSIONS)).anything
    assert await everything(routing) == before


async def test_a_list_that_breaks_off_changes_nothing(routing):
    before = await everything(routing)
    first = UNITS[30]
    clash = replace(first, valid_from=date(2018, 1, 1) + timedelta(days=1))  # the same code twice on the same days
    with pytest.raises(asyncpg.ExclusionViolationError):
        await load_agencies(routing, [*UNITS, clash], SUCCESSIONS)
    assert await everything(routing) == before
