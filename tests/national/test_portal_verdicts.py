"""What the portal makes of dossiers, against examples worked by hand. August 2026: Saturday 22/8 is worked, Monday 31/8
to Wednesday 2/9 are off (National Day)."""

from typing import Any

import pytest

from tests.national.bodies import a_dossier, a_step, a_supplement, code, digits, finished
from tests.national.running import Caller
from tests.national_portal.scoring import scored

MONDAY = "Monday 2026-08-03 09:00"
#: Hours; working and calendar days; months.
ONE_HOUR, WORKING_21_OR_DAYS_21, TEN_DAYS, SIX_MONTHS = "1.010047", "1.000811", "1.003116", "1.001010"


def verdict_of(caller: Caller, month: str = "2026-08", number: int = 1, **asked: Any) -> Any:
    """The verdict on a dossier, None where it is not of the period. Judged after the period."""
    asked = {"now": "2027-06-01T00:00:00", "month": month, **asked}
    found = caller.portal.control("GET", "verdicts", **asked)["verdicts"]
    return next((one for one in found if one["MaHoSo"] == code(number)), None)


def judged(caller, *items, steps=(), **asked):
    """On time?, and by which rules, of a dossier sent as these."""
    for index, item in enumerate(items):
        assert caller.send(item, updating=index > 0)["error_code"] == 0
    for step in steps:
        assert caller.tell(step)["error_code"] == 0
    verdict = verdict_of(caller, **asked)
    return verdict["on_time"], verdict["rules"]


@pytest.mark.parametrize(
    ("when", "on_time"),
    [
        ("Thursday 2026-08-06 16:00", True),
        ("Friday 2026-08-07 17:00", True),
        # One second is late: the formula compares instants.
        ("Friday 2026-08-07 17:01", False),
        ("Monday 2026-08-10 08:00", False),
    ],
)
def test_the_end_is_held_against_the_promise(caller, when, on_time):
    assert judged(caller, finished(when)) == (on_time, ["end_finished", "due_as_sent"])


def test_or_day_against_day(caller):
    caller.send(finished("Friday 2026-08-07 17:01"))
    assert verdict_of(caller)["on_time"] is False
    assert verdict_of(caller, compare="date")["on_time"] is True
    caller.portal.set(compare="date")
    assert verdict_of(caller)["on_time"] is True


def test_collecting_late_makes_nobody_late(caller):
    returned = finished("Thursday 2026-08-06 16:00")
    returned |= {"TrangThaiHoSo": "10", "NgayTra": digits("Thursday 2026-08-20 09:00")}
    assert judged(caller, returned) == (True, ["end_finished", "due_as_sent"])


@pytest.mark.parametrize(
    ("item", "rule", "on_time"),
    [
        ({"TrangThaiHoSo": "8", "NgayKetThucXuLy": digits("Friday 2026-08-07 10:00")}, "end_stopped", True),
        ({"TrangThaiHoSo": "8", "NgayKetThucXuLy": digits("Monday 2026-08-10 10:00")}, "end_stopped", False),
        ({"TrangThaiHoSo": "3", "NgayTuChoi": digits("Tuesday 2026-08-04 10:00")}, "end_stopped", True),
        ({"TrangThaiHoSo": "7", "NgayKetThucXuLy": digits("Tuesday 2026-08-04 10:00")}, "end_withdrawn", True),
    ],
)
def test_other_ends_are_ends(caller, item, rule, on_time):
    assert judged(caller, a_dossier(**item)) == (on_time, [rule, "due_as_sent"])


def test_an_end_may_stand_in_the_process_alone(caller):
    step = a_step(status="8", when="Thursday 2026-08-06 10:00")
    assert judged(caller, a_dossier(TrangThaiHoSo="8"), steps=[step]) == (True, ["end_stopped", "due_as_sent"])


def test_a_stop_without_any_time_is_open(caller):
    assert judged(caller, a_dossier(TrangThaiHoSo="8")) == (False, ["end_of_period", "due_as_sent"])


