"""Why a dossier is due when it is due: its account told line by line, so that a citizen can follow it with a calendar
in hand. It reckons nothing: it reads what the account holds and what the calendar says of each day."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from shared.domain.civil_time import civil_day, local
from shared.domain.deadline import Account, Clock, Verdict
from shared.domain.life import Happened, Life
from shared.domain.lifecycle import EventKind
from shared.domain.regimes import SupplementEffect, SupplementRule
from shared.domain.terms import Due, Term, TermUnit, due_after, ends_at_noon, nominal_end
from shared.domain.working_calendar import SATURDAY, CalendarDay, CalendarMissing, DayKind

_WEEKDAYS_VI = ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ Nhật")
_WEEKDAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_UNITS = {
    TermUnit.WORKING_DAY: ("ngày làm việc", "working days"),
    TermUnit.CALENDAR_DAY: ("ngày", "calendar days"),
    TermUnit.WORKING_HOUR: ("giờ làm việc", "working hours"),
    TermUnit.MONTH: ("tháng", "months"),
}
_KINDS = {
    DayKind.HOLIDAY: ("nghỉ lễ", "public holiday"),
    DayKind.IN_LIEU: ("nghỉ bù", "day off in lieu"),
    DayKind.SWAP_OFF: ("nghỉ hoán đổi", "swapped day off"),
    DayKind.MAKE_UP_WORK: ("ngày làm bù", "make-up working day"),
}
#: Days told one by one; of a longer wait only how many they are.
MOST_DAYS = 60


class Line(NamedTuple):
    """One line, in both languages."""

    vi: str
    en: str


class Told(NamedTuple):
    """An event with the dossier before and after it."""

    before: Life | None
    event: Happened
    after: Life


def explained(history: Sequence[Told], clock: Clock) -> list[Line]:
    """The account of a dossier line by line: of a submission the clock of the one-stop first, until it is accepted."""
    lines: list[Line] = []
    corrected = any(told.event.kind is EventKind.CORRECTED for told in history)
    for told in history:
        lines.extend(_event(told, clock, corrected=corrected))
    return lines


def previewed(at: datetime, due: Due | None, clock: Clock) -> list[Line]:
    """Why a dossier accepted at `at` would be due at `due`."""
    return [*_accepted(at, clock), *_counted(at, due, clock)]


#: Said last where the date rests on a day of the calendar that nobody has announced yet.
UNSURE = Line(
    "Ngày hẹn trả là tạm tính: có ngày nghỉ hoặc ngày làm bù chưa được công bố.",
    "The date is provisional: it rests on days of the calendar that are not announced yet.",
)


def to_answer(at: datetime, rule: SupplementRule, *, closes: bool) -> Line:
    """Until when the applicant is to complete the dossier, and what happens otherwise."""
    until, cited = _instant(at), f" ({rule.citation})" if rule.citation else ""
    if closes:
        return Line(
            f"Đề nghị bổ sung chậm nhất {until.vi}; quá thời hạn này hồ sơ dừng giải quyết{cited}.",
            f"To be completed by {until.en}; otherwise the dossier is closed{cited}.",
        )
    return Line(f"Đề nghị bổ sung chậm nhất {until.vi}{cited}.", f"To be completed by {until.en}{cited}.")


def day_name(day: date) -> Line:
    """`Thứ Hai 29/4/2019`, `Monday 29/4/2019`."""
    written = f"{day.day}/{day.month}/{day.year}"
    return Line(f"{_WEEKDAYS_VI[day.weekday()]} {written}", f"{_WEEKDAYS_EN[day.weekday()]} {written}")


def term_name(term: Term) -> Line:
    """`15 ngày làm việc`, `15 working days`."""
    if term.unit is TermUnit.NONE:
        return Line("không có thời hạn được công bố", "no term is published")
    if term.unit is TermUnit.SAME_DAY:
        if term.cutoff is None:
            return Line("trong ngày làm việc", "the same working day")
        hour = f"{term.cutoff:%H:%M}"
        return Line(
            f"trong ngày làm việc; tiếp nhận từ {hour} thì trả kết quả ngày làm việc tiếp theo",
            f"the same working day; accepted from {hour} on, the next working day",
        )
    vietnamese, english = _UNITS[term.unit]
    value = f"{term.value.normalize():f}"
    if term.value == 1:
        english = english.removesuffix("s")
    return Line(f"{value.replace('.', ',')} {vietnamese}", f"{value} {english}")


def _event(told: Told, clock: Clock, *, corrected: bool) -> Iterator[Line]:
    event, account = told.event, told.after.account
    if account is None:
        yield from _at_reception(told, clock)
        return
    was = told.before.account if told.before else None
    if was is None:
        yield from _looked_at(told)
        if corrected:  # the term above it may be another's: what is right is told with the correction
            yield _received(event.at)
            yield from _as_promised(account.due)
            return
        yield from _accepted(event.at, clock)
        yield from _counted(event.at, account.due, clock)
        return
    at = _instant(event.at)
    match event.kind:
        case EventKind.SUPPLEMENT_REQUESTED | EventKind.PAYMENT_REQUESTED:
            yield _waiting(event, at, account)
        case EventKind.SUPPLEMENTED | EventKind.PAID:
            what = (
                Line("đã bổ sung hồ sơ", "the dossier was completed")
                if event.kind is EventKind.SUPPLEMENTED
                else Line("đã thực hiện nghĩa vụ tài chính", "the payment was made")
            )
            yield Line(f"{at.vi}: {what.vi}.", f"{at.en}: {what.en}.")
            if was.stopped:
                yield from _again(told, was, clock)
        case EventKind.EXTENDED:
            yield Line(
                f"{at.vi}: cơ quan giải quyết xin lỗi và hẹn lại {_due(account.promised).vi} (một lần). "
                f"Quá hạn vẫn tính theo ngày hẹn trước đó ({_law('Điều 19(9)', clock).vi}).",
                f"{at.en}: the agency apologised and appointed {_due(account.promised).en} instead (once). "
                f"It is still judged by the date before ({_law('art. 19(9)', clock).en}).",
            )
        case EventKind.APOLOGISED if account.extensions > was.extensions:
            yield Line(
                f"{at.vi}: hồ sơ đã quá hạn; cơ quan giải quyết xin lỗi và hẹn lại {_due(account.promised).vi} (một "
                f"lần). Hồ sơ vẫn là quá hạn ({_law('Điều 12(5), 19(9)', clock).vi}).",
                f"{at.en}: late already; the agency apologised and appointed {_due(account.promised).en} instead "
                f"(once). It stays late ({_law('art. 12(5), 19(9)', clock).en}).",
            )
        case EventKind.APOLOGISED:
            yield Line(f"{at.vi}: cơ quan giải quyết xin lỗi.", f"{at.en}: the agency apologised.")
        case EventKind.RESCHEDULED:
            yield _rescheduled(event, at, was, account)
        case EventKind.CORRECTED:
            yield from _corrected(event, at, account, clock)
        case EventKind.FINISHED | EventKind.WITHDRAWN | EventKind.STOPPED:
            yield _ended(event, at, account)
        case EventKind.REOPENED:
            yield _reopened(at, was, account)


def _at_reception(told: Told, clock: Clock) -> Iterator[Line]:
    """Before acceptance: what happened, and until when the one-stop is to look at it."""
    event, reception = told.event, told.after.reception
    at, happened = _instant(event.at), _AT_RECEPTION.get(event.kind)
    if happened is not None:
        yield Line(f"{at.vi}: {happened.vi}.", f"{at.en}: {happened.en}.")
    if event.kind is EventKind.NOT_ACCEPTED:
        yield from _looked_at(told)
    if reception is not None and reception.due is not None:
        until, term = _due(reception.due), term_name(clock.reception)
        yield Line(
            f"Bộ phận một cửa xem xét, tiếp nhận chậm nhất {until.vi} (trong {term.vi}).",
            f"The one-stop is to look at it by {until.en} (within {term.en}).",
        )


_AT_RECEPTION = {
    EventKind.SUBMITTED: Line("nộp hồ sơ trực tuyến", "submitted online"),
    EventKind.SUPPLEMENT_REQUESTED: Line(
        "yêu cầu bổ sung hồ sơ trước khi tiếp nhận; tạm dừng tính thời hạn xem xét",
        "a supplement was requested before acceptance; the one-stop's clock stops",
    ),
    EventKind.SUPPLEMENTED: Line("đã bổ sung hồ sơ", "the dossier was completed"),
    EventKind.RESCHEDULED: Line("lịch làm việc thay đổi", "the calendar was changed"),
    EventKind.NOT_ACCEPTED: Line("không tiếp nhận hồ sơ", "not accepted"),
    EventKind.WITHDRAWN: Line("người nộp rút hồ sơ", "withdrawn by the applicant"),
    EventKind.REOPENED: Line("mở lại hồ sơ", "re-opened"),
}


def _looked_at(told: Told) -> Iterator[Line]:
    """Whether the one-stop accepted or refused a submission in time; nothing where no clock of its own ran."""
    due = told.before.reception.due if told.before and told.before.reception else None
    if due is None:
        return
    until = _due(due)
    if told.event.at <= due.at:
        yield Line(
            f"Bộ phận một cửa đã xem xét trong thời hạn (chậm nhất {until.vi}).",
            f"The one-stop looked at it in time (by {until.en}).",
        )
    else:
        yield Line(
            f"Bộ phận một cửa xem xét quá thời hạn (chậm nhất {until.vi}).",
            f"The one-stop looked at it late (it was to be by {until.en}).",
        )


#: The decree whose articles on apologies and new dates were read.
_READ = "61/2018/NĐ-CP"


def _law(articles: str, clock: Clock) -> Line:
    """Articles of the decree of 2018; under another law, whose own articles were not read, said to be that."""
    if clock.supplement.regime == _READ:
        return Line(f"Nghị định {_READ}, {articles}", f"Decree 61/2018 {articles}")
    return Line(
        f"theo Nghị định {_READ}, {articles}; quy định của {clock.supplement.regime} chưa được đối chiếu",
        f"as in Decree 61/2018 {articles}; the articles of {clock.supplement.regime} were not read",
    )


def _reopened(at: Line, was: Account, now: Account) -> Line:
    if now.due is None:
        return Line(f"{at.vi}: mở lại hồ sơ.", f"{at.en}: re-opened.")
    if was.stopped:
        return Line(
            f"{at.vi}: mở lại hồ sơ; thời gian tạm dừng không tính vào thời hạn, hẹn trả {_due(now.due).vi}.",
            f"{at.en}: re-opened; the time that the clock stood still is not counted, due {_due(now.due).en}.",
        )
    return Line(
        f"{at.vi}: mở lại hồ sơ, thời hạn tiếp tục tính đến {_due(now.due).vi}.",
        f"{at.en}: re-opened; the term goes on to {_due(now.due).en}.",
    )


def _rescheduled(event: Happened, at: Line, was: Account, now: Account) -> Line:
    if event.given:
        return Line(
            f"{at.vi}: ngày hẹn trả được đặt lại theo quyết định: {_due(now.promised).vi}.",
            f"{at.en}: the date was set anew, by decision: {_due(now.promised).en}.",
        )
    number = event.decision or "–"
    if now.promised == was.promised:  # a letter of apology had named it
        return Line(
            f"{at.vi}: lịch làm việc thay đổi theo quyết định {number}; ngày hẹn lại {_due(now.promised).vi} giữ "
            f"nguyên, quá hạn tính theo {_due(now.due).vi} thay cho {_due(was.due).vi}.",
            f"{at.en}: the calendar was changed by decision {number}; the date appointed, {_due(now.promised).en}, "
            f"stands; it is judged by {_due(now.due).en} instead of {_due(was.due).en}.",
        )
    return Line(
        f"{at.vi}: lịch làm việc thay đổi theo quyết định {number}, ngày hẹn trả tính lại: {_due(now.promised).vi} "
        f"thay cho {_due(was.promised).vi}.",
        f"{at.en}: the calendar was changed by decision {number}; the date was reckoned anew: "
        f"{_due(now.promised).en} instead of {_due(was.promised).en}.",
    )


def _corrected(event: Happened, at: Line, account: Account, clock: Clock) -> Iterator[Line]:
    number = event.decision or "–"
    yield Line(
        f"{at.vi}: đính chính thông tin tiếp nhận theo văn bản {number}.",
        f"{at.en}: the reception was corrected by document {number}.",
    )
    yield from _accepted(account.accepted_at, clock)
    yield from _counted(account.accepted_at, account.original_due, clock)
    if account.promised != account.original_due:
        yield Line(f"Hẹn trả hiện tại: {_due(account.promised).vi}.", f"As it stands: {_due(account.promised).en}.")


def _accepted(at: datetime, clock: Clock) -> Iterator[Line]:
    term = term_name(clock.term)
    yield _received(at)
    yield Line(f"Thời hạn giải quyết: {term.vi}.", f"Term: {term.en}.")


def _received(at: datetime) -> Line:
    instant = _instant(at)
    return Line(f"Tiếp nhận: {instant.vi}.", f"Accepted: {instant.en}.")


_FROM_ACCEPTANCE = Line("từ lúc tiếp nhận", "from the moment of acceptance")
_FROM_COMPLETION = Line("từ lúc hồ sơ đầy đủ", "from the moment the dossier was complete")


def _counted(start: datetime, due: Due | None, clock: Clock, begin: Line = _FROM_ACCEPTANCE) -> Iterator[Line]:
    """From the start of a count to its due date: what is counted, what is not, and why."""
    if due is None:
        return
    if not _is_reckoned(start, due, clock):
        yield from _as_promised(due)
        return
    first = civil_day(start)
    if clock.term.unit is TermUnit.WORKING_HOUR:
        yield Line(
            f"Tính theo giờ làm việc của cơ quan, {begin.vi} (Bộ luật Dân sự 2015, Điều 147(1)).",
            f"Counted in the agency's working hours {begin.en} (Civil Code 2015 art. 147(1)).",
        )
    elif clock.term.unit is not TermUnit.SAME_DAY:
        day = day_name(first)
        yield Line(
            f"{day.vi}: ngày bắt đầu, không tính (Bộ luật Dân sự 2015, Điều 147(2)).",
            f"{day.en}: the day it starts, not counted (Civil Code 2015 art. 147(2)).",
        )
    yield from _days(first, due.day, clock)
    if ends_at_noon(clock.term):
        yield Line(
            "Nửa ngày: đến hết buổi làm việc thứ nhất của ngày cuối; đúng hạn hay quá hạn vẫn xét theo ngày.",
            "The half day: until the end of the first session of the last day; on time or late goes by the day.",
        )
    yield Line(f"Hẹn trả kết quả: {_due(due).vi}.", f"Due: {_due(due).en}.")


def _as_promised(due: Due | None) -> Iterator[Line]:
    """A date that today's calendar and term do not make: by those of then, or by somebody's word."""
    if due is not None:
        yield Line(
            f"Hẹn trả kết quả: {_due(due).vi}, theo ngày đã hẹn khi đó.", f"Due: {_due(due).en}, as promised then."
        )


def _is_reckoned(start: datetime, due: Due, clock: Clock) -> bool:
    """Whether a date is what the term makes of its start by today's calendar: else it was promised, and stands."""
    try:
        return due_after(start, clock.term, clock.calendar, clock.sessions) == due
    except CalendarMissing:
        return False


