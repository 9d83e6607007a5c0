"""Cây cơ quan: codes are used again with a new meaning, units end and are succeeded, many to many."""

import pytest

from services.reference import agencies
from shared.domain.agencies import Agency, AgencyTree, Level, told_apart
from tests.domain.builders import a_tree, a_unit, day

#: 44 was Quảng Bình and is the merged Quảng Trị since 1/7/2025; 45 was Quảng Trị.
QUANG_BINH = a_unit(1, "44", until="2025-06-30")
OLD_QUANG_TRI = a_unit(2, "45", until="2025-06-30")
MERGED = a_unit(3, "44", since="2025-07-01")
GIO_THANH = a_unit(20, "19500", under=2, until="2019-12-31")
GIO_MAI = a_unit(21, "19501", under=2, until="2025-06-30")
GIO_HAI = a_unit(22, "19502", under=2, until="2025-06-30")
CUA_VIET = a_unit(30, "19496", under=3, since="2025-07-01")
TREE = a_tree(
    QUANG_BINH,
    OLD_QUANG_TRI,
    MERGED,
    GIO_THANH,
    GIO_MAI,
    GIO_HAI,
    CUA_VIET,
    successions=[(1, 3), (2, 3), (20, 21), (20, 22), (21, 30), (22, 30)],
)


@pytest.mark.parametrize(
    ("code", "text", "unit"),
    [
        ("44", "Monday 2025-06-30", QUANG_BINH),
        ("44", "Tuesday 2025-07-01", MERGED),
        ("45", "Monday 2019-07-22", OLD_QUANG_TRI),
        ("45", "Tuesday 2025-07-01", None),
        ("19500", "Tuesday 2019-12-31", GIO_THANH),
        ("19500", "Wednesday 2020-01-01", None),
        ("99", "Monday 2019-07-22", None),
    ],
)
def test_a_code_means_a_unit_only_on_a_day(code: str, text: str, unit: Agency | None) -> None:
    assert TREE.on(code, day(text)) is unit


def test_a_code_remembers_all_its_units() -> None:
    assert set(TREE.known("44")) == {QUANG_BINH, MERGED}
    assert TREE.known("99") == ()


def test_the_latest_unit_of_a_code_is_the_one_in_force_or_the_last_that_was() -> None:
    assert TREE.latest("44", day("Monday 2019-07-22")) is QUANG_BINH
    assert TREE.latest("44", day("Monday 2026-11-23")) is MERGED
    assert TREE.latest("45", day("Monday 2026-11-23")) is OLD_QUANG_TRI
    assert TREE.latest("99", day("Monday 2026-11-23")) is None


def test_a_unit_that_has_not_begun_is_not_the_last_that_was() -> None:
    ended, to_come = a_unit(1, "7", until="2019-12-31"), a_unit(2, "7", since="2025-07-01")
    tree = a_tree(ended, to_come)
    assert tree.latest("7", day("Monday 2022-08-01")) is ended
    assert tree.latest("7", day("Tuesday 2025-07-01")) is to_come
    assert a_tree(to_come).latest("7", day("Monday 2022-08-01")) is to_come, "better the heir than nobody"


def test_a_subtree_is_the_unit_and_all_that_ever_stood_under_it() -> None:
    assert TREE.subtree(2) == {2, 20, 21, 22}
    assert TREE.subtree(30) == {30}
    assert TREE.subtree(3) == {3, 30}


def test_scope_goes_through_succession_however_long_ago() -> None:
    """The heir answers for what it took over: 30 succeeded 21 and 22, which had succeeded 20."""
    assert TREE.scope(30) == {30, 21, 22, 20}
    assert TREE.scope(3) == {1, 2, 3, 20, 21, 22, 30}


def test_scope_never_goes_up_or_forward() -> None:
    assert TREE.scope(2) == {2, 20, 21, 22}
    assert TREE.scope(20) == {20}
    assert TREE.scope(21) == {21, 20}


def test_a_split_unit_belongs_to_both_heirs() -> None:
    assert TREE.successors[20] == (21, 22)
    assert TREE.predecessors[30] == (21, 22)
    assert 20 in TREE.scope(21) & TREE.scope(22)