def test_what_is_open_is_judged_at_the_end_of_the_period(caller):
    caller.send(a_dossier(1), a_dossier(2, NgayHenTra=digits("Tuesday 2026-09-08 17:00")))
    # Friday 7/8 is over on Monday 31/8; Tuesday 8/9 is to come.
    assert (verdict_of(caller)["on_time"], verdict_of(caller)["rules"][0]) == (False, "end_of_period")
    assert verdict_of(caller)["judged_at"] == "2026-08-31T23:59:59+07:00"
    assert verdict_of(caller, number=2)["on_time"] is True
    # A month later it is over too.
    assert verdict_of(caller, month="2026-09", number=2)["on_time"] is False


def test_a_period_that_runs_ends_now(caller):
    caller.send(a_dossier())
    noon = "2026-08-05T12:00:00+07:00"  # Wednesday, two days before it is due
    assert verdict_of(caller, now=noon)["on_time"] is True
    assert verdict_of(caller, now=noon)["judged_at"] == noon


def test_an_end_after_the_period_was_not_yet(caller):
    caller.send(finished("Thursday 2026-09-03 10:00", NgayHenTra=digits("Friday 2026-09-04 17:00")))
    assert verdict_of(caller)["rules"] == ["end_of_period", "due_as_sent"]
    assert verdict_of(caller, month="2026-09")["rules"] == ["end_finished", "due_as_sent"]


def test_which_dossiers_a_period_has(caller):
    received = digits("Monday 2026-06-29 09:00")
    due = digits("Friday 2026-07-03 17:00")
    caller.send(
        a_dossier(1, NgayTiepNhan=received, NgayHenTra=due),
        finished("Friday 2026-07-31 16:00", 2, NgayTiepNhan=received, NgayHenTra=due),
        finished("Saturday 2026-08-01 08:00", 3, NgayTiepNhan=received, NgayHenTra=due),
        a_dossier(4, NgayTiepNhan=digits("Tuesday 2026-09-01 08:00"), NgayHenTra=None),
        # Refused at the counter: it was never received.
        a_dossier(5, TrangThaiHoSo="3", NgayTiepNhan=None, NgayHenTra=None, NgayTuChoi=digits(MONDAY)),
        a_dossier(6, TrangThaiHoSo="1", NgayTiepNhan=None, NgayHenTra=None, NgayNopHoSo=digits(MONDAY)),
    )
    assert [number for number in range(1, 7) if verdict_of(caller, number=number)] == [1, 3]


def test_an_open_request_is_the_end(caller):
    # Asked on Thursday 6/8, before Friday 7/8; never answered.
    item = a_dossier(TrangThaiHoSo="5", DanhSachHoSoBoSung=[a_supplement("Thursday 2026-08-06 10:00")])
    assert judged(caller, item) == (True, ["end_supplement_request", "due_as_sent"])


def test_asked_when_it_was_late_already(caller):
    item = a_dossier(TrangThaiHoSo="5", DanhSachHoSoBoSung=[a_supplement("Monday 2026-08-10 10:00")])
    assert judged(caller, item) == (False, ["end_supplement_request", "due_as_sent"])


@pytest.mark.parametrize(
    ("when", "on_time"), [("Wednesday 2026-08-12 17:00", True), ("Wednesday 2026-08-12 17:01", False)]
)
def test_an_answered_request_is_taken_off(caller, when, on_time):
    # Asked on Tuesday 4/8 10:00, answered on Sunday 9/8 10:00: five days. Friday 7/8 17:00 and five days: Wednesday.
    asked = a_supplement("Tuesday 2026-08-04 10:00", "Sunday 2026-08-09 10:00")
    found = judged(caller, finished(when, DanhSachHoSoBoSung=[asked]))
    assert found == (on_time, ["end_finished", "wait_subtracted", "due_as_sent"])


def test_a_second_request_is_late_whatever_the_dates_say(caller):
    asked = [
        a_supplement("Tuesday 2026-08-04 10:00", "Tuesday 2026-08-04 11:00"),
        a_supplement("Wednesday 2026-08-05 10:00", "Wednesday 2026-08-05 11:00"),
    ]
    on_time, rules = judged(caller, finished("Thursday 2026-08-06 10:00", DanhSachHoSoBoSung=asked))
    assert not on_time
    assert rules[-1] == "second_request"


