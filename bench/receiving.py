"""The transaction of an intake as pgbench runs it, made from what the service itself sends to the database.

The service's own code receives a dossier at each place, and what it would have sent is written down instead. So the
reference writes the same rows by construction, whatever becomes of the statement.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from bench.ground import IDENTITY_KEYS
from intake_service.dossiers import usecases
from shared.contracts.intake import DossierIn
from shared.domain.civil_time import civil_day
from shared.domain.lifecycle import Channel
from shared.reference import Reference
from shared.web.auth import Principal, Role
from shared.web.clock import now
from shared.web.idempotency import RequestKey
from shared.web.keyring import Keyring

#: As an installation has one: to seal is the service's work, what is sealed the reference writes too.
RING = Keyring.of(IDENTITY_KEYS)
#: What a day brings to the desks of a province: these many of its agencies receive at the same time.
PLACES = 40
_KEY = "@KEY@"
#: The types of what a step of the statement hands to the next.
_TYPES = {"last": "int", "id": "bigint", "code": "text", "event_hash": "bytea"}
_STEP = re.compile(r"(\w+) AS \(\n(.*?)\n\)(?=, \w+ AS \(|\nSELECT)", re.DOTALL)
_ARRAYS = {bool: "bool[]", int: "int[]", str: "text[]", datetime: "timestamptz[]", date: "date[]", bytes: "bytea[]"}


@dataclass(frozen=True, slots=True)
class Draft:
    """A dossier that can be handed in today: the body of its POST."""

    agency: str
    body: dict[str, Any]


def drafts(reference: Reference, count: int = PLACES) -> list[Draft]:
    """One dossier for each of `count` agencies in force today, communes and departments, over all channels."""
    today = civil_day(now())
    made: list[Draft] = []
    procedures = sorted(reference.procedures)
    for number, agency in enumerate(reference.agencies.in_force(today)):
        offered = [
            code
            for code in procedures
            if (version := reference.procedure_on(code, today)) is not None
            and version.offered_at(agency.level, today)
            and Channel.COUNTER in version.terms
        ]
        if offered:
            body = {
                "procedure": offered[number * 7 % len(offered)],
                "agency": agency.code,
                "channel": "counter",
                "applicant": {
                    "kind": "person",
                    "name": f"Nguyễn Thị Đào {number}",
                    "id_number": f"0451900{number:05d}",
                    "phone": f"0905 123 {number:03d}",
                    "address": "12 Hùng Vương, phường Đông Hà, tỉnh Quảng Trị",
                },
                "documents": [{"name": "Tờ khai", "kind": "original", "count": 1}],
                "summary": "Đề nghị giải quyết thủ tục theo giấy tờ kèm theo",
            }
            made.append(Draft(agency.code, body))
    step = max(1, len(made) // count)
    return made[::step][:count]


@dataclass(frozen=True, slots=True)
class Sent:
    """A statement with the arguments of each place; the idempotency key of each is _KEY."""

    sql: str
    arguments: Sequence[tuple[Any, ...]]

    @classmethod
    async def by(cls, reference: Reference, wanted: Sequence[Draft]) -> Self:
        """What the service sends when each agency's own counter receives these."""
        pool: Any = _Recorder()
        for draft in wanted:
            principal = principal_at(reference, draft.agency, Role.COUNTER)
            key = RequestKey(principal.subject, "POST /v1/dossiers", _KEY, bytes(32))
            given = DossierIn.model_validate(draft.body)
            await usecases.receive(pool, reference, principal, given, key, now(), RING)
        statements = {sql for sql, _ in pool.calls}
        if len(statements) != 1:
            raise LookupError("An intake is no longer one statement: the reference must be thought over.")
        return cls(statements.pop(), [arguments for _, arguments in pool.calls])

    def one_call(self) -> str:
        """The same statement, as a script of pgbench."""
        return f"{self._variables()}{self._bound(self.sql)};\n"

    def plain(self) -> str:
        """The same rows by one statement a table, as a script of pgbench."""
        return "\n".join([self._variables() + "BEGIN;", *self._steps(), "COMMIT;", ""])

    def _variables(self) -> str:
        """The clients take the places in turn, as those of the service do: the same number of transactions writes the
        same rows, whoever runs them. pgbench is told of `turn` and `clients`."""
        return (
            f"\\set place 1 + (:turn * :clients + :client_id) % {len(self.arguments)}\n\\set turn :turn + 1\n"
            "\\set nonce random(1, 999999999999999)\n"
        )

    def _steps(self) -> Iterator[str]:
        known: dict[str, str] = {}
        for name, body in _STEP.findall(self.sql):
            whole = re.sub(r"\bFROM (\w+)\b", lambda at: _from(at, known), body.strip())
            if not whole.startswith("INSERT"):
                known[name] = f"({whole})"
                continue
            _, _, returned = body.rpartition("RETURNING ")
            names = [part.strip().rpartition(".")[2] for part in returned.split(",")] if returned != body else []
            handed = ", ".join(f":{name}_{one}::{_TYPES[one]} AS {one}" for one in names)
            known[name] = f"(SELECT {handed})"
            yield self._bound(whole) + (f" \\gset {name}_" if names else ";")

    def _bound(self, sql: str) -> str:
        columns = list(zip(*self.arguments, strict=True))
        return re.sub(r"\$(\d+)", lambda at: _value(columns[int(at[1]) - 1]), sql).strip()

    def write(self, directory: Path) -> tuple[Path, Path]:
        """Both scripts as files: (plain, one call)."""
        paths = directory / f"plain-{uuid4().hex[:8]}.sql", directory / f"one-call-{uuid4().hex[:8]}.sql"
        for path, text in zip(paths, (self.plain(), self.one_call()), strict=True):
            path.write_text(text)
        return paths


def principal_at(reference: Reference, agency: str, role: Role) -> Principal:
    """The holder of a local token for `role` at an agency."""
    found = reference.agencies.latest(agency, civil_day(now()))
    assert found is not None
    return Principal(f"{role}@{agency}", role, found, reference.agencies.scope(found.id), frozenset({found.id}))


class _Recorder:
    """Stands where the pool stands, and writes down what would be sent."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def acquire_for_one_statement(self) -> Self:
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def fetchval(self, sql: str, *arguments: Any) -> str:
        self.calls.append((sql, arguments))
        return "recorded"


def _from(at: re.Match[str], known: dict[str, str]) -> str:
    return f"FROM {known[at[1]]} {at[1]}" if at[1] in known else at[0]


def _value(column: Sequence[Any]) -> str:
    """A parameter as pgbench writes it: what differs from place to place is picked from an array."""
    if column[0] == _KEY:
        return "(lpad(:nonce::text || '-' || :client_id::text, 36, '0'))"
    if all(one == column[0] for one in column):
        return _literal(column[0])
    kind = next(type(one) for one in column if one is not None)
    return f"((ARRAY[{', '.join(map(_literal, column))}]::{_ARRAYS[kind]})[:place])"


def _literal(value: Any) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).lower()
        case int():
            return str(int(value))
        case bytes():
            return f"'\\x{value.hex()}'"
        case datetime() | date():
            return _quoted(value.isoformat())
        case _:
            return _quoted(str(value))


def _quoted(text: str) -> str:
    """A colon would begin one of pgbench's variables."""
    text = text.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n").replace(":", "\\x3a")
    return f"E'{text}'"
