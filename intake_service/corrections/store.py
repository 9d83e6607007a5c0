"""The SQL of corrections: the reception and the applicant as they are right. What was stands in the event."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from intake_service.corrections.rules import Reception
from intake_service.dossiers.store import Person
from shared.web.database import Writing


async def receive_otherwise(connection: Writing, dossier_id: int, reception: Reception) -> None:
    """Set where, how and when a locked dossier was received; one that came in at the counter was handed in then."""
    await connection.execute(
        "UPDATE dossier SET version_id = $2, agency_id = $3, channel = $4, case_no = $5, submitted_at = $6"
        " WHERE id = $1",
        dossier_id,
        reception.version_id,
        reception.agency_id,
        reception.channel,
        reception.case,
        reception.submitted_at or reception.accepted_at,
    )


async def went_on_at(connection: Writing, dossier_id: int) -> datetime | None:
    """When the first step was taken that routing has of a dossier: it was handed over, received, assigned, a share was
    done, or a finish reported. What the opening of its case sent on begins with the reception, and follows it; a
    reorganisation moves what lies there, whenever it came in."""
    at: datetime | None = await connection.fetchval(
        """
        SELECT min(at) FROM (
          SELECT h.occurred_at FROM hand_over h JOIN dossier_case c USING (dossier_id)
          WHERE h.dossier_id = $1 AND h.kind <> 'reorganisation' AND NOT (h.seq = 1 AND h.occurred_at <= c.opened_at)
          UNION ALL SELECT occurred_at FROM hand_over_receipt WHERE dossier_id = $1
          UNION ALL SELECT occurred_at FROM assignment WHERE dossier_id = $1
          UNION ALL SELECT left_at FROM case_segment WHERE dossier_id = $1 AND left_by IS NOT NULL
          UNION ALL SELECT finished_at FROM dossier_case WHERE dossier_id = $1
        ) AS step (at)
        """,
        dossier_id,
    )
    return at


async def name_otherwise(connection: Writing, dossier_id: int, person: Person) -> None:
    """Set whose dossier it is."""
    await connection.execute(
        "UPDATE applicant SET kind = $2, name = $3, name_search = $4, id_number = $5, phone = $6, phone_digits = $7,"
        " email = $8, address = $9, submitted_by = $10::text::jsonb, id_index = $11 WHERE dossier_id = $1",
        dossier_id,
        *person,
    )


def person_of(row: Mapping[str, Any], changes: Mapping[str, Any], keys: Mapping[str, Any]) -> Person:
    """An applicant as stored, with some fields otherwise, and the keys that it is found by."""
    whole = {**{field: row["applicant_name" if field == "name" else field] for field in _GIVEN}, **changes, **keys}
    return Person(**whole)


_GIVEN = ("kind", "name", "id_number", "phone", "email", "address", "submitted_by")
