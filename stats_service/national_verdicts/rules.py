"""The two verdicts beside each other: sums, and the words of each difference. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import NamedTuple

from shared.contracts.national_verdicts import DIFFERENCES, DifferenceName
from shared.domain.explanation import Line, day_name
from shared.domain.lifecycle import EventKind
from shared.domain.national import Ends, Wait


class Tally(NamedTuple):
    """So many dossiers that are over or not, with both verdicts. kind: why they part; None: they agree."""

    over: bool
    late_by_law: bool
    late_nationally: bool
    kind: DifferenceName | None
    dossiers: int


@dataclass(frozen=True, slots=True)
class Sums:
    """Counts over the dossiers of a period."""

    tallies: Sequence[Tally]

    def of(self, *, over: bool | None = None, law: bool | None = None, national: bool | None = None) -> int:
        """How many are over, late by law, late nationally; None leaves a side open."""
        asked = (over, law, national)
        return sum(t.dossiers for t in self.tallies if all(w in (None, is_) for w, is_ in zip(asked, t, strict=False)))

    def differences(self) -> list[tuple[DifferenceName, bool, int]]:
        """(kind, whether it is late by law, dossiers): each that there is, in the order of the kinds."""
        found: dict[tuple[DifferenceName, bool], int] = {}
        for tally in self.tallies:
            if tally.kind is not None:
                side = (tally.kind, tally.late_by_law)
                found[side] = found.get(side, 0) + tally.dossiers
        return [
            (kind, late, found[kind, late]) for kind in DIFFERENCES for late in (False, True) if found.get((kind, late))
        ]


#: What each difference is called.
TITLES: Mapping[DifferenceName, Line] = MappingProxyType(
    {
        "second_request": Line(
            "Yêu cầu bổ sung hơn một lần: cách tính quốc gia coi là quá hạn",
            "Asked for a supplement more than once: late by the national rule",
        ),
        "no_date": Line(
            "Không có ngày hẹn trả: cách tính quốc gia xét theo thời hạn dài nhất của thủ tục",
            "No date was promised: the national rule takes the procedure's longest term",
        ),
        "hour_of_the_day": Line(
            "Trong ngày hẹn trả: một bên xét theo giờ, một bên xét theo ngày",
            "On the day that was promised: one side compares hours, the other days",
        ),
        "supplement_awaited": Line(
            "Đang chờ bổ sung: cách tính quốc gia xét tại thời điểm yêu cầu",
            "Waiting for a supplement: the national rule judges as of the request",
        ),
        "supplement_wait": Line(
            "Đã bổ sung: cách tính quốc gia chỉ trừ thời gian chờ, không tính lại thời hạn",
            "Completed: the national rule takes off the wait and nothing else",
        ),
        "payment_wait": Line(
            "Chờ nghĩa vụ tài chính: cách tính quốc gia không trừ",
            "Waited for a payment: the national rule does not take it off",
        ),
        "other_date": Line(
            "Xét theo ngày khác với ngày hẹn trả ban đầu",
            "Judged by another date than the one first promised",
        ),
    }
)


class Facts(NamedTuple):
    """What the law's verdict on a dossier rests on, at the end of the period. over_day: None while it is open."""

    due_day: date | None
    late_day: date | None
    over_day: date | None
    late: bool


def explained_by_law(facts: Facts) -> list[Line]:
    """The law's verdict in a few lines; the account of the dossier tells it step by step."""
    lines = []
    if facts.due_day is not None:
        due = day_name(facts.due_day)
        lines.append(Line(f"Ngày hẹn trả theo pháp luật: {due.vi}.", f"Due by law: {due.en}."))
    else:
        lines.append(
            Line(
                "Không có ngày hẹn trả: thủ tục không có thời hạn, hoặc thời hạn đang tạm dừng.",
                "No date runs: the procedure has no term, or the clock stands still.",
            )
        )
    if facts.over_day is not None:
        over = day_name(facts.over_day)
        lines.append(Line(f"Xử lý xong: {over.vi}.", f"Over: {over.en}."))
    else:
        lines.append(Line("Cuối kỳ chưa xử lý xong.", "Open at the end of the period."))
    if facts.late and facts.late_day is not None:
        late = day_name(facts.late_day)
        lines.append(Line(f"Kết luận: quá hạn từ {late.vi}.", f"Late since {late.en}."))
    else:
        lines.append(Line("Kết luận: quá hạn.", "Late.") if facts.late else Line("Kết luận: đúng hạn.", "On time."))
    return lines


def waits_in(course: Iterable[tuple[str, datetime]]) -> list[Wait]:
    """The supplement requests in a dossier's course, each with its answer."""
    found: list[Wait] = []
    for kind, at in course:
        if kind == EventKind.SUPPLEMENT_REQUESTED:
            found.append(Wait(at))
        elif kind == EventKind.SUPPLEMENTED and found:
            found[-1] = Wait(found[-1].asked_at, at)
    return found


def ends_of(course: Iterable[tuple[str, datetime]], over_at: datetime | None) -> Ends:
    """How a dossier ended that was over at an instant: as the last event that ended it says."""
    if over_at is None:
        return Ends()
    kinds = [kind for kind, _ in course if kind in _ENDS]
    return Ends(**{_ENDS[kinds[-1]] if kinds else "finished_at": over_at})


_ENDS = {
    EventKind.FINISHED.value: "finished_at",
    EventKind.STOPPED.value: "stopped_at",
    EventKind.WITHDRAWN.value: "withdrawn_at",
}
