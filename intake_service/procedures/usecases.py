"""What one can do with procedures."""

from collections.abc import Sequence

from intake_service.procedures import store
from intake_service.procedures.rules import ProcedureRow, ProceduresLoaded, need_distinct


async def load_procedures(connection: store.Connection, procedures: Sequence[ProcedureRow]) -> ProceduresLoaded:
    """Bring the catalogue to what the list says, in one transaction. The same list twice changes nothing.

    What the list no longer names stays: dossiers refer to it. Raises BrokenProcedures before anything is written.
    """
    need_distinct(procedures)
    async with connection.transaction():
        await store.lock(connection)
        changed = await store.change_procedures(connection, procedures)
        added = await store.add_procedures(connection, procedures)
        offers = await store.set_offers(connection, procedures)
        terms = await store.set_terms(connection, procedures)
        loaded = ProceduresLoaded(added, changed, offers, terms)
        if loaded.anything:
            await store.bump_revision(connection)
    return loaded
