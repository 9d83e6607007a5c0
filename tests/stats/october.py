"""October 2025 in the merged province: what the tests of the index of Decision 766 count."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx

from shared.domain.lifecycle import Channel, EventKind
from stats_service.app import create_app
from tests.builders import a_dossier
from tests.support import JUSTICE, PROVINCE, REGISTER_COPY, WARD, bearer, current_reference, serving, settings_for


async def _write(owner_url: str) -> None:
    """Dossiers of a ward, a department and the province itself."""
    owner = await asyncpg.connect(owner_url)
    reference = await current_reference(owner)
    done = EventKind.FINISHED
    for agency, channel, accepted, finished in (
        (WARD, Channel.COUNTER, "Monday 2025-10-06 08:00", "Tuesday 2025-10-07 16:00"),  # on the day
        (WARD, Channel.ONLINE, "Monday 2025-10-06 08:00", "Wednesday 2025-10-08 08:00"),  # late
        (WARD, Channel.ONLINE, "Friday 2025-10-31 08:00", None),  # open, due on Monday 3/11
        (WARD, Channel.COUNTER, "Monday 2025-09-29 08:00", None),  # carried over, late
        (JUSTICE, Channel.POST, "Monday 2025-10-13 08:00", "Tuesday 2025-10-14 08:00"),
        (JUSTICE, Channel.COUNTER, "Monday 2025-09-01 08:00", "Wednesday 2025-09-03 08:00"),  # over before
        (PROVINCE, Channel.COUNTER, "Monday 2025-10-20 08:00", "Friday 2025-10-24 08:00"),  # late
    ):
        happened = [(done, finished)] if finished else []
        await a_dossier(
            owner,
            reference,
            accepted=accepted,
            agency=agency,
            channel=channel,
            procedure=REGISTER_COPY,
            happened=happened,
        )
    await owner.close()


@asynccontextmanager
async def october(database: Any, issuer: Any) -> AsyncIterator[httpx.AsyncClient]:
    """The service over this month, asked by a leader."""
    await _write(database.owner_url)
    async with serving(create_app(settings_for(database, issuer))) as client:
        client.headers.update(bearer(issuer, "leader", PROVINCE))
        yield client
