"""Ours held against theirs: what is the same, what differs, what is kept of an item of theirs."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake_service.national.rules import WrongAnswer, found_in
from intake_service.reconciliation.rules import (
    Compared,
    Difference,
    Kind,
    Sending,
    State,
    Why,
    compared,
    share,
)
from shared.domain.national import Compare
from shared.domain.national_item import DATES, NOTHING_TOLD, STATUS, SUPPLEMENTS, Told
from shared.domain.working_calendar import WorkingCalendar
from tests.domain.builders import a_clock, working_days
from tests.national.test_verdicts_agree import DAYS, Lived, lives, periods
from tests.national_portal.scoring import Period, judged

TAKEN = Sending(None, sent=True, taken=True)
CALENDAR: WorkingCalendar = a_clock(working_days(5)).calendar
ITEM = {
    **{"MaHoSo": "000.15.27.H50-261127-0001", "ChuHoSo": "Trần Thị Mận", "TrangThaiHoSo": "9", "GhiChu": "Mận"},
    **{"NgayNopHoSo": "20261127080000", "NgayTiepNhan": "20261127080000", "NgayHenTra": "20261204170000"},
    **{"NgayKetThucXuLy": "20261203100000"},
    SUPPLEMENTS: [{"NgayBoSung": "20261128080000", "NoiDungBoSung": "Thiếu giấy của Mận"}],
}


def a_told(**more: Any) -> Told:
    return Told.of({**ITEM, **more})


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_an_item_is_judged_as_the_portal_judges_it(data: st.DataObject) -> None:
    dossier: Lived = data.draw(lives())
    period: Period = data.draw(periods(dossier.told[-1].event.at))
    compare = data.draw(st.sampled_from(Compare))
    record = dossier.sent()
    told = Told.of(record.item)
    assert Told.of(orjson.loads(orjson.dumps(told.kept()))) == told
    ours = told.judged(period.until, dossier.terms, CALENDAR, compare)
    if told.at("NgayTiepNhan") is None or told.at("NgayTiepNhan") > period.until:  # type: ignore[operator]
        assert ours is None
        return
    theirs = judged(record, period, DAYS, compare=compare.value)
    assert ours is not None
    assert (ours.on_time, ours.at, ours.against, ours.rules) == (
        theirs.on_time,
        theirs.judged_at,
        theirs.against,
        theirs.rules,
    )


_one = st.sampled_from(
    [None, True, 0, 9, "9", "10", "", "20261204170000", "2026120417000٠", "20261304170000", "Trần Thị Mận"]
)
_anything = _one | st.lists(_one, max_size=2) | st.lists(st.fixed_dictionaries({"NgayBoSung": _one, "Mận": _one}))
_items = st.dictionaries(st.sampled_from([STATUS, *DATES, SUPPLEMENTS, "ChuHoSo", "NoiDungBoSung"]), _anything)


@given(_items)
def test_whatever_they_answer_nothing_is_kept_but_statuses_and_instants(item: dict[str, Any]) -> None:
    kept = Told.of(item).kept()
    assert "Mận" not in orjson.dumps(kept).decode()
    supplements = kept.pop(SUPPLEMENTS)
    for facts in (kept, *supplements):
        for name, value in facts.items():
            assert value == "?" or value.isdigit(), (name, value)
    found = compared(Told.of(ITEM), Told.of(item), TAKEN)
    for each in found.differences:
        assert (each.theirs or "?").replace("?", "0").isdigit() or each.kind is Kind.VERDICT


@given(_items)
def test_the_same_is_in_step_and_nothing_else_is(item: dict[str, Any]) -> None:
    one, other = Told.of(ITEM), Told.of(item)
    assert compared(other, other, TAKEN).state is State.IN_STEP
    assert (compared(one, other, TAKEN).state is State.IN_STEP) == (one == other)


@pytest.mark.parametrize("sending", [Sending("waiting", True, True), Sending(None, False, False, to_come=True)])
@pytest.mark.parametrize("theirs", [None, NOTHING_TOLD])
def test_what_is_on_its_way_is_not_compared(sending: Sending, theirs: Told | None) -> None:
    found = compared(a_told(), theirs, sending)
    assert found == Compared(State.ON_ITS_WAY, theirs is not None)


@pytest.mark.parametrize(
    ("sending", "why"),
    [
        (Sending(None, sent=False, taken=False), Why.NEVER_TOLD),
        (Sending("blocked", sent=False, taken=False), Why.BLOCKED),
        (Sending("blocked", sent=True, taken=True, to_come=True), Why.BLOCKED),
        (Sending("dead", sent=True, taken=False), Why.DEAD),
        (TAKEN, Why.LOST),
    ],
)
def test_why_nothing_is_there(sending: Sending, why: Why) -> None:
    found = compared(a_told(), None, sending)
    assert found == Compared(State.DIFFERS, False, [Difference(Kind.MISSING, why=why)], why)


@pytest.mark.parametrize(
    ("theirs", "differences"),
    [
        ({"TrangThaiHoSo": 9}, []),
        ({"TrangThaiHoSo": "10"}, [(Kind.STATUS, "TrangThaiHoSo", "9", "10")]),
        ({"TrangThaiHoSo": True}, [(Kind.STATUS, "TrangThaiHoSo", "9", "?")]),
        ({"NgayTra": ""}, []),
        ({"NgayTra": "20261231"}, [(Kind.DATES, "NgayTra", None, "?")]),
        ({"NgayTra": "20260230080000"}, [(Kind.DATES, "NgayTra", None, "?")]),
        ({"NgayHenTra": None}, [(Kind.DATES, "NgayHenTra", "20261204170000", None)]),
        ({SUPPLEMENTS: None}, [(Kind.DATES, SUPPLEMENTS, "1", "0")]),
        (
            {SUPPLEMENTS: [{"NgayBoSung": "20261128080000", "NgayTiepNhanBoSung": "20261129080000"}]},
            [(Kind.DATES, "DanhSachHoSoBoSung[1].NgayTiepNhanBoSung", None, "20261129080000")],
        ),
    ],
)
def test_field_by_field(theirs: dict[str, Any], differences: list[tuple[Any, ...]]) -> None:
    found = compared(a_told(), a_told(**theirs), TAKEN)
    assert [each[:4] for each in found.differences] == differences
    assert found.state is (State.DIFFERS if differences else State.IN_STEP)


def test_the_verdict_is_told_where_it_differs() -> None:
    ours, theirs = a_told(), a_told(NgayHenTra="20261201170000")
    until = ours.at("NgayHenTra")
    assert until is not None
    both = tuple(one.judged(until, (), CALENDAR, Compare.INSTANT) for one in (ours, theirs))
    assert all(one is not None for one in both)
    found = compared(ours, theirs, TAKEN, judged=both)  # type: ignore[arg-type]
    assert found.differences[-1] == Difference(Kind.VERDICT, "", "on_time", "overdue")
    same = compared(ours, a_told(NgayTra="20261205100000"), TAKEN, judged=(both[0], both[0]))
    assert [each.kind for each in same.differences] == [Kind.DATES]
    gone = compared(ours, a_told(NgayTiepNhan=None), TAKEN, judged=(both[0], None))
    assert gone.differences[-1] == Difference(Kind.VERDICT, "", "on_time", "not_received")


def test_whose_answer_it_is() -> None:
    one = {"MaHoSo": "A", "NgayTra": ""}
    assert found_in([], "A") is None
    assert found_in([one, one], "A") == one
    answers: list[list[Any]] = [[{"MaHoSo": "B"}], ["A"], [None], [{}]]
    for wrong in answers:
        with pytest.raises(WrongAnswer):
            found_in(wrong, "A")


@pytest.mark.parametrize(
    ("part", "whole", "said"), [(0, 0, None), (0, 3, "0.00"), (1, 3, "33.33"), (2, 3, "66.67"), (3, 3, "100.00")]
)
def test_a_share(part: int, whole: int, said: str | None) -> None:
    assert share(part, whole) == said