def _days(first: date, last: date, clock: Clock) -> Iterator[Line]:
    """The days to `last` that are not what their weekday says, and the weekends. A term in hours or of the same day
    begins with the first day itself."""
    calendar_days = clock.term.unit in (TermUnit.CALENDAR_DAY, TermUnit.MONTH)
    if calendar_days:  # they count every day; only their end may not fall on a day off
        begin = nominal_end(first, clock.term)
    else:
        begin = first if clock.term.unit in (TermUnit.WORKING_HOUR, TermUnit.SAME_DAY) else first + timedelta(days=1)
    span = [begin + timedelta(days=n) for n in range((last - begin).days + 1)]
    told = [day for day in span if not clock.calendar.is_working(day) or day.weekday() >= SATURDAY]
    by_the_hour = clock.term.unit is TermUnit.WORKING_HOUR
    for day in told[:MOST_DAYS]:
        if by_the_hour and not clock.calendar.is_working(day) and clock.calendar.blocks(day, clock.sessions):
            name = day_name(day)
            yield Line(f"{name.vi}: cơ quan làm việc, có tính.", f"{name.en}: the agency is open, counted.")
        else:
            yield _day(day, clock.calendar.days.get(day), rolled=calendar_days)
    rest = told[MOST_DAYS:]
    made_up = sum(clock.calendar.is_working(day) for day in rest)
    if len(rest) > made_up:
        off = len(rest) - made_up
        yield Line(f"… và {off} ngày nghỉ khác, không tính.", f"… and {off} more days off, not counted.")
    if made_up:
        yield Line(f"… và {made_up} ngày làm bù khác, có tính.", f"… and {made_up} more make-up days, counted.")


