"""The SQL of the log of hand-overs. What is appended to it is written with the case, in `cases/store.py:apply`."""

import asyncpg

from routing_service.cases.rules import Movement
from routing_service.hand_overs.rules import HandOverRow, Receipt
from shared.web.database import Connection


async def log(connection: Connection, dossier_id: int) -> list[HandOverRow]:
    """All movements of a case, in order: the n-th has the number n."""
    rows = await connection.fetch(
        "SELECT h.*, r.occurred_at AS received_at, r.recorded_at AS receipt_recorded_at, r.actor AS receiver,"
        " r.acting_agency_id AS receiving_agency_id, r.implied, g.delegator"
        " FROM hand_over h LEFT JOIN hand_over_receipt r USING (dossier_id, seq)"
        " LEFT JOIN delegation g ON g.id = h.delegation_id WHERE h.dossier_id = $1 ORDER BY h.seq",
        dossier_id,
    )
    return [
        HandOverRow(
            seq=row["seq"],
            kind=Movement(row["kind"]),
            answers=row["answers"],
            from_agency_id=row["from_agency_id"],
            from_desk=row["from_desk"],
            to_agency_id=row["to_agency_id"],
            to_desk=row["to_desk"],
            occurred_at=row["occurred_at"],
            recorded_at=row["recorded_at"],
            actor=row["actor"],
            acting_agency_id=row["acting_agency_id"],
            delegator=row["delegator"],
            note=row["note"],
            reorganisation_id=row["reorganisation_id"],
            receipt=_receipt(row) if row["received_at"] is not None else None,
        )
        for row in rows
    ]


def _receipt(row: asyncpg.Record) -> Receipt:
    return Receipt(
        row["received_at"], row["receipt_recorded_at"], row["receiver"], row["receiving_agency_id"], row["implied"]
    )
