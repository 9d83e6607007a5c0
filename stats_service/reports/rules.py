"""What the figures are: from sums of counts to figures, from figures to rates, from agencies to rows. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from shared.contracts.stats import Definition
from shared.domain.agencies import Agency, AgencyTree, Level
from shared.domain.lifecycle import Channel
from shared.web.problems import Problem, Reason, invalid

FIRST_DAY = date(1990, 1, 1)
LAST_DAY = date(2100, 12, 31)
DAY = timedelta(days=1)
#: Changes when a figure changes its meaning.
DEFINITION = "resolution/1"

LEVEL_VI = MappingProxyType(
    {
        Level.MINISTRY: "Bộ, ngành Trung ương",
        Level.PROVINCE: "Cấp tỉnh",
        Level.DISTRICT: "Cấp huyện",
        Level.COMMUNE: "Cấp xã",
    }
)
CHANNEL_VI = MappingProxyType(
    {Channel.COUNTER: "Trực tiếp", Channel.ONLINE: "Trực tuyến", Channel.POST: "Bưu chính công ích"}
)


class Sums(NamedTuple):
    """Counts summed over all days before a boundary: the metrics of shared.domain.counts, then two of its channels."""

    received: int = 0
    resolved: int = 0
    resolved_early: int = 0
    resolved_on_day: int = 0
    resolved_without_term: int = 0
    fell_late: int = 0
    late_settled: int = 0
    paused_net: int = 0
    received_online: int = 0
    received_post: int = 0


NOTHING = Sums()


class Figures(NamedTuple):
    """The counts of a report's row. All are sums over dossiers, so figures of disjoint sets add up."""

    carried_over: int
    received: int
    received_online: int
    received_counter: int
    received_post: int
    to_handle: int
    resolved: int
    resolved_early: int
    resolved_on_day: int
    resolved_late: int
    resolved_on_time: int
    resolved_without_term: int
    pending: int
    pending_in_term: int
    pending_overdue: int
    pending_paused: int

    def wire(self) -> dict[str, object]:
        """The counts and the rates, by name, in the order of the contract."""
        return {**self._asdict(), **rates(self)}


ZERO = Figures(*([0] * len(Figures._fields)))


def figures(before: Sums, through: Sums) -> Figures:
    """The figures of a period from the sums before its first day and the sums through its last day."""
    carried_over = before.received - before.resolved
    received = through.received - before.received
    online = through.received_online - before.received_online
    post = through.received_post - before.received_post
    resolved = through.resolved - before.resolved
    early = through.resolved_early - before.resolved_early
    on_day = through.resolved_on_day - before.resolved_on_day
    pending = through.received - through.resolved
    overdue = through.fell_late - through.late_settled
    return Figures(
        carried_over=carried_over,
        received=received,
        received_online=online,
        received_counter=received - online - post,
        received_post=post,
        to_handle=carried_over + received,
        resolved=resolved,
        resolved_early=early,
        resolved_on_day=on_day,
        resolved_late=resolved - early - on_day,
        resolved_on_time=early + on_day,
        resolved_without_term=through.resolved_without_term - before.resolved_without_term,
        pending=pending,
        pending_in_term=pending - overdue,
        pending_overdue=overdue,
        pending_paused=through.paused_net,
    )


def added(parts: Iterable[Figures]) -> Figures:
    """The figures of disjoint sets of dossiers taken together."""
    columns = list(zip(*parts, strict=True))
    return Figures(*map(sum, columns)) if columns else ZERO


def rate(part: int, whole: int) -> str | None:
    """`part` in percent of `whole`, two decimals, half up; None when there is nothing to divide by."""
    if whole == 0:
        return None
    hundredths = (part * 20_000 + whole) // (2 * whole)
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def rates(row: Figures) -> dict[str, str | None]:
    """The four rates, each rounded on its own. Three denominators are in use in the field, so each has its name."""
    return {
        "on_time_rate": rate(row.resolved_on_time, row.resolved),
        "late_rate": rate(row.resolved_late, row.resolved),
        "received_on_time_rate": rate(row.resolved_on_time, row.to_handle),
        "national_on_time_rate": rate(row.resolved_on_time + row.pending_in_term, row.to_handle),
    }


