"""Who receives what, and how often: the agencies of Quảng Trị in 2019 with the procedures that fit them.

The shares are invented. That some agencies have nothing at all is in the letter (some departments and communes do not
use the software), which ones is not: the departments are those with next to no procedures, the communes are drawn.
"""

from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from random import Random

from intake_service.procedures.rules import ProcedureRow
from routing_service.agencies.rules import UnitRow
from services.demo.people import place_of
from shared.domain.agencies import Level
from shared.domain.lifecycle import Channel
from shared.domain.terms import Term, TermUnit

AS_OF = date(2019, 6, 30)
COMMUNES_WITHOUT = 22
#: The one-stop centre takes in, beside its own, some of what the departments handle.
CENTRE = "QT19-D21"

#: Department → (share, sectors). A department that is not here has nothing.
_DEPARTMENTS: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "QT19-D02": (260, ("Chứng thực",)),
    "QT19-D03": (
        6200,
        (
            "Lý lịch tư pháp",
            "Công chứng",
            "Luật sư",
            "Chứng thực",
            "Đấu giá tài sản",
            "Trợ giúp pháp lý",
            "Giám định tư pháp",
            "Thừa phát lại",
            "Tư vấn pháp luật",
            "Nuôi con nuôi",
        ),
    ),
    "QT19-D04": (
        2600,
        (
            "Thành lập và hoạt động của doanh nghiệp",
            "Đầu tư tại Việt nam",
            "Hỗ trợ doanh nghiệp nhỏ và vừa",
            "Kinh tế hợp tác và Phát triển nông thôn",
        ),
    ),
    "QT19-D05": (320, ("Quản lý giá", "Quản lý công sản", "Tin học - Thống kê", "Tài chính doanh nghiệp")),
    "QT19-D06": (1900, ("Kiểm định kỹ thuật an toàn lao động", "Chứng thực")),
    "QT19-D07": (
        2300,
        (
            "Trồng trọt và Bảo vệ thực vật",
            "Thú y",
            "Chăn nuôi",
            "Kiểm lâm",
            "Lâm nghiệp",
            "Thủy lợi",
            "Trồng trọt",
            "Quản lý chất lượng nông lâm sản và thủy sản",
        ),
    ),
    "QT19-D08": (
        7800,
        ("Sát hạch, cấp giấy phép lái xe", "Đường bộ", "Đăng kiểm", "Hàng hải và đường thủy nội địa", "Đường sắt"),
    ),
    "QT19-D09": (
        1500,
        (
            "Hoạt động xây dựng",
            "Nhà ở và công sở",
            "Kinh doanh bất động sản",
            "Hạ tầng kỹ thuật",
            "Quy hoạch đô thị và nông thôn",
            "Kiến trúc",
            "Vật liệu xây dựng",
        ),
    ),
    "QT19-D10": (
        5200,
        (
            "Đất đai",
            "Đăng ký biện pháp bảo đảm",
            "Tài nguyên nước",
            "Địa chất và khoáng sản",
            "Môi trường",
            "Biển và hải đảo",
            "Khí tượng, thủy văn",
        ),
    ),
    "QT19-D11": (150, ("Chứng thực",)),
    "QT19-D12": (900, ("Tổ chức cai nghiên ma túy và quản lý sau cai nghiện", "Chứng thực")),
    "QT19-D13": (420, ("Chứng thực",)),
    "QT19-D14": (140, ("Khoa học và Công nghệ", "Chứng thực")),
    "QT19-D15": (900, ("Chứng thực",)),
    "QT19-D16": (1100, ("Chứng thực",)),
    "QT19-D20": (180, ("Quản lý nhà nước về khu công nghiệp, khu kinh tế", "Đầu tư tại Việt nam")),
    CENTRE: (1400, ("Lý lịch tư pháp", "Chứng thực", "Đất đai", "Đường bộ", "Hoạt động xây dựng")),
}
_DISTRICTS: Mapping[str, int] = {
    "461": 9000, "462": 2500, "464": 6000, "465": 5500, "466": 5200,
    "467": 2600, "468": 3800, "469": 6000, "470": 5600, "471": 20,
}  # fmt: skip
_COMMUNE_SHARE = 560

#: What a commune, and what a district handles for its people, the most frequent first.
_COMMUNE_SECTORS = ("Hộ tịch", "Chứng thực", "Giảm nghèo", "Hòa giải ở cơ sở", "Nuôi con nuôi", "Đất đai")
_DISTRICT_SECTORS = (
    "Đất đai",
    "Hộ tịch",
    "Chứng thực",
    "Đăng ký biện pháp bảo đảm",
    "Hoạt động xây dựng",
    "Thành lập và hoạt động của tổ hợp tác, hợp tác xã, liên hiệp hợp tác xã",
    "Đường bộ",
    "Nhà ở và công sở",
    "Quy hoạch đô thị và nông thôn",
    "Tài nguyên nước",
    "Hàng hải và đường thủy nội địa",
)
#: What people come for most, in this order; the other procedures follow by sector and length of term.
_POPULAR: Mapping[Level, tuple[str, ...]] = {
    Level.COMMUNE: ("1.001193", "2.000908", "2.001023", "2.000986", "1.004837", "1.011607"),
    Level.DISTRICT: ("1.011441", "2.000908", "1.012753", "1.013225", "2.000528", "1.013978", "1.005280", "1.013229"),
    Level.PROVINCE: (
        "3.000333", "2.002288", "3.000348", "1.011443", "1.013977", "1.013831", "2.001610", "1.010010", "1.003984",
    ),
}  # fmt: skip
#: Rare wherever they are handled, however short their term.
_RARE = ("biên giới", "lưu động", "nước ngoài", "cai nghiện")
#: Not a People's Committee's business; the catalogue also files some of these under a wrong sector. What the police
#: took over from departments after 2019 is let through by its sector.
_NOT_OURS = ("Bộ Công an", "Bộ Quốc phòng", "Ngân hàng Nhà nước Việt Nam")
_THEN_OURS = (
    "Lý lịch tư pháp",
    "Sát hạch, cấp giấy phép lái xe",
    "Tổ chức cai nghiên ma túy và quản lý sau cai nghiện",
)
_BUSINESS_SECTORS = ("doanh nghiệp", "Đầu tư", "hợp tác xã", "khoáng sản", "Kinh doanh", "Kiểm định", "khu công nghiệp")
_ONLINE, _POST = 0.03, 0.011


