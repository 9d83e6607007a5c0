"""What one can do with agencies."""

from collections.abc import Sequence

from routing_service.agencies import store
from routing_service.agencies.rules import AgenciesLoaded, SuccessionRow, UnitRow, need_known, parents


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