def broken_identities(row: Figures) -> list[str]:
    """The identities of report 06/VPCP/KSTT that a row breaks: none, ever."""
    held = {
        "to_handle = carried_over + received": row.to_handle == row.carried_over + row.received,
        "to_handle = resolved + pending": row.to_handle == row.resolved + row.pending,
        "received = online + counter + post": row.received
        == row.received_online + row.received_counter + row.received_post,
        "resolved = early + on_day + late": row.resolved
        == row.resolved_early + row.resolved_on_day + row.resolved_late,
        "resolved_on_time = early + on_day": row.resolved_on_time == row.resolved_early + row.resolved_on_day,
        "pending = in_term + overdue": row.pending == row.pending_in_term + row.pending_overdue,
        "pending_paused is of pending": row.pending_paused <= row.pending,
        "resolved_without_term is of resolved_on_day": row.resolved_without_term <= row.resolved_on_day,
        "no figure is negative": min(row) >= 0,
    }
    return [identity for identity, holds in held.items() if not holds]


@dataclass(frozen=True, slots=True)
class Period:
    """The days [first, last], both included."""

    first: date
    last: date

    @property
    def after(self) -> date:
        """The day after the last."""
        return self.last + DAY

    def months(self) -> Iterator["Period"]:
        """The period cut at the beginnings of months."""
        first = self.first
        while first <= self.last:
            following = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
            yield Period(first, min(self.last, following - DAY))
            first = following


def checked_period(first: date, last: date, today: date) -> Period:
    """The period, or the Problem that says what is wrong with it. What has not happened yet is not reported."""
    reasons = []
    limit = f"{FIRST_DAY} … {LAST_DAY}"
    for field, day in (("from", first), ("to", last)):
        if not FIRST_DAY <= day <= LAST_DAY:
            reasons.append(Reason(field, "period_absurd", {"limit": limit}))
        elif day > today:
            reasons.append(Reason(field, "period_in_future"))
    if not reasons and first > last:
        reasons.append(Reason("from", "period_reversed"))
    if reasons:
        raise Problem("invalid_request", *reasons)
    return Period(first, last)


def checked_as_of(as_of: datetime | None, now: datetime) -> None:
    """Nobody knows yet what will be recorded."""
    if as_of is not None and as_of > now:
        raise invalid("as_of", "as_of_in_future")
    if as_of is not None and as_of.year < FIRST_DAY.year:
        raise invalid("as_of", "period_absurd", limit=f"{FIRST_DAY} … {LAST_DAY}")


def agency_at_the_end(tree: AgencyTree, code: str, last: date, seen: frozenset[int]) -> Agency:
    """The unit that carries `code` on the last day of the period, if the asker may see it (`seen`: agency ids)."""
    known = tree.known(code)
    if not known:
        raise invalid("agency", "unknown_agency")
    unit = tree.on(code, last)
    if unit is None and any(one.id in seen for one in known):
        heirs = ", ".join(sorted({heir.code for one in known for heir in _heirs(tree, one, last)}))
        raise invalid(
            "agency",
            "agency_not_in_force",
            day=last.isoformat(),
            successor_vi=f"; đơn vị kế thừa: {heirs}" if heirs else "",
            successor_en=f"; successor: {heirs}" if heirs else "",
        )
    if unit is None or unit.id not in seen:
        raise Problem("agency_out_of_scope")
    return unit


def _heirs(tree: AgencyTree, unit: Agency, day: date) -> Iterator[Agency]:
    """Who stands in for `unit` on `day`: its successors, theirs, and so on until one is in force."""
    waiting, passed = list(tree.successors.get(unit.id, ())), {unit.id}
    while waiting:
        heir = tree.by_id[waiting.pop()]
        if heir.id in passed:
            continue
        passed.add(heir.id)
        if heir.in_force(day):
            yield heir
        else:
            waiting.extend(tree.successors.get(heir.id, ()))


@dataclass(frozen=True, slots=True)
class Unit:
    """An agency as a row of a report. `under`: ids of its subtree within the report, itself included."""

    agency: Agency
    key: str
    parent: str | None
    depth: int
    in_force: bool
    under: frozenset[int]


def units_of(tree: AgencyTree, root: Agency, last: date) -> list[Unit]:
    """All units ever under `root` and all that they succeeded, parents first, siblings in Vietnamese order.

    What a predecessor left pending is its successor's to finish, so it stays in the successor's province: no dossier
    drops out of the reports at a merger. A predecessor is a row of its own under `root`; none is split between heirs.

    Those not in force on `last` count too: a commune merged away within the period stays in its province, and so does
    a dossier that a later unit took over, or the province's figure would not be the sum of what lies in it.
    """
    members = {unit.id: unit for unit in map(tree.by_id.__getitem__, tree.scope(root.id))}
    keys = _keys(members.values(), last)
    children: dict[int, list[Agency]] = defaultdict(list)
    for unit in members.values():
        if unit.id != root.id:
            children[unit.parent_id if unit.parent_id in members else root.id].append(unit)
    return list(_walk(root, None, 0, children, keys, last))


