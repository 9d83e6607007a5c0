"""The receiving agency's own date in a linked procedure (Decree 61/2018 art. 19(6)-(7)): the second on the receipt."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple


class Share(NamedTuple):
    """An agency's share of a dossier by the plan. follows: the shares that it waits for. due_at: None where the
    calendar of its year is missing."""

    no: int
    agency_id: int
    follows: tuple[int, ...]
    due_at: datetime | None


def receiving_due_at(shares: Iterable[Share], receiving_id: int) -> datetime | None:
    """When the agency that received a dossier is done with its own part, by the plan: with all its shares before which
    no other agency has had the dossier from it. Side by side these are all that it has; one after the other, those up
    to the first hand-over. What it does once the dossier is back is the end of the whole, and that is the first date
    on the receipt. None where it has no share, or one of them has no date."""
    by_no = {share.no: share for share in shares}
    own = [share for share in by_no.values() if share.agency_id == receiving_id]
    first = [share for share in own if not _came_back(share, by_no, receiving_id)]
    dates = [share.due_at for share in first if share.due_at is not None]
    return max(dates) if first and len(dates) == len(first) else None


def _came_back(share: Share, by_no: dict[int, Share], receiving_id: int) -> bool:
    """Whether another agency has had it between an earlier share of the receiving one and this."""
    before = [by_no[no] for no in _before(share, by_no)]
    return any(
        other.agency_id != receiving_id and any(by_no[no].agency_id == receiving_id for no in _before(other, by_no))
        for other in before
    )


def _before(share: Share, by_no: dict[int, Share]) -> set[int]:
    """All that a share waits for, straight or by others."""
    found, waiting = set[int](), list(share.follows)
    while waiting:
        no = waiting.pop()
        if no not in found:
            found.add(no)
            waiting.extend(by_no[no].follows)
    return found
