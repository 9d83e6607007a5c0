"""What an anchor says, and when one is due. Pure.

An anchor is a text of a few lines; its root is the SHA-256 of just that text, so it can be printed, read out and
stamped by whoever stamps hashes. `verify_anchors.py` reads it without this module: a change here is a new format.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from shared.domain.civil_time import civil_day
from shared.domain.differences import Difference

CHECK = "anchor"
FORMAT = "motcua-anchor/1"
#: Before the first.
NOTHING = bytes(32)
#: A day's anchor is taken from then on: what happens at midnight is over.
AFTER_MIDNIGHT = timedelta(minutes=10)


class Anchor(NamedTuple):
    """The events up to one, bound to all before. number: from 1, without a gap. events: how many since the anchor
    before; digest: SHA-256 over their hashes in the order of their ids. edition, seal: the last link of the chain of
    editions. previous: the root of the anchor before."""

    number: int
    taken_at: datetime
    last_event_id: int
    events: int
    digest: bytes
    edition: int | None
    seal: bytes | None
    previous: bytes

    @property
    def text(self) -> str:
        """What is handed to a third party, and stamped."""
        at = self.taken_at.astimezone(UTC).isoformat(timespec="microseconds")
        lines = (
            FORMAT,
            f"number {self.number}",
            f"taken_at {at}",
            f"last_event {self.last_event_id}",
            f"events {self.events}",
            f"digest {self.digest.hex()}",
            f"edition {self.edition} {self.seal.hex()}" if self.seal is not None else "edition -",
            f"previous {self.previous.hex()}",
        )
        return "".join(f"{line}\n" for line in lines)

    @property
    def root(self) -> bytes:
        """The SHA-256 of its text."""
        return sha256(self.text.encode()).digest()


def is_due(last: Anchor | None, now: datetime) -> bool:
    """Whether a new day is to be anchored."""
    return last is None or civil_day(last.taken_at) < civil_day(now - AFTER_MIDNIGHT)


def out_of_line(anchors: Iterable[tuple[Anchor, bytes]]) -> Iterator[Difference]:
    """What is wrong with the line of anchors themselves. anchors: each with its root as it is kept, in order."""
    due, before = 1, NOTHING
    for anchor, root in anchors:
        if anchor.number != due:
            yield Difference(CHECK, "anchor_gone", f"{due}", None, None)
        elif anchor.previous != before:
            yield Difference(CHECK, "anchor_before", f"{anchor.number}", before.hex(), anchor.previous.hex())
        if anchor.root != root:
            yield Difference(CHECK, "anchor_root", f"{anchor.number}", anchor.root.hex(), root.hex())
        due, before = anchor.number + 1, root


def of_events(anchor: Anchor, events: int, digest: bytes) -> Iterator[Difference]:
    """What is wrong with the events that an anchor binds. events, digest: as they are now."""
    if events != anchor.events:
        yield Difference(CHECK, "anchor_events", f"{anchor.number}", f"{anchor.events}", f"{events}")
    elif digest != anchor.digest:
        yield Difference(CHECK, "anchor_digest", f"{anchor.number}", anchor.digest.hex(), digest.hex())