def _walk(
    agency: Agency,
    parent: str | None,
    depth: int,
    children: Mapping[int, list[Agency]],
    keys: Mapping[int, str],
    last: date,
) -> Iterator[Unit]:
    below = [
        list(_walk(child, keys[agency.id], depth + 1, children, keys, last))
        for child in sorted(children.get(agency.id, ()), key=lambda a: (a.sort_key, a.code, a.valid_from or date.min))
    ]
    under = frozenset({agency.id}).union(*(branch[0].under for branch in below))
    yield Unit(agency, keys[agency.id], parent, depth, agency.in_force(last), under)
    for branch in below:
        yield from branch


def _keys(units: Iterable[Agency], last: date) -> dict[int, str]:
    """The code; but codes are handed on (communes merged in 2020 took over one of their codes), and then whoever
    carried it before carries its last day too: 19500@2019-12-31."""
    by_code: dict[str, list[Agency]] = defaultdict(list)
    for unit in units:
        by_code[unit.code].append(unit)
    keys: dict[int, str] = {}
    for code, bearers in by_code.items():
        latest = max(bearers, key=lambda a: (a.in_force(last), a.valid_to or date.max, a.valid_from or date.min))
        for unit in bearers:
            keys[unit.id] = code if unit is latest else f"{code}@{unit.valid_to or date.max}"
    return keys


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a report. `more` is what only rows of its grouping carry."""

    key: str
    name: str
    figures: Figures
    more: Mapping[str, object]

    def wire(self) -> dict[str, object]:
        """As it goes out."""
        return {"key": self.key, "name": self.name, **self.more, **self.figures.wire()}


def agency_rows(units: Iterable[Unit], own: Mapping[int, Figures]) -> list[Row]:
    """Each unit's own figures: zeros too for those in force at the end, the others only where they have figures."""
    rows = []
    for unit in units:
        mine = own.get(unit.agency.id, ZERO)
        if unit.in_force or any(mine):
            more = {"level": unit.agency.level, "parent": unit.parent, "in_force": unit.in_force}
            rows.append(Row(unit.key, unit.agency.name, mine, more))
    return rows


def tree_rows(units: Iterable[Unit], own: Mapping[int, Figures]) -> list[Row]:
    """One row a unit: its figures with all units under it, and its own within."""
    rows = []
    for unit in units:
        whole = added(own[one] for one in unit.under if one in own)
        if unit.in_force or any(whole):
            more = {
                "level": unit.agency.level,
                "parent": unit.parent,
                "depth": unit.depth,
                "in_force": unit.in_force,
                "own": own.get(unit.agency.id, ZERO).wire(),
            }
            rows.append(Row(unit.key, unit.agency.name, whole, more))
    return rows


def level_rows(units: Iterable[Unit], own: Mapping[int, Figures]) -> list[Row]:
    """The levels that have units in force at the end, or figures."""
    by_level: dict[Level, list[Unit]] = defaultdict(list)
    for unit in units:
        by_level[unit.agency.level].append(unit)
    rows = []
    for level in Level:
        whole = added(own[unit.agency.id] for unit in by_level[level] if unit.agency.id in own)
        if any(unit.in_force for unit in by_level[level]) or any(whole):
            rows.append(Row(level.value, LEVEL_VI[level], whole, {}))
    return rows


def channel_rows(by_channel: Mapping[int, Figures]) -> list[Row]:
    """All three channels, zeros included."""
    return [Row(c.name.lower(), CHANNEL_VI[c], by_channel.get(c.value, ZERO), {}) for c in Channel]


def month_rows(months: Iterable[tuple[Period, Figures]]) -> list[Row]:
    """Each month with what it began and ended with: the pending of one is the carried over of the next."""
    return [
        Row(f"{m.first:%Y-%m}", f"Tháng {m.first:%m/%Y}", month, {"from": m.first, "to": m.last}) for m, month in months
    ]