def test_a_rename_does_not_rewrite_history() -> None:
    tree = a_tree(a_unit(1, "19408", until="2019-12-31"), a_unit(2, "19408", since="2020-01-01"), successions=[(1, 2)])
    assert [tree.on("19408", day(text)).id for text in ("Tuesday 2019-12-31", "Wednesday 2020-01-01")] == [1, 2]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("units", "successions"),
    [
        ([a_unit(1, "1", under=1)], []),
        ([a_unit(1, "1", under=2), a_unit(2, "2", under=1)], []),
        ([a_unit(1, "1"), a_unit(2, "2")], [(1, 2), (2, 1)]),
        ([a_unit(1, "1", under=2), a_unit(2, "2")], [(2, 1), (1, 1)]),
    ],
)
def test_circles_in_the_data_do_not_hang(units: list[Agency], successions: list[tuple[int, int]]) -> None:
    tree = a_tree(*units, successions=successions)
    everything = {unit.id for unit in units}
    assert tree.scope(1) == everything
    assert tree.subtree(1) <= everything


def test_dossiers_are_issued_under_the_national_code_or_the_local_one_while_it_is_not_known() -> None:
    known = Agency(1, "44", "UBND tỉnh", Level.PROVINCE, "test", None, None, None, identification_code="H50")
    assert known.issuing_code == "H50"
    assert a_unit(2, "19333").issuing_code == "19333"


def test_the_units_of_a_day_are_in_vietnamese_order() -> None:
    units = [
        Agency(1, "b", "Đông", Level.COMMUNE, "test", None, None, None, sort_key="2"),
        Agency(2, "a", "Dương", Level.COMMUNE, "test", None, None, None, sort_key="1"),
        Agency(3, "c", "An", Level.COMMUNE, "test", None, None, day("Tuesday 2019-12-31"), sort_key="0"),
    ]
    assert [unit.code for unit in AgencyTree.of(units, []).in_force(day("Monday 2026-11-23"))] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "communes"),
    [("Monday 2019-07-22", 141), ("Wednesday 2020-01-01", 125), ("Tuesday 2025-07-01", 78)],
)
def test_quang_tri_had_as_many_communes_as_the_resolutions_say(text: str, communes: int) -> None:
    """141 in 2019, 125 by Resolution 832/NQ-UBTVQH14, 78 of the merged province."""
    on = day(text)
    rows = [row for row in agencies()[0] if row.level is Level.COMMUNE]
    in_force = [
        r for r in rows if (r.valid_from is None or r.valid_from <= on) and (not r.valid_to or on <= r.valid_to)
    ]
    assert len(in_force) == communes
    assert len({row.code for row in in_force}) == communes


def test_units_of_one_table_are_told_apart_only_where_they_share_a_name() -> None:
    printed = told_apart(
        {
            "19333": ("UBND Phường 1", "UBND TP Đông Hà"),
            "19360": ("UBND Phường 1", "UBND TX Quảng Trị"),
            "19336": ("UBND Phường 5", "UBND TP Đông Hà"),
            "19501": ("UBND xã Gio Mai", "UBND huyện Gio Linh"),
            "19501@2019-12-31": ("UBND xã Gio Mai", "UBND huyện Gio Linh"),
            "a": ("Sở", None),
            "b": ("Sở", None),
            "44": ("UBND tỉnh Quảng Trị", None),
            "45": ("UBND tỉnh Quảng Trị", "UBND tỉnh Quảng Trị"),
        }
    )
    assert list(printed.values()) == [
        "UBND Phường 1 (UBND TP Đông Hà)",
        "UBND Phường 1 (UBND TX Quảng Trị)",
        "UBND Phường 5",
        "UBND xã Gio Mai (19501)",
        "UBND xã Gio Mai (19501@2019-12-31)",
        "Sở (a)",
        "Sở (b)",
        "UBND tỉnh Quảng Trị",
        "UBND tỉnh Quảng Trị (45)",
    ]
