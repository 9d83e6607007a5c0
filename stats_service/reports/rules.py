"""Which days and whose dossiers a report is about, and what its rows are. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType

from shared.domain.agencies import Agency, AgencyTree, Level
from shared.domain.lifecycle import Channel
from shared.web.problems import Problem, Reason, invalid
from stats_service.figures.rules import ZERO, Figures, added

FIRST_DAY = date(1990, 1, 1)
LAST_DAY = date(2100, 12, 31)
DAY = timedelta(days=1)
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
