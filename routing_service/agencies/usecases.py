"""What one can do with agencies."""

from collections.abc import Sequence
from datetime import date

from routing_service.agencies import rules, store
from routing_service.agencies.rules import AgenciesLoaded, SuccessionRow, UnitRow, need_known, parents
from shared.domain.agencies import Agency, AgencyTree, Level
from shared.web.problems import Problem


async def load_agencies(
    connection: store.Connection, units: Sequence[UnitRow], successions: Sequence[SuccessionRow]
) -> AgenciesLoaded:
    """Bring the agencies to what the list says, in one transaction. The same list twice changes nothing.

    A unit that the list no longer names stays: dossiers refer to it. Raises BrokenAgencies before anything is written.
    """
    places = parents(units)
    need_known(units, successions)
    async with connection.transaction():
        await store.lock(connection)
        changed = await store.change_units(connection, units)  # first: it may end a period that a new unit follows
        added = await store.add_units(connection, units)
        linked = await store.place(connection, places) + await store.succeed(connection, successions)
        loaded = AgenciesLoaded(added, changed, linked)
        if loaded.anything:
            await store.bump_revision(connection)
    return loaded


def in_force(
    tree: AgencyTree,
    day: date,
    *,
    level: Level | None,
    parent: str | None,
    q: str | None,
    after: tuple[str, str] | None,
) -> list[Agency]:
    """The units in force on `day`, in Vietnamese order. A parent that is not in force that day is a Problem."""
    above = None
    if parent is not None:
        above = tree.on(parent, day)
        if above is None:
            raise Problem("invalid_request", rules.absence("parent", tree, parent, day))
    wanted = rules.AgencyFilter(level, above.id if above else None, q)
    return rules.listed(tree, day, wanted, after)


def one(tree: AgencyTree, code: str, day: date) -> Agency:
    """The unit that carries `code` on `day`. Else a Problem, which names who took over from it."""
    agency = tree.on(code, day)
    if agency is None:
        raise Problem("not_found", rules.absence("code", tree, code, day))
    return agency
