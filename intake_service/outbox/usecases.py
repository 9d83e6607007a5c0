"""Telling routing of every dossier received or re-opened, and of every reception corrected. While routing is down the
reader stands still, and intake works on."""

from datetime import datetime

import structlog

from intake_service.lifecycle.usecases import begin_processing
from intake_service.outbox import store
from shared.contracts.cases import MAX_OPENINGS, CaseOpening
from shared.contracts.neighbour import NeighbourRefused, NeighbourUnavailable
from shared.contracts.routing import RoutingClient
from shared.reference import Reference
from shared.web.app import Room
from shared.web.background import Worker
from shared.web.clock import now
from shared.web.database import Connection

CONSUMER = "tell_routing"
#: Events looked at in a round; of these only receptions, their corrections and re-openings are told.
WINDOW = 5_000

log = structlog.get_logger()


def tell_routing_worker(room: Room) -> Worker:
    """The consumer that tells routing."""
    routing = RoutingClient(room.http, room.settings.routing_url)

    async def work(connection: Connection) -> bool:
        return await tell_routing(connection, routing, room.reference.current, now())

    return Worker(room.pool, "intake.tell_routing", work)


async def tell_routing(connection: Connection, routing: RoutingClient, reference: Reference, at: datetime) -> bool:
    """Tell routing of the next receptions, corrections and re-openings, then note that processing began. Returns
    whether more may wait.

    The position moves in the transaction that notes it. A crash in between tells again, and routing answers that the
    case is open already.
    """
    begin = await store.position(connection, CONSUMER)
    events = await store.events_after(connection, begin, WINDOW)
    if not events:
        return False
    told = [row for row in events if row["code"] is not None][:MAX_OPENINGS]
    last = told[-1] if len(told) == MAX_OPENINGS else events[-1]
    known: set[str] = set()
    if told:
        openings = [CaseOpening(code=row["code"], opened_at=row["occurred_at"]) for row in told]
        try:
            answer = await routing.open_cases(openings)
        except (NeighbourUnavailable, NeighbourRefused) as error:
            log.warning("outbox.routing_not_told", error=str(error), waiting=len(told))
            return False
        known = {item.code for item in answer.items if item.result != "not_found"}
        unknown = {row["code"] for row in told} - known
        if unknown:  # told again on the next reading of the log by an operator, never silently dropped
            log.error("outbox.routing_does_not_know", count=len(unknown))
    async with connection.transaction():
        ids = [row["dossier_id"] for row in told if row["code"] in known]
        await begin_processing(connection, reference, ids, at)
        await store.move(connection, CONSUMER, store.Position(last["txid"], last["id"]))
    return True
