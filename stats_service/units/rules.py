"""Which units a report counts, in which row each stands, and how they hang together. Pure.

The units as they were: every unit ever under the agency asked for, and all that these succeeded. On the map of today a
unit that is no more stands in the row of its heir. One that several heirs divided among them cannot be restated by
counts: it keeps a row of its own, and gives to an heir only the dossiers whose cases are known to have gone there.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from shared.domain.agencies import Agency, AgencyTree
from shared.web.problems import Problem, invalid


@dataclass(frozen=True, slots=True)
class Unit:
    """An agency as a row of a report. `under`: ids of its subtree within the report, itself included. `divided`: it has
    several heirs; None where the units stand as they were."""

    agency: Agency
    key: str
    parent: str | None
    depth: int
    in_force: bool
    under: frozenset[int]
    divided: bool | None = None


@dataclass(frozen=True)
class Landscape:
    """The units of a report, parents first. `shown_at`: id of each agency whose dossiers are counted → id of the unit
    in whose row they stand. `open`: ids of agencies that are no more and have not one heir: where the case of a dossier
    went decides. `heirs`: where a case may have gone → the unit that stands for it."""

    units: Sequence[Unit]
    shown_at: Mapping[int, int]
    open: frozenset[int] = frozenset()
    heirs: Mapping[int, int] = field(default_factory=dict)

    @cached_property
    def agencies(self) -> list[int]:
        """Ids of all agencies whose dossiers are counted."""
        return list(self.shown_at)

    def place(self, agency: int, moved_to: int | None = None) -> int:
        """The unit in whose row a dossier of `agency` stands, if a reorganisation moved its case to `moved_to`."""
        return self.shown_at[agency] if moved_to is None else self.heirs.get(moved_to, self.shown_at[agency])


def agency_at_the_end(tree: AgencyTree, code: str, last: date, seen: frozenset[int]) -> Agency:
    """The unit that carries `code` on the last day of the period, if the asker may see it (`seen`: agency ids)."""
    if not tree.known(code):
        raise invalid("agency", "unknown_agency")
    unit = tree.on(code, last)
    if unit is None:
        refuse_not_in_force(tree, "agency", tree.known(code), last, seen)
    if unit is None or unit.id not in seen:
        raise Problem("agency_out_of_scope")
    return unit


def unit_of(landscape: Landscape, tree: AgencyTree, key: str, last: date, seen: frozenset[int]) -> Unit:
    """The row that `key` names, or the Problem that says why there is none: it does not exist, did not on the last day
    (and who stands in for it), or belongs to another agency."""
    found = next((unit for unit in landscape.units if unit.key == key), None)
    if found is not None:
        return found
    known = [one for one in tree.known(key) if one.id in seen]
    if not known:
        raise invalid("unit", "unknown_agency")
    if tree.on(key, last) is None:
        refuse_not_in_force(tree, "unit", known, last, seen)
    raise invalid("unit", "not_within_agency")


def refuse_not_in_force(
    tree: AgencyTree, field: str, known: Collection[Agency], day: date, seen: frozenset[int]
) -> None:
    """Says who stands in on `day` for units that are not in force, or who was there before them: to those who may see
    one of them."""
    if not any(one.id in seen for one in known):
        return
    found = ", ".join(sorted({heir.code for one in known for heir in heirs(tree, one, day)}))
    vietnamese, english = "đơn vị kế thừa", "successor"
    if not found:
        found = ", ".join(sorted({one.code for one in _before(tree, known, day) if one.id in seen}))
        vietnamese, english = "đơn vị tiền thân", "predecessor"
    raise invalid(
        field,
        "agency_not_in_force",
        day=day.isoformat(),
        successor_vi=f"; {vietnamese}: {found}" if found else _alone(known, day)[0],
        successor_en=f"; {english}: {found}" if found else _alone(known, day)[1],
    )


def _alone(units: Collection[Agency], day: date) -> tuple[str, str]:
    """Of units that nobody succeeded, as the districts, and nobody came before: when they were in force, in Vietnamese
    and in English."""
    ended = [unit.valid_to for unit in units if unit.valid_to is not None and unit.valid_to < day]
    if ended:
        last = max(ended).isoformat()
        return f"; hoạt động đến ngày {last}, không có đơn vị kế thừa", f"; it ended on {last}, without a successor"
    begun = [unit.valid_from for unit in units if unit.valid_from is not None and unit.valid_from > day]
    first = min(begun).isoformat() if begun else ""
    return (f"; hoạt động từ ngày {first}", f"; it began on {first}") if begun else ("", "")


def _before(tree: AgencyTree, units: Collection[Agency], day: date) -> Iterator[Agency]:
    """Who was in force on `day` and has one of `units` among its successors, at any distance."""
    later = {unit.id for unit in units}
    for agency in tree.successors:
        if tree.by_id[agency].in_force(day) and later & _successors(tree, agency):
            yield tree.by_id[agency]


def heirs(tree: AgencyTree, unit: Agency, day: date) -> Iterator[Agency]:
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


def as_they_were(tree: AgencyTree, root: Agency, last: date) -> Landscape:
    """All units ever under `root` and all that they succeeded, siblings in Vietnamese order.

    What a predecessor left pending is its successor's to finish, so it stays in the successor's province: no dossier
    drops out of the reports at a merger. A predecessor is a row of its own under `root`; none is split between heirs.

    Those not in force on `last` count too: a commune merged away within the period stays in its province, and so does
    a dossier that a later unit took over, or the province's figure would not be the sum of what lies in it.
    """
    members = {unit.id: unit for unit in map(tree.by_id.__getitem__, tree.scope(root.id))}
    parents = {
        unit.id: unit.parent_id if unit.parent_id in members else root.id
        for unit in members.values()
        if unit.id != root.id
    }
    units = _arranged(members.values(), root, parents, last)
    return Landscape(units, {unit.agency.id: unit.agency.id for unit in units})


def on_todays_map(tree: AgencyTree, root: Agency, today: date) -> Landscape:
    """The same dossiers in the rows of those who stand in for their units today, under whoever stands in for `root`."""
    shown_at, divided, followed = {}, set(), set()
    for agency in tree.scope(root.id):
        found = _heirs_today(tree, agency, today)
        shown_at[agency] = found[0] if len(found) == 1 else agency
        if len(found) > 1:
            divided.add(agency)
            followed.update(_successors(tree, agency))
    shown = {*shown_at.values(), *(heir for agency in divided for heir in _heirs_today(tree, agency, today))}
    top = tree.by_id[shown_at[root.id]]
    parents = {unit: _parent(tree, tree.by_id[unit], shown_at, shown, top.id, today) for unit in shown - {top.id}}
    units = _arranged((tree.by_id[unit] for unit in shown), top, parents, today, divided=divided)
    gone = frozenset(
        agency for agency, at in shown_at.items() if at == agency and not tree.by_id[agency].in_force(today)
    )
    stand_in = {one: found[0] for one in followed if len(found := _heirs_today(tree, one, today)) == 1}
    return Landscape(units, shown_at, gone, {**{unit: unit for unit in shown}, **stand_in, **shown_at})


def _heirs_today(tree: AgencyTree, agency: int, today: date) -> list[int]:
    """Who stands in for an agency today: itself while it is in force."""
    unit = tree.by_id[agency]
    return [agency] if unit.in_force(today) else sorted({heir.id for heir in heirs(tree, unit, today)})


def _successors(tree: AgencyTree, agency: int) -> set[int]:
    """All who ever succeeded it, at any distance."""
    found: set[int] = set()
    waiting = [agency]
    while waiting:
        following = [one for one in tree.successors.get(waiting.pop(), ()) if one not in found]
        found.update(following)
        waiting.extend(following)
    return found


def _parent(
    tree: AgencyTree, unit: Agency, shown_at: Mapping[int, int], shown: Collection[int], top: int, today: date
) -> int:
    """The nearest unit above that has a row. Above a unit of today stand units of today only."""
    above = unit.parent_id
    while above is not None:
        at = shown_at.get(above, above)
        if at in shown and at != unit.id and (tree.by_id[at].in_force(today) or not unit.in_force(today)):
            return at
        above = tree.by_id[above].parent_id
    return top


def _arranged(
    members: Iterable[Agency],
    root: Agency,
    parents: Mapping[int, int],
    day: date,
    *,
    divided: Collection[int] | None = None,
) -> list[Unit]:
    listed = list(members)
    keys = _keys(listed, day)
    children: dict[int, list[Agency]] = defaultdict(list)
    for unit in listed:
        if unit.id != root.id:
            children[parents[unit.id]].append(unit)

    def walk(agency: Agency, parent: str | None, depth: int) -> Iterator[Unit]:
        below = [
            list(walk(child, keys[agency.id], depth + 1))
            for child in sorted(children[agency.id], key=lambda a: (a.sort_key, a.code, a.valid_from or date.min))
        ]
        under = frozenset({agency.id}).union(*(branch[0].under for branch in below))
        parted = None if divided is None else agency.id in divided
        yield Unit(agency, keys[agency.id], parent, depth, agency.in_force(day), under, parted)
        for branch in below:
            yield from branch

    return list(walk(root, None, 0))


def _keys(units: Iterable[Agency], day: date) -> dict[int, str]:
    """The code; but codes are handed on (communes merged in 2020 took over one of their codes), and then whoever
    carried it before carries its last day too: 19500@2019-12-31."""
    by_code: dict[str, list[Agency]] = defaultdict(list)
    for unit in units:
        by_code[unit.code].append(unit)
    keys: dict[int, str] = {}
    for code, bearers in by_code.items():
        latest = max(bearers, key=lambda a: (a.in_force(day), a.valid_to or date.max, a.valid_from or date.min))
        for unit in bearers:
            keys[unit.id] = code if unit is latest else f"{code}@{unit.valid_to or date.max}"
    return keys