def _day(day: date, entry: CalendarDay | None, *, rolled: bool) -> Line:
    name = day_name(day)
    if entry is not None and entry.kind is DayKind.MAKE_UP_WORK:
        kind = _KINDS[entry.kind]
        return Line(f"{name.vi}: {kind[0]}, có tính.", f"{name.en}: {kind[1]}, counted.")
    vietnamese, english = _KINDS[entry.kind] if entry is not None else ("nghỉ cuối tuần", "weekend")
    if entry is not None and entry.kind is DayKind.HOLIDAY:
        vietnamese, english = f"{vietnamese} ({entry.name_vi})", f"{english} ({entry.name_en})"
    unsure = entry is not None and entry.provisional
    doubt = Line(" (tạm tính, chưa công bố)", " (provisional, not announced yet)") if unsure else Line("", "")
    if rolled:
        return Line(
            f"{name.vi}: {vietnamese}{doubt.vi}, thời hạn kết thúc vào ngày làm việc tiếp theo (Điều 148(5)).",
            f"{name.en}: {english}{doubt.en}, the term ends on the next working day (art. 148(5)).",
        )
    return Line(f"{name.vi}: {vietnamese}{doubt.vi}, không tính.", f"{name.en}: {english}{doubt.en}, not counted.")


def _waiting(event: Happened, at: Line, account: Account) -> Line:
    asked = (
        Line("yêu cầu bổ sung hồ sơ", "a supplement was requested")
        if event.kind is EventKind.SUPPLEMENT_REQUESTED
        else Line("yêu cầu thực hiện nghĩa vụ tài chính", "a payment was requested")
    )
    if account.judged is None:
        return Line(f"{at.vi}: {asked.vi}.", f"{at.en}: {asked.en}.")
    if not account.stopped:
        return Line(
            f"{at.vi}: {asked.vi}; thời hạn không dừng.",
            f"{at.en}: {asked.en}; the term goes on.",
        )
    return Line(
        f"{at.vi}: {asked.vi}; tạm dừng tính thời hạn; thời gian chờ không tính vào thời hạn giải quyết.",
        f"{at.en}: {asked.en}; the clock stops, the wait is not the agency's.",
    )


