"""What a record of a reading says, how it is bound to the one before it, and what is wrong with such a chain. Pure."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from shared.domain.chain import GENESIS
from shared.domain.codes import micros
from shared.domain.differences import Difference

CHECK = "access_chain"


class Access(NamedTuple):
    """Somebody read personal data: what of which dossiers, by which operation, for which agency, and why where that
    was asked. fields: names of Datum."""

    at: datetime
    subject: str
    role: str
    agency_id: int
    operation: str
    fields: Sequence[str]
    dossiers: Sequence[int]
    reason: str | None = None

    def tail(self) -> str:
        """All that it says, as it is hashed behind its number. For good; only the last line is free text."""
        lines = (self.at_micros, self.subject, self.role, self.agency_id, self.operation)
        listed = (",".join(map(str, self.fields)), ",".join(map(str, self.dossiers)), self.reason or "")
        return "\n".join(map(str, (*lines, *listed)))

    @property
    def at_micros(self) -> int:
        """When, in microseconds since 1970."""
        return micros(self.at)


class Record(NamedTuple):
    """A record as it is kept. number: from 1 in its agency's chain."""

    number: int
    hash: bytes
    access: Access


class Entry(NamedTuple):
    """A record as it is handed to whoever holds anchors. before: the hash of the one before it. text: what is hashed
    behind that."""

    agency_id: int
    before: bytes
    text: str
    hash: bytes


def told(number: int, tail: str) -> str:
    """What is hashed of a record behind the hash before it."""
    return f"{number}\n{tail}"


def record_hash(before: bytes, number: int, tail: str) -> bytes:
    """SHA-256 over the hash before it and what it says; the statement that stores it reckons the same."""
    return sha256(before + told(number, tail).encode()).digest()


class Chain:
    """One agency's chain, held to what its records say as they come, in order."""

    def __init__(self, agency: str) -> None:
        self._agency = agency
        self._number, self._hash = 0, GENESIS

    def follow(self, record: Record) -> Difference | None:
        """What is wrong with the next record. Each is reckoned from the stored hash before it, so that a changed one
        is named alone; of one behind a gap it cannot be told."""
        due, before = self._number + 1, self._hash
        self._number, self._hash = record.number, record.hash
        where = f"{self._agency} · {record.number}"
        if record.number != due:
            return Difference(CHECK, "gap", where, str(due), str(record.number))
        made = record_hash(before, record.number, record.access.tail())
        if made != record.hash:
            return Difference(CHECK, "hash", where, made.hex(), record.hash.hex())
        return None
