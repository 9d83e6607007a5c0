"""What every printed table says of itself: its period, its basis, and whether its figures are made up. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.domain.civil_time import local, shown

#: On every table with figures of made-up dossiers.
SYNTHETIC = "SỐ LIỆU MÔ PHỎNG – không phải hồ sơ thật"
NATION = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc")
_QUARTERS = ("I", "II", "III", "IV")
_DAY = timedelta(days=1)
#: On which day of the month before a month begins; else it is the calendar's.
_CUTS = (15, 21)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the figures of a table come from. as_of: None as known now; known_at: the instant of knowledge;
    restated_on: the day whose units the figures are restated on; None: the units as they were."""

    agency: str
    first: date
    last: date
    as_of: datetime | None
    known_at: datetime
    definition: str
    synthetic: bool
    restated_on: date | None = None

    @property
    def warning(self) -> str:
        """What nobody may overlook."""
        return SYNTHETIC if self.synthetic else ""

    @property
    def basis(self) -> str:
        """The line by which two prints are told apart."""
        instant = f"{local(self.known_at):%H:%M:%S ngày %d/%m/%Y}"
        if self.as_of is None:
            return f"Số liệu theo dữ liệu hiện có, lấy lúc {instant}"
        return f"Số liệu như đã được ghi nhận đến {instant}"

    @property
    def period(self) -> str:
        """The line of the period, with its name where it has one."""
        days = f"từ ngày {self.first:%d/%m/%Y} đến ngày {self.last:%d/%m/%Y}"
        name = period_name(self.first, self.last)
        return f"Kỳ báo cáo: {name} ({days})" if name else f"Kỳ báo cáo: {days}"

    @property
    def lines(self) -> Sequence[str]:
        """What stands under the title: which days, as known when, and of which units, where not of those of then."""
        lines = [self.period, self.basis]
        if self.restated_on is not None:
            lines.append(f"Số liệu quy về đơn vị hiện nay, theo danh mục đơn vị ngày {self.restated_on:%d/%m/%Y}")
        return lines

    def origin(self) -> Mapping[str, str]:
        """What each line of a CSV says of where it comes from."""
        return {
            "agency": self.agency,
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
            "basis": "as_recorded_then" if self.as_of else "as_known_now",
            "as_of": local(self.known_at).isoformat(),
            "definition": self.definition,
            "synthetic": str(self.synthetic).lower(),
            "units": self._units,
        }

    def wire(self) -> dict[str, object]:
        """The same in JSON."""
        return {
            "period": {"from": self.first, "to": self.last},
            "period_name": period_name(self.first, self.last),
            "as_of": shown(self.known_at),
            "basis": "as_recorded_then" if self.as_of else "as_known_now",
            "definition": self.definition,
            "synthetic": self.synthetic,
            "restated_on": self.restated_on,
        }

    @property
    def _units(self) -> str:
        """As it is asked for."""
        return "then" if self.restated_on is None else "today"


def period_name(first: date, last: date) -> str:
    """Tháng 6/2019, Quý II/2019, 6 tháng đầu năm 2019, Năm 2019; "" for a period that is none of these. Months begin on
    the 1st, or on the 15th or 21st of the month before (the cuts in practice)."""
    after = last + _DAY
    if first.day == after.day == 1:
        begin = first
    elif first.day == after.day and first.day in _CUTS:
        begin = (first.replace(day=1) + 32 * _DAY).replace(day=1)
    else:
        return ""
    months = 12 * (after.year - first.year) + after.month - first.month
    year, month = begin.year, begin.month
    match months, month:
        case 1, _:
            return f"Tháng {month}/{year}"
        case 3, 1 | 4 | 7 | 10:
            return f"Quý {_QUARTERS[month // 3]}/{year}"
        case 6, 1:
            return f"6 tháng đầu năm {year}"
        case 6, 7:
            return f"6 tháng cuối năm {year}"
        case 9, 1:
            return f"9 tháng đầu năm {year}"
        case 12, 1:
            return f"Năm {year}"
    return ""
