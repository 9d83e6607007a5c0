"""Giải thích ngày hẹn trả: line by line, so that a citizen can follow it with a calendar in hand."""

from collections.abc import Sequence

from shared.domain.deadline import Clock
from shared.domain.explanation import MOST_DAYS, Told, explained, previewed, term_name
from shared.domain.life import Life, decided, lived
from shared.domain.lifecycle import EventKind
from shared.domain.regimes import SupplementEffect
from shared.domain.terms import Due, Term, TermUnit, due_after
from tests.domain.builders import NO_TERM, a_clock, a_term, working_days
from tests.support import at


def lines(clock: Clock, *events: tuple[EventKind, str], english: bool = False, given: Due | None = None) -> list[str]:
    """The account of a dossier after `events`, told."""
    life: Life | None = None
    history: list[Told] = []
    for kind, text in events:
        happened = decided(life, kind, at(text), clock, given_due=given if kind is EventKind.EXTENDED else None)
        assert happened is not None
        after = lived(life, happened)
        history.append(Told(life, happened, after))
        life = after
    return [line.en if english else line.vi for line in explained(history, clock)]


def preview(term: Term, text: str) -> Sequence[str]:
    clock = a_clock(term)
    due = due_after(at(text), term, clock.calendar, clock.sessions)
    return [line.vi for line in previewed(at(text), due, clock)]


def test_the_holidays_of_2019_day_by_day() -> None:
    assert lines(a_clock(working_days(5)), (EventKind.ACCEPTED, "Friday 2019-04-26 09:00")) == [
        "Tiếp nhận: 09:00 Thứ Sáu 26/4/2019.",
        "Thời hạn giải quyết: 5 ngày làm việc.",
        "Thứ Sáu 26/4/2019: ngày bắt đầu, không tính (Bộ luật Dân sự 2015, Điều 147(2)).",
        "Thứ Bảy 27/4/2019: nghỉ cuối tuần, không tính.",
        "Chủ Nhật 28/4/2019: nghỉ cuối tuần, không tính.",
        "Thứ Hai 29/4/2019: nghỉ hoán đổi, không tính.",
        "Thứ Ba 30/4/2019: nghỉ lễ (Ngày Chiến thắng), không tính.",
        "Thứ Tư 1/5/2019: nghỉ lễ (Ngày Quốc tế lao động), không tính.",
        "Thứ Bảy 4/5/2019: ngày làm bù, có tính.",
        "Chủ Nhật 5/5/2019: nghỉ cuối tuần, không tính.",
        "Hẹn trả kết quả: 17:00 Thứ Ba 7/5/2019.",
    ]


def test_the_one_stops_clock_runs_before_the_term() -> None:
    online = (
        (EventKind.SUBMITTED, "Monday 2019-07-22 09:00"),
        (EventKind.SUPPLEMENT_REQUESTED, "Monday 2019-07-22 10:00"),
        (EventKind.SUPPLEMENTED, "Thursday 2019-07-25 07:00"),
    )
    told = lines(a_clock(working_days(2)), *online, (EventKind.ACCEPTED, "Thursday 2019-07-25 08:00"))
    assert told[:8] == [
        "09:00 Thứ Hai 22/7/2019: nộp hồ sơ trực tuyến.",
        "Bộ phận một cửa xem xét, tiếp nhận chậm nhất 09:00 Thứ Ba 23/7/2019 (trong 8 giờ làm việc).",
        "10:00 Thứ Hai 22/7/2019: yêu cầu bổ sung hồ sơ trước khi tiếp nhận; tạm dừng tính thời hạn xem xét.",
        "07:00 Thứ Năm 25/7/2019: đã bổ sung hồ sơ.",
        "Bộ phận một cửa xem xét, tiếp nhận chậm nhất 17:00 Thứ Năm 25/7/2019 (trong 8 giờ làm việc).",
        "Bộ phận một cửa đã xem xét trong thời hạn (chậm nhất 17:00 Thứ Năm 25/7/2019).",
        "Tiếp nhận: 08:00 Thứ Năm 25/7/2019.",
        "Thời hạn giải quyết: 2 ngày làm việc.",
    ]
    late = lines(a_clock(working_days(2)), *online, (EventKind.NOT_ACCEPTED, "Friday 2019-07-26 08:00"), english=True)
    assert late[-2:] == [
        "08:00 Friday 26/7/2019: not accepted.",
        "The one-stop looked at it late (it was to be by 17:00 Thursday 25/7/2019).",
    ]