def test_a_request_before_reception_is_none_of_it(caller):
    asked = [a_supplement("Friday 2026-07-31 10:00", MONDAY), a_supplement("Tuesday 2026-08-04 10:00", None)]
    item = a_dossier(NgayNopHoSo=digits("Thursday 2026-07-30 09:00"), TrangThaiHoSo="5", DanhSachHoSoBoSung=asked)
    assert judged(caller, item) == (True, ["end_supplement_request", "due_as_sent"])


def test_requests_are_read_from_the_process_where_the_item_has_none(caller):
    steps = [
        a_step(status="5", when="Tuesday 2026-08-04 10:00"),
        a_step(status="5", when="Tuesday 2026-08-04 10:00"),  # sent twice: one request
        a_step(status="4", when="Sunday 2026-08-09 10:00"),
    ]
    found = judged(caller, finished("Wednesday 2026-08-12 17:00"), steps=steps)
    assert found == (True, ["end_finished", "wait_subtracted", "due_as_sent"])


def test_a_request_after_the_period_was_not_yet(caller):
    asked = [
        a_supplement("Tuesday 2026-08-04 10:00", "Wednesday 2026-09-09 10:00"),
        a_supplement("Thursday 2026-09-10 10:00"),
    ]
    caller.send(a_dossier(TrangThaiHoSo="5", DanhSachHoSoBoSung=asked))
    assert verdict_of(caller)["rules"] == ["end_supplement_request", "due_as_sent"]
    assert verdict_of(caller, month="2026-09")["on_time"] is False


@pytest.mark.parametrize(
    ("procedure", "received", "against"),
    [
        # One working day after Friday 21/8 is the worked Saturday.
        ("2.000908", "Friday 2026-08-21 09:00", "2026-08-22T23:59:59+07:00"),
        # After Friday 28/8: the weekend, the swapped Monday, National Day on Tuesday and Wednesday.
        ("2.000908", "Friday 2026-08-28 16:00", "2026-09-03T23:59:59+07:00"),
        # 21 working days from Monday 3/8: 5 + 5 + 6 (to Saturday 22/8) + 5 (to Friday 28/8); Monday itself is not
        # counted, so one more: Thursday 3/9. Longer than 21 days (Monday 24/8).
        (WORKING_21_OR_DAYS_21, MONDAY, "2026-09-03T23:59:59+07:00"),
        # Ten days from Thursday 13/8 end on Sunday 23/8: on Monday then.
        (TEN_DAYS, "Thursday 2026-08-13 09:00", "2026-08-24T23:59:59+07:00"),
        # Ten days from Friday 21/8 end on the swapped Monday 31/8: on Thursday then.
        (TEN_DAYS, "Friday 2026-08-21 09:00", "2026-09-03T23:59:59+07:00"),
        # Six months from Monday 31/8 end on the last day of February, a Sunday: on Monday 1/3/2027.
        (SIX_MONTHS, "Monday 2026-08-31 09:00", "2027-03-01T23:59:59+07:00"),
        # A working hour over noon (11:30 to 13:30), and over the night.
        (ONE_HOUR, "Monday 2026-08-03 11:00", "2026-08-03T14:00:00+07:00"),
        (ONE_HOUR, "Monday 2026-08-03 16:30", "2026-08-04T07:30:00+07:00"),
        (ONE_HOUR, "Sunday 2026-08-02 10:00", "2026-08-03T08:00:00+07:00"),
    ],
)
def test_without_a_promise_the_longest_term_holds(caller, procedure, received, against):
    caller.send(a_dossier(MaTTHC=procedure, NgayTiepNhan=digits(received), NgayHenTra=None))
    verdict = verdict_of(caller)
    assert (verdict["against"], verdict["rules"][-1]) == (against, "due_by_longest_term")


def test_without_a_promise_and_without_a_term_nothing_is_late(caller):
    item = a_dossier(MaTTHC="1.001193", NgayHenTra=None)
    assert judged(caller, item) == (True, ["end_of_period", "no_due"])


