"""What routing decides about webhooks: of whose dossiers one may be told, and what may be done to it."""

from dataclasses import dataclass
from datetime import date, datetime

from routing_service.agencies.rules import absence
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.problems import Problem, Reason

#: Each target has connections of its own to it, so their number bounds those.
LIMIT, LIMIT_OF_AGENCY = 200, 20
ACTIVE, PAUSED, DISABLED, DELETED = "active", "paused", "disabled", "deleted"


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """A webhook as it is kept. secret, previous_secret: sealed; None: deleted, none. failures: of its target, in a
    row; at so many it rests until `resting_until`."""

    id: int
    agency_id: int
    url: str
    kinds: tuple[str, ...]
    due_soon_days: int
    description: str | None
    state: str
    disabled_reason: str | None
    secret: str | None
    previous_secret: str | None
    previous_until: datetime | None
    failures: int
    resting_until: datetime | None
    delivered: int
    failed: int
    dead: int
    created_at: datetime
    created_by: str
    version: int


def agency_of(code: str | None, principal: Principal, reference: Reference, today: date) -> int | Problem:
    """Of whose dossiers a webhook is told that who asks makes."""
    agency = reference.agencies.on(code, today) if code else principal.agency
    if agency is None or not agency.in_force(today):
        return Problem("invalid_request", absence("agency", reference.agencies, code or principal.agency.code, today))
    return agency.id if principal.covers(agency.id) else Problem("agency_out_of_scope")


def too_many(of_agency: int, of_all: int) -> Problem | None:
    """Why there can be no more of them."""
    for there, limit in ((of_agency, LIMIT_OF_AGENCY), (of_all, LIMIT)):
        if there >= limit:
            return Problem("conflict", Reason("", "too_many_webhooks", {"limit": limit}))
    return None


def visible(row: WebhookRow | None, principal: Principal) -> WebhookRow | Problem:
    """The webhook, to whoever covers its agency; what was deleted is not there."""
    if row is None or row.state == DELETED or not principal.covers(row.agency_id):
        return Problem("not_found")
    return row