def test_in_english() -> None:
    told = lines(a_clock(working_days(1)), (EventKind.ACCEPTED, "Friday 2019-08-30 09:00"), english=True)
    assert told == [
        "Accepted: 09:00 Friday 30/8/2019.",
        "Term: 1 working day.",
        "Friday 30/8/2019: the day it starts, not counted (Civil Code 2015 art. 147(2)).",
        "Saturday 31/8/2019: weekend, not counted.",
        "Sunday 1/9/2019: weekend, not counted.",
        "Monday 2/9/2019: public holiday (National Day), not counted.",
        "Due: 17:00 Tuesday 3/9/2019.",
    ]


def test_calendar_days_only_tell_where_the_end_was_moved() -> None:
    told = preview(a_term(9, TermUnit.CALENDAR_DAY), "Friday 2019-04-19 09:00")
    assert [line for line in told if "kết thúc" in line] == [
        "Chủ Nhật 28/4/2019: nghỉ cuối tuần, thời hạn kết thúc vào ngày làm việc tiếp theo (Điều 148(5)).",
        "Thứ Hai 29/4/2019: nghỉ hoán đổi, thời hạn kết thúc vào ngày làm việc tiếp theo (Điều 148(5)).",
        "Thứ Ba 30/4/2019: nghỉ lễ (Ngày Chiến thắng), thời hạn kết thúc vào ngày làm việc tiếp theo (Điều 148(5)).",
        "Thứ Tư 1/5/2019: nghỉ lễ (Ngày Quốc tế lao động), thời hạn kết thúc vào ngày làm việc tiếp theo "
        "(Điều 148(5)).",
    ]
    assert told[-1] == "Hẹn trả kết quả: 17:00 Thứ Năm 2/5/2019."


def test_a_supplement_begins_the_count_anew() -> None:
    told = lines(
        a_clock(working_days(2)),
        (EventKind.ACCEPTED, "Monday 2019-07-22 09:00"),
        (EventKind.SUPPLEMENT_REQUESTED, "Tuesday 2019-07-23 10:00"),
        (EventKind.SUPPLEMENTED, "Thursday 2019-08-01 08:00"),
        (EventKind.FINISHED, "Tuesday 2019-08-06 08:00"),
    )
    assert told[4:] == [
        "10:00 Thứ Ba 23/7/2019: yêu cầu bổ sung hồ sơ; tạm dừng tính thời hạn; thời gian chờ không tính vào "
        "thời hạn giải quyết.",
        "08:00 Thứ Năm 1/8/2019: đã bổ sung hồ sơ.",
        "Thời hạn tính lại từ đầu khi hồ sơ đầy đủ (Nghị định 61/2018/NĐ-CP, Điều 19(4)).",
        "Thứ Năm 1/8/2019: ngày bắt đầu, không tính (Bộ luật Dân sự 2015, Điều 147(2)).",
        "Thứ Bảy 3/8/2019: nghỉ cuối tuần, không tính.",
        "Chủ Nhật 4/8/2019: nghỉ cuối tuần, không tính.",
        "Hẹn trả kết quả: 17:00 Thứ Hai 5/8/2019.",
        "08:00 Thứ Ba 6/8/2019: xử lý xong, quá hạn.",
    ]