#: The figures in the order in which reports carry them; every formula is in terms of figures or of the list behind it.
DEFINITIONS = tuple(
    Definition(name=name, kind="count", title_vi=vi, title_en=en, formula=formula, source=source)
    for name, vi, en, formula, source in (
        (
            "carried_over",
            "Kỳ trước chuyển qua",
            "Carried over",
            "received before the period, and not finished before it",
            "TT 01/2020/TT-VPCP, II.06a column 6",
        ),
        ("received", "Tiếp nhận trong kỳ", "Received", "received in the period", "TT 01/2020/TT-VPCP, II.06a"),
        (
            "received_online",
            "Tiếp nhận trực tuyến",
            "Received online",
            "of received: channel online",
            "TT 01/2020/TT-VPCP, II.06a column 4",
        ),
        (
            "received_counter",
            "Tiếp nhận trực tiếp",
            "Received at the counter",
            "of received: channel counter",
            "TT 01/2020/TT-VPCP, II.06a column 5",
        ),
        (
            "received_post",
            "Tiếp nhận qua bưu chính công ích",
            "Received by post",
            "of received: channel post",
            "TT 01/2020/TT-VPCP, II.06a column 5",
        ),
        (
            "to_handle",
            "Tổng số hồ sơ phải giải quyết",
            "To handle",
            "carried_over + received = resolved + pending",
            "TT 01/2020/TT-VPCP, II.06a column 3; 3322/UBND-NC",
        ),
        (
            "resolved",
            "Đã giải quyết",
            "Resolved",
            "finished in the period (đã xử lý xong, refusals on the merits, withdrawals and stops included)",
            "NĐ 61/2018 art. 19(8); TT 01/2020/TT-VPCP, II.06a column 7",
        ),
        (
            "resolved_early",
            "Giải quyết trước hạn",
            "Resolved early",
            "of resolved: finished before the due day",
            "TT 01/2020/TT-VPCP, II.06a column 8",
        ),
        (
            "resolved_on_day",
            "Giải quyết đúng hạn",
            "Resolved on the day",
            "of resolved: finished on the due day (hour terms: by the hour), or without a term",
            "TT 01/2020/TT-VPCP, II.06a column 9",
        ),
        (
            "resolved_late",
            "Giải quyết quá hạn",
            "Resolved late",
            "resolved - resolved_early - resolved_on_day: finished after the due day",
            "TT 01/2020/TT-VPCP, II.06a column 10",
        ),
        (
            "resolved_on_time",
            "Giải quyết đúng và trước hạn",
            "Resolved on time",
            "resolved_early + resolved_on_day",
            "3322/UBND-NC",
        ),
        (
            "resolved_without_term",
            "Đã giải quyết, không có thời hạn",
            "Resolved without a term",
            "of resolved_on_day: the procedure has no term, so that nobody takes them for on time",
            "shown apart by this system",
        ),
        (
            "pending",
            "Đang giải quyết",
            "Pending",
            "received by the end of the period, and not finished by then",
            "TT 01/2020/TT-VPCP, II.06a column 11",
        ),
        (
            "pending_in_term",
            "Đang giải quyết trong hạn",
            "Pending in term",
            "pending - pending_overdue",
            "TT 01/2020/TT-VPCP, II.06a column 12",
        ),
        (
            "pending_overdue",
            "Đang giải quyết quá hạn",
            "Pending overdue",
            "of pending: the first late day is not after the last day of the period",
            "TT 01/2020/TT-VPCP, II.06a column 13",
        ),
        (
            "pending_paused",
            "Tạm dừng, chờ bổ sung",
            "Paused",
            "of pending: waiting for the applicant at the end of the last day",
            "QĐ 766/QĐ-TTg progress table",
        ),
    )
) + tuple(
    Definition(name=name, kind="rate", title_vi=vi, title_en=en, formula=formula, source=source)
    for name, vi, en, formula, source in (
        (
            "on_time_rate",
            "Tỷ lệ đúng hạn trên đã giải quyết",
            "On-time rate",
            "resolved_on_time / resolved",
            "3322/UBND-NC",
        ),
        ("late_rate", "Tỷ lệ quá hạn trên đã giải quyết", "Late rate", "resolved_late / resolved", "3322/UBND-NC"),
        (
            "received_on_time_rate",
            "Tỷ lệ đúng hạn trên tiếp nhận",
            "On-time rate of what was to be handled",
            "resolved_on_time / to_handle",
            "NĐ 61/2018 art. 30(2)c",
        ),
        (
            "national_on_time_rate",
            "Tỷ lệ đúng hạn theo Quyết định 766",
            "National on-time rate",
            "(resolved_on_time + pending_in_term) / to_handle",
            "QĐ 766/QĐ-TTg, indicator 2.1",
        ),
    )
)
