"""The hash chain of a dossier's events: whoever changes one event breaks every later one.

hash(n) = sha256(hash(n-1) ‖ text(n)); hash(0) is 32 zero bytes. text(n) holds the dossier's code, the sequence
number, what happened, when it happened and was recorded, who did it for which agency, the count facts, and the
payload. It holds no personal data, so that erasing a person leaves the chain valid.
"""

from datetime import datetime
from hashlib import sha256

from shared.domain.codes import micros
from shared.domain.counts import Facts

GENESIS = bytes(32)


def event_tail(
    *,
    seq: int,
    kind: str,
    status: int,
    occurred_at: datetime,
    recorded_at: datetime,
    actor: str,
    acting_agency_id: int,
    facts: Facts,
    payload: str,
) -> str:
    """Everything in an event's text after the dossier's code. Fields are joined by newlines, and only the last may
    contain one: else two different events could have one text, and one hash. ValueError where another does."""
    before, after = tail_ends(seq, kind, status, micros(occurred_at), facts.text(), payload)
    return before + recorded_text(recorded_at, actor, acting_agency_id) + after


def recorded_text(recorded_at: datetime, actor: str, acting_agency_id: int) -> str:
    """When an event was recorded, by whom, for which agency: one text for all that an import lands at once."""
    if "\n" in actor:
        raise ValueError("an event's actor may not contain a newline")
    return f"{micros(recorded_at)}\n{actor}\n{acting_agency_id}"


def tail_ends(seq: int, kind: str, status: int, occurred: int, facts: str, payload: str) -> tuple[str, str]:
    """What stands before and after recorded_text() in an event's tail. `occurred`: microseconds since 1970."""
    if "\n" in kind:
        raise ValueError("an event's kind may not contain a newline")
    return f"{seq}\n{kind}\n{status}\n{occurred}\n", f"\n{facts}\n{payload}"


def event_hash(previous: bytes, code: str, tail: str) -> bytes:
    """The hash of an event that follows the one hashed to `previous`. ValueError: a code is one line."""
    if "\n" in code:
        raise ValueError("a dossier's code may not contain a newline")
    return sha256(previous + f"{code}\n{tail}".encode()).digest()
