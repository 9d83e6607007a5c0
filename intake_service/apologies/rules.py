"""Whether an apology can have been sent or received then, and what became of a proposal. Pure."""

from datetime import datetime

from intake_service.lifecycle.rules import instant_reason
from shared.contracts.apologies import ProposalState
from shared.domain.lifecycle import ApologyKind
from shared.domain.personal import Datum
from shared.web.problems import Reason

#: What the words of a sending are, by its channel.
REACHED_BY = {
    "sms": Datum.PHONE,
    "phone": Datum.PHONE,
    "social_network": Datum.PHONE,
    "email": Datum.EMAIL,
    "post": Datum.ADDRESS,
    "counter": Datum.ADDRESS,
}
KINDS = {int(kind): kind.name.lower() for kind in ApologyKind}


def state_of(accepted: bool | None) -> ProposalState:
    """How a proposal stands."""
    if accepted is None:
        return "open"
    return "accepted" if accepted else "rejected"


def delivery_refused(
    *, made_at: datetime, sent_at: datetime | None, received: bool, at: datetime, now: datetime
) -> Reason | None:
    """Why an apology made at `made_at` and first sent at `sent_at` was not sent, or received, at `at`."""
    if not received:
        return instant_reason("occurred_at", at, not_before=made_at, early_code="before_apology", now=now)
    if sent_at is None:
        return Reason("", "not_sent")
    return instant_reason("occurred_at", at, not_before=sent_at, early_code="before_sending", now=now)
