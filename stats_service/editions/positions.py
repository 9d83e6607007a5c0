"""The positions of editions in their order, and from which of them on a transaction is known. Pure.

A later position knows all that an earlier one knows, so an event has one place in the order: before it nobody knows it,
from it on everybody does. What was changed may stand in no order with the others; it makes an order of its own.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

_SNAPSHOT = re.compile(r"(\d{1,20}):(\d{1,20}):((?:\d{1,20}(?:,\d{1,20})*)?)", re.ASCII)


class Snapshot(NamedTuple):
    """Of PostgreSQL: it sees transactions before `next_one`, but not those that were `open`."""

    lowest: int
    next_one: int
    open: frozenset[int]

    def sees(self, txid: int) -> bool:
        """Whether that transaction had been committed."""
        return txid < self.next_one and txid not in self.open

    def within(self, later: "Snapshot") -> bool:
        """Whether `later` sees all that this one sees."""
        unseen = (txid for txid in later.open if txid < self.next_one)
        return self.next_one <= later.next_one and all(txid in self.open for txid in unseen)


def read_snapshot(text: str) -> Snapshot | None:
    """None: PostgreSQL would not take it for a pg_snapshot."""
    found = _SNAPSHOT.fullmatch(text)
    if found is None:
        return None
    lowest, next_one = int(found[1]), int(found[2])
    still_open = [int(number) for number in found[3].split(",") if number]
    in_order = still_open == sorted(still_open)
    if not (0 < lowest <= next_one < 2**63 and in_order and all(lowest <= one < next_one for one in still_open)):
        return None
    return Snapshot(lowest, next_one, frozenset(still_open))


@dataclass(frozen=True)
class Order:
    """Positions, each within the next."""

    snapshots: Sequence[Snapshot]

    @cached_property
    def ends(self) -> list[int]:
        """The transaction at which each ends. One that is in nobody's `late` is known from the first position on that
        ends behind it."""
        return [each.next_one for each in self.snapshots]

    @cached_property
    def late(self) -> dict[int, int]:
        """Of transactions that were open at a position: the number of the first one that sees it; len() if none."""
        found = {txid: self._seen_from(txid) for each in self.snapshots for txid in each.open}
        return {txid: at for txid, at in found.items() if at != bisect_right(self.ends, txid)}

    def _seen_from(self, txid: int) -> int:
        return next((n for n, each in enumerate(self.snapshots) if each.sees(txid)), len(self.snapshots))

    def alone(self) -> Iterable["Order"]:
        """Each position by itself."""
        return (Order([each]) for each in self.snapshots)


def orders(snapshots: Iterable[Snapshot]) -> list[Order]:
    """All positions, once each: one long order, and each that does not fit in it for itself."""
    chain: list[Snapshot] = []
    apart: list[Order] = []
    for each in sorted(set(snapshots), key=lambda one: (one.next_one, -len(one.open), one.lowest, sorted(one.open))):
        if not chain or chain[-1].within(each):
            chain.append(each)
        else:
            apart.append(Order([each]))
    return [Order(chain), *apart] if chain else []
