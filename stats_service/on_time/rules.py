"""The definitions of "on time" that are in use, each in terms of named figures, and the rates they make. Pure.

One set of dossiers gives a different percentage under each of them (docs/definitions.md shows by how much), so a
percentage is never shown without the name of its definition.
"""

from types import MappingProxyType

from shared.contracts.definitions import (
    ColumnDefinition,
    DefinitionId,
    OnTimeDefinition,
    RateDefinition,
)
from stats_service.figures.rules import ON_DEMAND, Figures, rate, summed, terms_of


def _rate(
    name: str,
    vi: str,
    en: str,
    numerator: str,
    denominator: str,
    decimals: int = 2,
    remainder_of: str | None = None,
) -> RateDefinition:
    return RateDefinition(
        name=name,
        title_vi=vi,
        title_en=en,
        numerator=numerator,
        denominator=denominator,
        decimals=decimals,
        remainder_of=remainder_of,
    )


_ON_TIME = ("on_time", "Đúng và trước hạn", "On time")
_LATE = ("late", "Quá hạn", "Late")

#: In the order in which they are shown.
ON_TIME = (
    OnTimeDefinition(
        id="resolved",
        version=1,
        kind="rates",
        title_vi="Đúng hạn trên đã giải quyết",
        title_en="On time of what was resolved",
        formula="on_time = (resolved_early + resolved_on_day) / resolved; late = resolved_late / resolved",
        rates=[
            _rate(*_ON_TIME, "resolved_early + resolved_on_day", "resolved"),
            _rate(*_LATE, "resolved_late", "resolved"),
        ],
        counts=[],
        columns=[],
        used_by=[
            "UBND tỉnh Quảng Trị, 3322/UBND-NC (2019)",
            "Lâm Đồng",
            "Thái Bình",
            "Quảng Nam",
            "Bến Tre",
            "Đắk Glong",
        ],
        source="3322/UBND-NC (24/7/2019)",
        confirmed=True,
        note=(
            "What is open and overdue does not count, so an agency that finishes nothing late looks better than one "
            "that finishes late. Dossiers without a term count as on time; resolved_without_term says how many."
        ),
    ),
    OnTimeDefinition(
        id="decree-61",
        version=1,
        kind="rates",
        title_vi="Đúng hạn trên tổng số tiếp nhận (Nghị định 61)",
        title_en="On time of all that was to be handled (Decree 61)",
        formula="on_time = resolved_on_time / to_handle",
        rates=[_rate(*_ON_TIME, "resolved_on_time", "to_handle")],
        counts=[],
        columns=[],
        used_by=["internal evaluation of agencies under Decree 61/2018"],
        source="NĐ 61/2018 art. 30(2)c",
        confirmed=True,
        note=(
            '"Total received" is read with what was carried over. What is pending in term lowers it: it says as much '
            "of the length of the terms as of the agency."
        ),
    ),
    OnTimeDefinition(
        id="gia-lai-monthly",
        version=1,
        kind="rates",
        title_vi="Cách tính theo tháng của tỉnh Gia Lai",
        title_en="The monthly reckoning of Gia Lai",
        formula=(
            "late = (pending_overdue + resolved_late) / to_handle; on_time = 100 % - late, taken from the rounded late"
        ),
        rates=[
            _rate(*_LATE, "pending_overdue + resolved_late", "to_handle"),
            _rate(*_ON_TIME, "to_handle - pending_overdue - resolved_late", "to_handle", remainder_of="late"),
        ],
        counts=["pending_due_now", "pending_nearly_due", "uncollected"],
        columns=[],
        used_by=["UBND tỉnh Gia Lai, announcement 301 of its one-stop portal"],
        source="motcua.gialai.gov.vn, announcement 301 (Cách tính thống kê tình hình xử lý hồ sơ theo tháng)",
        confirmed=True,
        note=(
            'It calls early what is finished on the appointed day too. How near "nearly late" is, it does not say: '
            "here three working days, as GET /v1/due-soon has it."
        ),
    ),
    OnTimeDefinition(
        id="due-in-period",
        version=1,
        kind="rates",
        title_vi="Trên số hồ sơ đến hạn trong kỳ",
        title_en="Of what fell due in the period",
        formula=(
            "on_time = due_on_time / due_in_period; late = (due_late + due_overdue) / due_in_period; "
            "otherwise = due_otherwise / due_in_period"
        ),
        rates=[
            _rate(*_ON_TIME, "due_on_time", "due_in_period"),
            _rate(*_LATE, "due_late + due_overdue", "due_in_period"),
            _rate("otherwise", "Rút, trả", "Withdrawn or turned down", "due_otherwise", "due_in_period"),
        ],
        counts=["due_in_period", "due_on_time", "due_late", "due_overdue", "due_in_term", "due_otherwise"],
        columns=[],
        used_by=["Trung tâm Phục vụ hành chính công tỉnh Vĩnh Phúc, 2021"],
        source="vinhphuc.gov.vn, announcements 3105 and 3158 (2021)",
        confirmed=False,
        note=(
            "Inferred from its tables, where due = on time + late or overdue. Not said there: whether what fell due in "
            "the period and was finished before it counts (here not: it was no longer to be handled), and whether "
            "what was withdrawn or turned down is counted among the on time as well (here it is)."
        ),
    ),
    OnTimeDefinition(
        id="three-shares",
        version=1,
        kind="rates",
        title_vi="Ba tỷ lệ: trước hạn, đúng hạn, quá hạn",
        title_en="Three shares: early, on the day, late",
        formula=(
            "early = resolved_early / resolved; on_day = (resolved_on_day - resolved_without_term) / resolved; "
            "late = resolved_late / resolved; the rest, without_term = resolved_without_term / resolved"
        ),
        rates=[
            _rate("early", "Trước hạn", "Early", "resolved_early", "resolved", 1),
            _rate("on_day", "Đúng hạn", "On the day", "resolved_on_day - resolved_without_term", "resolved", 1),
            _rate(*_LATE, "resolved_late", "resolved", 1),
            _rate("without_term", "Không có thời hạn", "Without a term", "resolved_without_term", "resolved", 1),
        ],
        counts=[],
        columns=[],
        used_by=["Thừa Thiên Huế, statistics portal", "Lâm Đồng, October 2019"],
        source="baolamdong.vn (25/11/2019); statistics portal of Thừa Thiên Huế",
        confirmed=True,
        note="Each share is rounded on its own, to one decimal: they need not add up to 100.",
    ),
    OnTimeDefinition(
        id="decision-766",
        version=1,
        kind="rates",
        title_vi="Theo Quyết định 766/QĐ-TTg",
        title_en="By Decision 766/QĐ-TTg",
        formula="on_time = national_on_time / (national_on_time + national_overdue); overdue = the rest, on its own",
        rates=[
            _rate(*_ON_TIME, "national_on_time", "national_on_time + national_overdue"),
            _rate("overdue", "Quá hạn", "Overdue", "national_overdue", "national_on_time + national_overdue"),
        ],
        counts=["national_on_time", "national_overdue", "pending_paused_overdue"],
        columns=[],
        used_by=["dichvucong.gov.vn, evaluation of provinces and communes"],
        source="QĐ 766/QĐ-TTg, indicator 2.1, as its formulas are implemented",
        confirmed=False,
        note=(
            "Every dossier is judged anew by the national rule, from its events: by the date first promised, with the "
            "wait for one supplement subtracted, late by a second request, open ones by the end of the period. The "
            "text of the decision was not read; its population is taken to be to_handle. national_on_time_rate among "
            "the standing rates has the same form with this system's own verdicts: the two differ by the rule alone."
        ),
    ),
    OnTimeDefinition(
        id="completion",
        version=1,
        kind="rates",
        title_vi="Tỷ lệ giải quyết",
        title_en="Share that was resolved",
        formula="completion = resolved / (carried_over + received)",
        rates=[_rate("completion", "Tỷ lệ giải quyết", "Completion", "resolved", "carried_over + received", 1)],
        counts=[],
        columns=[],
        used_by=["Bộ Tài nguyên và Môi trường, first quarter of 2019", "Bến Tre", "Sơn La"],
        source="baodongkhoi.vn (8/11/2020)",
        confirmed=True,
        note="It says nothing of dates, and is published beside an on-time rate and taken for one.",
    ),
    OnTimeDefinition(
        id="district-with-communes",
        version=1,
        kind="roll_up",
        title_vi="Cấp huyện gồm cấp xã",
        title_en="A district with its communes",
        formula="figures of a district = its own + those of all units under it",
        rates=[],
        counts=[],
        columns=[],
        used_by=["Gia Lai, announcement 601", "Lâm Đồng, October 2019"],
        source="motcua.gialai.gov.vn, announcement 601; baolamdong.vn (25/11/2019)",
        confirmed=True,
        note=(
            "No rate: whose dossiers count. It is a row of group_by=tree, whose `own` is the district alone, and the "
            "report of agency=<the district>. group_by=agency gives each unit's own."
        ),
    ),
    OnTimeDefinition(
        id="decision-766-columns",
        version=1,
        kind="columns",
        title_vi="Các cột của phần mềm làm báo cáo 766",
        title_en="The columns of software that makes the 766 report",
        formula="tongTiepNhan = tongDaXuLy + tongDangXuLy + tongTamDungXuLy",
        rates=[],
        counts=[],
        columns=[
            ColumnDefinition(name=name, formula=formula)
            for name, formula in (
                ("tongTiepNhan", "to_handle"),
                ("tiepNhanKyTruoc", "carried_over"),
                ("tiepNhanQuaMang", "received_online"),
                ("tiepNhanTrucTiep", "received_counter"),
                ("tiepNhanBCCI", "received_post"),
                ("tongDaXuLy", "resolved"),
                ("daXuLyTruocHan", "resolved_early"),
                ("daXuLyDungHan", "resolved_on_day"),
                ("daXuLyQuaHan", "resolved_late"),
                ("tongDangXuLy", "pending - pending_paused"),
                ("dangXuLyTrongHan", "pending_in_term - pending_paused + pending_paused_overdue"),
                ("dangXuLyTrongHanVaBoSung", None),
                ("dangXuLyQuaHan", "pending_overdue - pending_paused_overdue"),
                ("tongTamDungXuLy", "pending_paused"),
                ("tamDungXuLyTrongHan", "pending_paused - pending_paused_overdue"),
                ("tamDungXuLyQuaHan", "pending_paused_overdue"),
            )
        ],
        used_by=["a one-stop system that implements the 766 progress report"],
        source="the interface of that system's report",
        confirmed=False,
        note=(
            "Names of the same figures, in which what waits for the applicant stands beside what is in process. That "
            "software counts stopped dossiers among the waiting; here a stop is an end, and of resolved."
        ),
    ),
)