def _again(told: Told, was: Account, clock: Clock) -> Iterator[Line]:
    account = told.after.account
    assert account is not None
    restart = told.event.kind is EventKind.SUPPLEMENTED and clock.supplement.effect is SupplementEffect.RESTART
    if account.due is None:
        return
    if told.event.given:  # another system had named it
        yield from _as_promised(account.due)
        return
    if restart:
        cited = f" ({clock.supplement.citation})" if clock.supplement.citation else ""
        yield Line(
            f"Thời hạn tính lại từ đầu khi hồ sơ đầy đủ{cited}.",
            f"The term is counted again from the beginning, now that the dossier is complete{cited}.",
        )
        yield from _counted(told.event.at, account.due, clock, _FROM_COMPLETION)
        return
    if account.due == was.judged:
        yield Line(
            f"Ngày hẹn trả giữ nguyên: {_due(account.due).vi}.", f"The date stays as it was: {_due(account.due).en}."
        )
        return
    yield Line(
        f"Ngày hẹn trả dời thêm thời gian đã chờ: {_due(account.due).vi}.",
        f"The date moves on by the time waited: {_due(account.due).en}.",
    )


def _ended(event: Happened, at: Line, account: Account) -> Line:
    how = {
        EventKind.FINISHED: ("xử lý xong", "finished"),
        EventKind.WITHDRAWN: ("người nộp rút hồ sơ", "withdrawn by the applicant"),
        EventKind.STOPPED: ("dừng giải quyết", "stopped"),
    }[event.kind]
    judged = {
        Verdict.EARLY: ("trước hạn", "before the due date"),
        Verdict.ON_DAY: ("đúng hạn", "on the due date"),
        Verdict.LATE: ("quá hạn", "late"),
    }
    if account.verdict is None or account.judged is None:
        vietnamese, english = "không có thời hạn", "no term"
    elif account.stopped:
        vietnamese, english = "không quá hạn, đang tạm dừng tính thời hạn", "not late, the clock stood still"
    else:
        vietnamese, english = judged[account.verdict]
    return Line(f"{at.vi}: {how[0]}, {vietnamese}.", f"{at.en}: {how[1]}, {english}.")


def _instant(at: datetime) -> Line:
    shown = local(at)
    day = day_name(shown.date())
    return Line(f"{shown:%H:%M} {day.vi}", f"{shown:%H:%M} {day.en}")


def _due(due: Due | None) -> Line:
    return _instant(due.at) if due is not None else Line("–", "–")
