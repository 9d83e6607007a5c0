"""What the portal makes of the dossiers it was sent: indicator 2.1 of Decision 766 (the share handled on time) and the
score of progress, 20 × on time / dossiers. From the description of the formulas, apart from the product's own rule.

- The end is the time of "Đã xử lý xong", before "Đã trả kết quả", before "Dừng xử lý/Từ chối", before a withdrawal of
  what had been received. Without any it is the end of the period.
- One request to supplement that is still open, and no end: the request is the end. More than one: late.
- An answered request: answer − request is taken off the end, as plain time.
- On time: end ≤ NgayHenTra. Without NgayHenTra: by the procedure's longest term from NgayTiepNhan.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.national_portal.items import Item, absent
from tests.national_portal.moments import VIETNAM, WorkDays, last_second, moment

MOST = Decimal(20)
_ENDED = {"3", "7", "8", "9", "10"}


@dataclass(frozen=True, slots=True)
class Record:
    """A dossier as it was sent last. process: (moment, status) of the entries of its process, oldest first; terms: the
    limits of its procedure."""

    item: Item
    process: Sequence[tuple[str, str]]
    terms: Sequence[tuple[float, str]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a dossier is judged. rules: stable words for what was applied, in order; why: the same in a sentence."""

    code: str
    on_time: bool
    rules: tuple[str, ...]
    judged_at: datetime
    against: datetime | None
    why: str

    def shown(self) -> dict[str, Any]:
        return {
            "MaHoSo": self.code,
            "agency": agency_of(self.code),
            "on_time": self.on_time,
            "rules": list(self.rules),
            "judged_at": self.judged_at.isoformat(),
            "against": self.against.isoformat() if self.against else None,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class Period:
    """Days, both included; until: what stands in for the end of what is open."""

    first: date
    last: date
    until: datetime

    @property
    def begin(self) -> datetime:
        return datetime.combine(self.first, time(), VIETNAM)


def period_of(first: date, last: date, now: datetime) -> Period:
    # To the second, as all that it is told.
    return Period(first, last, min(last_second(last), now.astimezone(VIETNAM).replace(microsecond=0)))


def month_of(text: str) -> tuple[date, date]:
    """First and last day of "2026-08"."""
    first = date.fromisoformat(f"{text}-01")
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def agency_of(code: str) -> str:
    """Whose code it is: what stands before date and number."""
    return code.rsplit("-", 2)[0]


def _at(record: Record, name: str, *statuses: str) -> datetime | None:
    """A date of the item, or else when its process first had one of the states."""
    value = record.item.get(name)
    if not absent(value):
        return moment(value)
    return next((moment(at) for at, status in record.process if status in statuses), None)


def end_of(record: Record) -> tuple[str, datetime] | None:
    """Which end, and when; None while it is open."""
    status = record.item["TrangThaiHoSo"]
    if status not in _ENDED:
        return None
    finished = _at(record, "NgayKetThucXuLy" if status in ("9", "10") else "", "9")
    returned = _at(record, "NgayTra", "10")
    stopped = (
        _at(record, "NgayTuChoi" if status == "3" else "NgayKetThucXuLy", status) if status in ("3", "8") else None
    )
    withdrawn = _at(record, "NgayKetThucXuLy", "7") if status == "7" else None
    ends = (("finished", finished), ("returned", returned), ("stopped", stopped), ("withdrawn", withdrawn))
    return next(((name, at) for name, at in ends if at is not None), None)


def waits_of(record: Record, received: datetime) -> list[tuple[datetime, datetime | None]]:
    """Requests to supplement after reception, each with its answer: from the item, or else from the process."""
    found: list[tuple[datetime, datetime | None]] = []
    for one in record.item.get("DanhSachHoSoBoSung") or ():
        asked, answered = moment(one["NgayBoSung"]), one.get("NgayTiepNhanBoSung")
        if asked:
            found.append((asked, None if absent(answered) else moment(answered)))
    if not found:
        # The same entry sent twice is one request.
        process = list(dict.fromkeys(record.process))
        for index, (at, status) in enumerate(process):
            asked = moment(at)
            if status == "5" and asked and (index == 0 or process[index - 1][1] != "5"):
                later = next((moment(other) for other, then in process[index + 1 :] if then != "5"), None)
                found.append((asked, later))
    return sorted((wait for wait in found if wait[0] >= received), key=lambda wait: wait[0])


def in_period(record: Record, period: Period) -> bool:
    """Received by its end, and not over before its beginning."""
    received = record.item.get("NgayTiepNhan")
    at = None if absent(received) else moment(received)
    if at is None or at > period.until:
        return False
    end = end_of(record)
    return end is None or end[1] >= period.begin


def judged(record: Record, period: Period, days: WorkDays, *, compare: str = "instant") -> Verdict:
    """The verdict on a dossier of the period, as things stood at its end."""
    item, until = record.item, period.until
    received = moment(item["NgayTiepNhan"])
    assert received is not None, "what was not received is in no period"
    rules: list[str] = []
    end = end_of(record)
    if end is not None and end[1] > until:
        end = None
    waits = [
        (asked, answered if answered is not None and answered <= until else None)
        for asked, answered in waits_of(record, received)
        if asked <= until
    ]
    if end is not None:
        at = end[1]
        rules.append(f"end_{end[0]}")
    elif waits and waits[-1][1] is None:
        at = waits[-1][0]
        rules.append("end_supplement_request")
    else:
        at = until
        rules.append("end_of_period")
    said = [f"{rules[-1]} {at:%Y-%m-%d %H:%M:%S}"]
    for asked, answered in waits:
        if answered is not None:
            at -= answered - asked
            rules.append("wait_subtracted")
            said.append(f"less {answered - asked}")
    if absent(item.get("NgayHenTra")):
        dues = [due for value, unit in record.terms if (due := days.due(received, value, unit)) is not None]
        against = max(dues, default=None)
        rules.append("due_by_longest_term" if against else "no_due")
    else:
        against = moment(item["NgayHenTra"])
        rules.append("due_as_sent")
    said.append(f"{rules[-1]} {against:%Y-%m-%d %H:%M:%S}" if against else rules[-1])
    if against is None:
        on_time = True
    elif compare == "date":
        on_time = at.date() <= against.date()
    else:
        on_time = at <= against
    if len(waits) > 1:
        on_time = False
        rules.append("second_request")
        said.append(f"{len(waits)} requests to supplement")
    return Verdict(item["MaHoSo"], on_time, tuple(rules), at, against, "; ".join(said))


def scores(verdicts: Iterable[Verdict], agencies: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Per agency and in all. agencies: code and name of those that are shown though they have nothing."""
    names = dict(agencies)
    counted = {code: [0, 0] for code in names}
    for verdict in verdicts:
        counts = counted.setdefault(agency_of(verdict.code), [0, 0])
        counts[0] += 1
        counts[1] += verdict.on_time
    rows = [
        {"agency": code, "name": names.get(code), **scored(received, on_time)}
        for code, (received, on_time) in sorted(counted.items())
    ]
    total = scored(sum(counts[0] for counts in counted.values()), sum(counts[1] for counts in counted.values()))
    return {"agencies": rows, "total": total}


def scored(received: int, on_time: int) -> dict[str, Any]:
    """The row of a unit: counts, share and score."""
    return {
        "totalReceived": received,
        "totalOnTime": on_time,
        "totalOverdue": received - on_time,
        # Nothing received: 0 and 0, as the portal's rows of H44.01 and H44.23 show.
        "ratio": _rounded(Decimal(100 * on_time) / received) if received else "0.00",
        "score": _rounded(MOST * on_time / received) if received else "0.00",
        "maxScore": str(MOST),
    }


def _rounded(value: Decimal) -> str:
    return str(value.quantize(Decimal("0.01"), ROUND_HALF_UP))