def test_the_longest_of_changed_terms(caller):
    term = {"DONVITINH": "Ngày", "MOTA": "", "PHILEPHI": []}
    ways = [
        {"KENH": 1, "THOIGIAN": [{**term, "THOIGIANGIAIQUYET": 3}]},
        {"KENH": 3, "THOIGIAN": [{**term, "THOIGIANGIAIQUYET": 9}]},
    ]
    caller.portal.control("POST", "procedures", {"MATTHC": "1.001193", "CACHTHUCTHUCHIEN": ways})
    caller.send(a_dossier(MaTTHC="1.001193", NgayHenTra=None))
    assert verdict_of(caller)["against"] == "2026-08-12T23:59:59+07:00"  # Wednesday


def test_a_year_without_a_calendar_is_told(caller):
    received = digits("Tuesday 2030-01-01 09:00")
    caller.send(a_dossier(MaHoSo=code(1, day="300101"), NgayTiepNhan=received, NgayHenTra=None))
    answer = caller.portal.client.get(
        f"{caller.portal.address}/_control/verdicts", params={"month": "2030-01", "now": "2030-03-01T00:00:00"}
    )
    assert (answer.status_code, answer.json()) == (400, {"error": "no calendar of 2030"})


def test_scores_of_agencies_and_of_all(caller):
    late, early = "Monday 2026-08-10 09:00", "Thursday 2026-08-06 09:00"

    def one(unit: str, number: int, when: str) -> Any:
        return finished(when, MaHoSo=code(number, unit))

    caller.send(
        *(one("H50.101", number, early) for number in range(1, 3)),
        one("H50.101", 3, late),
        *(one("000.00.07.H50", number, early) for number in range(1, 8)),
        one("000.00.07.H50", 8, late),
    )
    found = caller.portal.control("GET", "verdicts", month="2026-08")
    rows = {row["agency"]: row for row in found["agencies"]}
    figures = ("totalReceived", "totalOnTime", "totalOverdue", "ratio", "score")

    def shown(row: Any) -> tuple[Any, ...]:
        return tuple(row[name] for name in figures)

    # 20 × 2/3 = 13.333…, 20 × 7/8 = 17.5, 20 × 9/11 = 16.3636…; half up.
    assert shown(rows["H50.101"]) == (3, 2, 1, "66.67", "13.33")
    assert shown(rows["000.00.07.H50"]) == (8, 7, 1, "87.50", "17.50")
    assert shown(rows["H50.102"]) == (0, 0, 0, "0.00", "0.00"), "nothing received: nothing, as the portal's rows show"
    assert shown(found["total"]) == (11, 9, 2, "81.82", "16.36")
    assert rows["H50.101"]["name"]
    late_ones = caller.portal.control("GET", "verdicts", month="2026-08", verdicts="late")
    assert [one["MaHoSo"] for one in late_ones["verdicts"]] == [code(8, "000.00.07.H50"), code(3, "H50.101")]
    assert late_ones["total"] == found["total"]


def test_the_scores_are_those_of_published_rows():
    """Phú Thọ, 8/2026, as the portal answers: 144,625 of 184,513 on time give 78.38 and 15.68."""
    assert scored(184513, 144625)["ratio"] == "78.38"
    assert scored(184513, 144625)["score"] == "15.68"


@pytest.mark.parametrize(
    "asked",
    [{}, {"month": "2026-13"}, {"month": "8/2026"}, {"from": "2026-08-01"}, {"month": "2026-08", "verdicts": "x"}],
)
def test_a_period_must_be_one(portal, asked):
    assert portal.client.get(f"{portal.address}/_control/verdicts", params=asked).status_code == 400


def test_a_period_may_be_any_days(caller):
    caller.send(finished("Thursday 2026-08-06 16:00"))
    for first, last, there in (("2026-08-06", "2026-08-06", True), ("2026-08-07", "2026-08-31", False)):
        found = caller.portal.control("GET", "verdicts", **{"from": first, "to": last})
        assert bool(found["verdicts"]) is there