@dataclass(frozen=True, slots=True)
class Line:
    """One procedure at one agency on one channel, and how often it comes."""

    agency: str
    place: str
    procedure: str
    channel: Channel
    term: Term
    business: bool
    weight: float


class Landscape:
    """All lines; drawn from by weight."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = tuple(lines)
        self._sums = list(accumulate(line.weight for line in lines))

    def draw(self, rng: Random) -> Line:
        """A line, as often as its weight says."""
        return self.lines[bisect(self._sums, rng.random() * self._sums[-1])]


def landscape(units: Iterable[UnitRow], procedures: Iterable[ProcedureRow], rng: Random) -> Landscape:
    """The lines of the province of code 45 as it stood on AS_OF."""
    there = {
        unit.code: unit
        for unit in units
        if (unit.valid_from is None or unit.valid_from <= AS_OF) and (unit.valid_to is None or unit.valid_to >= AS_OF)
    }
    catalogue = [row for row in procedures if row.issuer not in _NOT_OURS or row.sector in _THEN_OURS]
    return Landscape(
        [line for unit, share in _shares(there, rng) for line in _lines(unit, share, there, catalogue, rng)]
    )


def _shares(there: Mapping[str, UnitRow], rng: Random) -> Iterator[tuple[UnitRow, float]]:
    communes = [unit for unit in there.values() if unit.level is Level.COMMUNE]
    silent = {unit.code for unit in rng.sample(communes, COMMUNES_WITHOUT)}
    for unit in there.values():
        if unit.level is Level.COMMUNE and unit.code not in silent:
            yield unit, _COMMUNE_SHARE * _size(unit) * rng.lognormvariate(0, 0.45)
        elif unit.code in _DISTRICTS:
            yield unit, _DISTRICTS[unit.code]
        elif unit.code in _DEPARTMENTS:
            yield unit, _DEPARTMENTS[unit.code][0]


def _size(unit: UnitRow) -> float:
    """Wards of the provincial town are big, townships busy, mountain communes small."""
    if unit.parent_code == "461":
        return 2.2
    if "Thị trấn" in unit.name or "Phường" in unit.name:
        return 1.5
    return 0.65 if unit.parent_code in ("465", "467") else 1.0


def _lines(
    unit: UnitRow, share: float, there: Mapping[str, UnitRow], catalogue: Iterable[ProcedureRow], rng: Random
) -> Iterator[Line]:
    """An agency's procedures, the popular ones first (their frequencies follow Zipf), split over the channels."""
    sectors = _sectors(unit)
    fitting = [
        (row, term)
        for row in catalogue
        if row.sector in sectors and _offered(row, unit.level) and (term := _known(row, Channel.COUNTER))
    ]
    fitting.sort(key=lambda found: _rank(found[0], found[1], unit.level, sectors) + rng.uniform(0, 3))
    worth = [1 / (rank + 1) ** 1.1 for rank in range(len(fitting))]
    place = _place(unit, there)
    for (row, _), weight in zip(fitting, worth, strict=True):
        business = any(word in row.sector for word in _BUSINESS_SECTORS)
        for channel, part in ((Channel.COUNTER, 1 - _ONLINE - _POST), (Channel.ONLINE, _ONLINE), (Channel.POST, _POST)):
            term = _known(row, channel)
            if term is not None:
                yield Line(unit.code, place, row.code, channel, term, business, share * weight / sum(worth) * part)


def _place(unit: UnitRow, there: Mapping[str, UnitRow]) -> str:
    """Where its applicants live: the commune in its district, the district, else the province."""
    if unit.level is Level.COMMUNE and unit.parent_code:
        return place_of((unit.name, there[unit.parent_code].name))
    return place_of((unit.name if unit.level is Level.DISTRICT else there["45"].name,))


def _rank(row: ProcedureRow, term: Term, level: Level, sectors: tuple[str, ...]) -> float:
    popular = _POPULAR[level]
    if row.code in popular:
        return popular.index(row.code) - 20.0
    rare = 12 if any(word in row.name for word in _RARE) else 0
    return sectors.index(row.sector) * 2 + _length(term) + rare


def _sectors(unit: UnitRow) -> tuple[str, ...]:
    if unit.level is Level.COMMUNE:
        return _COMMUNE_SECTORS
    return _DISTRICT_SECTORS if unit.level is Level.DISTRICT else _DEPARTMENTS[unit.code][1]


def _offered(row: ProcedureRow, level: Level) -> bool:
    return any(offer.level is level and (offer.valid_to is None or offer.valid_to >= AS_OF) for offer in row.offers)


def _known(row: ProcedureRow, channel: Channel) -> Term | None:
    term = row.term(channel)
    return term if term and term.unit is not TermUnit.NONE else None


def _length(term: Term) -> float:
    """How long a term feels, in days: what is quick is what people come for."""
    per = {TermUnit.WORKING_HOUR: 1 / 8, TermUnit.MONTH: 22, TermUnit.SAME_DAY: 0}
    return min(12.0, float(term.value) * per.get(term.unit, 1)) / 2