def test_a_pause_moves_the_date_by_the_wait() -> None:
    told = lines(
        a_clock(working_days(5), effect=SupplementEffect.PAUSE),
        (EventKind.ACCEPTED, "Monday 2019-07-22 09:00"),
        (EventKind.SUPPLEMENT_REQUESTED, "Tuesday 2019-07-23 10:00"),
        (EventKind.SUPPLEMENTED, "Thursday 2019-07-25 08:00"),
    )
    assert told[-1] == "Ngày hẹn trả dời thêm thời gian đã chờ: 17:00 Thứ Tư 31/7/2019."


def test_a_request_after_the_date_stops_nothing() -> None:
    told = lines(
        a_clock(working_days(1)),
        (EventKind.ACCEPTED, "Monday 2019-07-22 09:00"),
        (EventKind.SUPPLEMENT_REQUESTED, "Thursday 2019-07-25 10:00"),
        (EventKind.SUPPLEMENTED, "Friday 2019-07-26 10:00"),
    )
    assert told[-2:] == [
        "10:00 Thứ Năm 25/7/2019: yêu cầu bổ sung hồ sơ; thời hạn không dừng.",
        "10:00 Thứ Sáu 26/7/2019: đã bổ sung hồ sơ.",
    ]


def test_an_extension_says_that_late_stays_late() -> None:
    new = Due(
        at("Wednesday 2019-07-31 17:00"), at("Wednesday 2019-07-31 00:00").date(), at("Thursday 2019-08-01 00:00")
    )
    told = lines(
        a_clock(working_days(5)),
        (EventKind.ACCEPTED, "Monday 2019-07-22 09:00"),
        (EventKind.EXTENDED, "Friday 2019-07-26 10:00"),
        (EventKind.FINISHED, "Tuesday 2019-07-30 10:00"),
        given=new,
    )
    assert "hẹn lại 17:00 Thứ Tư 31/7/2019 (một lần)" in told[-2]
    assert told[-1] == "10:00 Thứ Ba 30/7/2019: xử lý xong, quá hạn."


def test_without_a_term() -> None:
    told = lines(
        a_clock(NO_TERM),
        (EventKind.ACCEPTED, "Monday 2019-07-22 09:00"),
        (EventKind.FINISHED, "Friday 2019-12-20 09:00"),
    )
    assert told == [
        "Tiếp nhận: 09:00 Thứ Hai 22/7/2019.",
        "Thời hạn giải quyết: không có thời hạn được công bố.",
        "09:00 Thứ Sáu 20/12/2019: xử lý xong, không có thời hạn.",
    ]


def test_half_a_day_is_a_session_and_judged_by_the_day() -> None:
    told = preview(a_term("1.5", TermUnit.WORKING_DAY), "Monday 2019-07-22 16:00")
    assert told[-2:] == [
        "Nửa ngày: đến hết buổi làm việc thứ nhất của ngày cuối; đúng hạn hay quá hạn vẫn xét theo ngày.",
        "Hẹn trả kết quả: 11:30 Thứ Tư 24/7/2019.",
    ]


def test_terms_are_written_as_they_are_spoken() -> None:
    assert term_name(a_term("1.5", TermUnit.WORKING_DAY)).vi == "1,5 ngày làm việc"
    assert term_name(a_term(30, TermUnit.CALENDAR_DAY)) == ("30 ngày", "30 calendar days")
    assert term_name(a_term(4, TermUnit.WORKING_HOUR)).vi == "4 giờ làm việc"
    same_day = term_name(a_term(1, TermUnit.SAME_DAY, cutoff="15:00"))
    assert same_day.vi == "trong ngày làm việc; tiếp nhận từ 15:00 thì trả kết quả ngày làm việc tiếp theo"


def test_a_provisional_day_says_so() -> None:
    told = preview(working_days(3), "Thursday 2027-04-29 09:00")
    assert any("(tạm tính, chưa công bố)" in line for line in told)


def test_a_long_term_is_told_in_a_bounded_page() -> None:
    told = preview(working_days(200), "Monday 2019-07-22 09:00")
    assert len(told) == MOST_DAYS + 5
    assert told[-2].startswith("… và ")
