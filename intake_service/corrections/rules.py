"""What a correction makes of a dossier's clock, and when it cannot be. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from intake_service.dossiers.rules import Place
from intake_service.lifecycle.rules import CLOCK_TOLERANCE, NO_STEP
from shared.domain.civil_time import shown
from shared.domain.deadline import Account, Anew, Clock
from shared.domain.life import Happened
from shared.domain.lifecycle import EventKind
from shared.domain.recompute import recomputed
from shared.web.problems import Reason


@dataclass(frozen=True, slots=True)
class Reception:
    """Where, how and when a dossier was received. submitted_at: None where it was looked at on the spot."""

    accepted_at: datetime
    version_id: int
    agency_id: int
    channel: int
    case: int
    submitted_at: datetime | None = None


def corrected_reception(was: Reception, place: Place, accepted_at: datetime) -> Reception:
    """The reception as it is right."""
    return Reception(accepted_at, place.version.id, place.agency.id, int(place.channel), place.case, was.submitted_at)


def untimely(
    accepted_at: datetime,
    submitted_at: datetime | None,
    history: Sequence[Happened],
    now: datetime,
    went_on_at: datetime | None = None,
) -> Reason | None:
    """Why a dossier cannot have been accepted then: in the future, before it was handed in, after what followed.
    went_on_at: when the first step was taken that routing has of it."""
    if accepted_at > now + CLOCK_TOLERANCE:
        return Reason("accepted_at", "in_future")
    if submitted_at is not None and accepted_at < submitted_at:
        return Reason("accepted_at", "before_submission")
    begun = next(n for n, event in enumerate(history) if event.kind is EventKind.ACCEPTED)
    before = max((event.at for event in history[:begun]), default=None)
    if before is not None and accepted_at < before:
        return Reason("accepted_at", "out_of_order")
    steps = [event.at for event in history[begun + 1 :] if event.kind not in NO_STEP]
    followed = min(steps if went_on_at is None else [*steps, went_on_at], default=None)
    if followed is not None and accepted_at > followed:
        at = shown(followed)
        return Reason("accepted_at", "after_what_followed", {"at": at.isoformat() if at else ""})
    return None


def correction(account: Account, at: datetime, decision: str) -> Happened:
    """The event of a correction that moves no date."""
    dates = Anew(account.accepted_at, account.original_due, account.judged, account.promised, account.stopped)
    return Happened(EventKind.CORRECTED, at, account.due, anew=dates, decision=decision)


def reckoned_anew(history: Sequence[Happened], event: Happened, accepted_at: datetime, clock: Clock) -> Happened:
    """`event` with the dates that the history makes from the corrected reception on. A date that somebody named
    stands. Raises CalendarMissing."""
    assert event.anew is not None
    right = event._replace(anew=event.anew._replace(accepted_at=accepted_at))
    life = recomputed([*history, right], clock)
    assert life is not None, "only what was accepted is corrected"
    assert life.account is not None
    account = life.account
    dates = Anew(accepted_at, account.original_due, account.judged, account.promised, account.stopped)
    return right._replace(due=account.due, anew=dates)


def replaced(row: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Of the stored columns, what they held before, where they hold something else now."""
    return {column: row[column] for column, value in now.items() if row[column] != value}