BY_ID = MappingProxyType({one.id: one for one in ON_TIME})


def asked_for(name: DefinitionId) -> OnTimeDefinition:
    """The definition that a report was asked for."""
    return BY_ID[name]


def on_demand(definition: OnTimeDefinition) -> tuple[str, ...]:
    """The figures that it needs and that no report holds unless they are asked for, in their order."""
    named = {
        name for each in definition.rates for sum_ in (each.numerator, each.denominator) for _, name in terms_of(sum_)
    }
    return tuple(name for name in ON_DEMAND if name in named.union(definition.counts))


def by_definition(definition: OnTimeDefinition | None, row: Figures) -> dict[str, object]:
    """What a definition adds to a row: its rates with what they are made of, and the figures that it shows."""
    if definition is None:
        return {}
    figures = row._asdict()
    return {
        "rates": {
            name: {"value": value, "numerator": part, "denominator": whole}
            for name, (value, part, whole) in made(definition, figures).items()
        },
        "counts": {name: figures[name] for name in definition.counts},
    }


def made(definition: OnTimeDefinition, figures: dict[str, int]) -> dict[str, tuple[str | None, int, int]]:
    """Its rates of a set of figures: name → (value, numerator, denominator)."""
    rates: dict[str, tuple[str | None, int, int]] = {}
    for each in definition.rates:
        part, whole = summed(each.numerator, figures), summed(each.denominator, figures)
        value = rate(part, whole, each.decimals)
        if each.remainder_of is not None and value is not None:
            value = _remainder(rates[each.remainder_of][0], each.decimals)
        rates[each.name] = (value, part, whole)
    return rates


def _remainder(rounded: str | None, decimals: int) -> str:
    """100 % less a rounded rate."""
    shares = int((rounded or "0").replace(".", ""))
    return str(rate(100 * 10**decimals - shares, 100 * 10**decimals, decimals))
