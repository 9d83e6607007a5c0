"""What an anchor says, and when one is due. Pure.

An anchor is a text of a few lines; its root is the SHA-256 of just that text, so it can be printed, read out and
stamped by whoever stamps hashes. `verify_anchors.py` reads it without this module: a change here is a new format.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from shared.domain.civil_time import civil_day
from shared.domain.differences import Difference

CHECK = "anchor"
#: As long as no reading was bound; and since.
FORMAT_1, FORMAT = "motcua-anchor/1", "motcua-anchor/2"
#: Before the first.
NOTHING = bytes(32)
#: A day's anchor is taken from then on: what happens at midnight is over.
AFTER_MIDNIGHT = timedelta(minutes=10)


class End(NamedTuple):
    """The last record of readings of an agency's chain."""

    number: int
    hash: bytes


def ends_told(ends: Mapping[int, End]) -> str:
    """The ends of all chains, by the ids of agencies: a line each, in order."""
    return "".join(f"{agency} {end.number} {end.hash.hex()}\n" for agency, end in sorted(ends.items()))


_END = re.compile(r"([0-9]{1,9}) ([0-9]{1,18}) ([0-9a-f]{64})\n", re.ASCII)


def ends_read(text: str) -> dict[int, End]:
    """The other way; of what is no such text, what there is of it."""
    return {int(agency): End(int(number), bytes.fromhex(made)) for agency, number, made in _END.findall(text)}


class Anchor(NamedTuple):
    """The events up to one, bound to all before. number: from 1, without a gap. events: how many since the anchor
    before; digest: SHA-256 over their hashes in the order of their ids. edition, seal: the last link of the chain of
    editions. previous: the root of the anchor before. ends: of the chains of records of readings; None where the anchor
    was taken before there were any."""

    number: int
    taken_at: datetime
    last_event_id: int
    events: int
    digest: bytes
    edition: int | None
    seal: bytes | None
    previous: bytes
    ends: str | None = None

    @property
    def text(self) -> str:
        """What is handed to a third party, and stamped."""
        at = self.taken_at.astimezone(UTC).isoformat(timespec="microseconds")
        readings = [] if self.ends is None else [f"readings {self.readings} {sha256(self.ends.encode()).hexdigest()}"]
        lines = (
            FORMAT_1 if self.ends is None else FORMAT,
            f"number {self.number}",
            f"taken_at {at}",
            f"last_event {self.last_event_id}",
            f"events {self.events}",
            f"digest {self.digest.hex()}",
            f"edition {self.edition} {self.seal.hex()}" if self.seal is not None else "edition -",
            *readings,
            f"previous {self.previous.hex()}",
        )
        return "".join(f"{line}\n" for line in lines)

    @property
    def readings(self) -> int:
        """How many records of readings it binds, all before included."""
        return sum(end.number for end in ends_read(self.ends or "").values())

    @property
    def root(self) -> bytes:
        """The SHA-256 of its text."""
        return sha256(self.text.encode()).digest()


def is_due(last: Anchor | None, now: datetime) -> bool:
    """Whether a new day is to be anchored."""
    return last is None or civil_day(last.taken_at) < civil_day(now - AFTER_MIDNIGHT)


def out_of_line(anchors: Iterable[tuple[Anchor, bytes]]) -> Iterator[Difference]:
    """What is wrong with the line of anchors themselves. anchors: each with its root as it is kept, in order."""
    due, before, bound = 1, NOTHING, False
    for anchor, root in anchors:
        if anchor.number != due:
            yield Difference(CHECK, "anchor_gone", f"{due}", None, None)
        elif anchor.previous != before:
            yield Difference(CHECK, "anchor_before", f"{anchor.number}", before.hex(), anchor.previous.hex())
        if anchor.root != root:
            yield Difference(CHECK, "anchor_root", f"{anchor.number}", anchor.root.hex(), root.hex())
        if bound and anchor.ends is None:
            yield Difference(CHECK, "anchor_readings", f"{anchor.number}", None, None)
        due, before, bound = anchor.number + 1, root, bound or anchor.ends is not None


def of_events(anchor: Anchor, events: int, digest: bytes) -> Iterator[Difference]:
    """What is wrong with the events that an anchor binds. events, digest: as they are now."""
    if events != anchor.events:
        yield Difference(CHECK, "anchor_events", f"{anchor.number}", f"{anchor.events}", f"{events}")
    elif digest != anchor.digest:
        yield Difference(CHECK, "anchor_digest", f"{anchor.number}", anchor.digest.hex(), digest.hex())


def of_readings(anchor: Anchor, now: Mapping[int, End], codes: Mapping[int, str]) -> Iterator[Difference]:
    """What is wrong with the records of readings that an anchor binds. now: what stands at each of its ends."""
    for agency, end in ends_read(anchor.ends or "").items():
        found = now.get(agency)
        if found is None or found.hash != end.hash:
            where = f"{anchor.number} · {codes.get(agency, '?')} (#{agency}) · {end.number}"
            yield Difference(CHECK, "anchor_readings", where, end.hash.hex(), found.hash.hex() if found else None)
