"""Ours held against theirs, dossier by dossier. Pure.

Theirs is what TraCuuHoSo answers, ours the item as it should stand there. A dossier of which something is still to be
sent is on its way, and is not compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from shared.domain.national import Scored
from shared.domain.national_item import DATES, STATUS, SUPPLEMENTS, Told


class State(StrEnum):
    """How a dossier stands between the two."""

    IN_STEP = "in_step"
    ON_ITS_WAY = "on_its_way"
    DIFFERS = "differs"


class Kind(StrEnum):
    """What differs."""

    MISSING = "missing"
    UNEXPECTED = "unexpected"
    STATUS = "status"
    DATES = "dates"
    VERDICT = "verdict"


class Why(StrEnum):
    """Why nothing is there, as far as it is known here; of what is there, why it was not told more."""

    BLOCKED = "blocked"
    DEAD = "dead"
    NEVER_TOLD = "never_told"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Sending:
    """What became of a dossier's messages. head: the state of the first that is not taken; None: all are taken, or
    there is none. sent: whether any was ever sent; taken: whether the dossier was. to_come: its last event is yet to be
    queued."""

    head: str | None
    sent: bool
    taken: bool
    to_come: bool = False

    @property
    def on_its_way(self) -> bool:
        """Whether something is sent yet by itself."""
        return self.head == "waiting" or (self.head is None and self.to_come)

    @property
    def stuck(self) -> Why | None:
        """Why nothing more is sent by itself."""
        return Why(self.head) if self.head in (Why.BLOCKED, Why.DEAD) else None


class Difference(NamedTuple):
    """One thing that differs. field: of the item; empty: the whole. ours, theirs: None where it is absent."""

    kind: Kind
    field: str = ""
    ours: str | None = None
    theirs: str | None = None
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """How a dossier stands. there: whether they have it; why: where they do not, or more is not sent."""

    state: State
    there: bool
    differences: Sequence[Difference] = ()
    why: Why | None = None


def compared(
    ours: Told, theirs: Told | None, sending: Sending, *, judged: tuple[Scored | None, Scored | None] | None = None
) -> Compared:
    """Hold one against the other. theirs: None where they do not have it. judged: the national verdict on ours and on
    theirs; None: a year has no calendar."""
    if sending.on_its_way:
        return Compared(State.ON_ITS_WAY, theirs is not None)
    if theirs is None:
        why = sending.stuck or (Why.LOST if sending.taken else Why.NEVER_TOLD)
        return Compared(State.DIFFERS, False, [Difference(Kind.MISSING, why=why)], why)
    found = [each._replace(why=sending.stuck) for each in _differences(ours, theirs)]
    if found and judged is not None:
        ours_said, theirs_said = map(_said, judged)
        if ours_said != theirs_said:
            found.append(Difference(Kind.VERDICT, "", ours_said, theirs_said, sending.stuck))
    if not sending.sent and not sending.taken:
        found.insert(0, Difference(Kind.UNEXPECTED, why=sending.stuck))
    return Compared(State.DIFFERS if found else State.IN_STEP, True, found, sending.stuck if found else None)


def _said(verdict: Scored | None) -> str:
    if verdict is None:
        return "not_received"
    return "on_time" if verdict.on_time else "overdue"


def _differences(ours: Told, theirs: Told) -> list[Difference]:
    found = []
    for name in (STATUS, *DATES):
        mine, other = ours.facts.get(name), theirs.facts.get(name)
        if mine != other:
            found.append(Difference(Kind.STATUS if name == STATUS else Kind.DATES, name, mine, other))
    if len(ours.supplements) != len(theirs.supplements):
        counts = str(len(ours.supplements)), str(len(theirs.supplements))
        found.append(Difference(Kind.DATES, SUPPLEMENTS, *counts))
        return found
    for number, (mine_then, other_then) in enumerate(zip(ours.supplements, theirs.supplements, strict=True), 1):
        for name in sorted({*mine_then, *other_then}):
            mine, other = mine_then.get(name), other_then.get(name)
            if mine != other:
                found.append(Difference(Kind.DATES, f"{SUPPLEMENTS}[{number}].{name}", mine, other))
    return found


def share(part: int, whole: int) -> str | None:
    """In percent, two decimals, rounded half up; None where there is nothing."""
    if whole == 0:
        return None
    hundredths = (part * 20_000 + whole) // (2 * whole)
    return f"{hundredths // 100}.{hundredths % 100:02d}"
