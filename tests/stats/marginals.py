"""Dossiers by the thousand that carry given marginals: each kind goes in through the import, as one record, and is then
copied, with its events, as often as the table says."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any

import asyncpg
import httpx
import orjson

from intake_service.app import create_app
from services.local_issuer import LocalIssuer
from tests.builders_log import instant
from tests.support import PROVINCE, bearer, serving, settings_for

DAY = timedelta(days=1)
_numbers = count(1)


@dataclass(frozen=True)
class Kind:
    """How often a dossier occurs, and what becomes of it. Days are civil days; supplements: asked for, answered."""

    count: int
    agency: str
    procedure: str
    accepted: date
    due: date
    finished: date | None = None
    outcome: str = "granted"
    channel: str = "counter"
    supplements: Sequence[tuple[date, date | None]] = ()
    returned: bool = True

    def record(self, name: str) -> dict[str, Any]:
        """It as a record of an import."""
        hours = iter(range(9, 17))
        record: dict[str, Any] = {
            "legacy_code": name,
            "procedure": self.procedure,
            "agency": self.agency,
            "channel": self.channel,
            "applicant": {"kind": "person", "name": "Nguyễn Thị Đào"},
            "accepted_at": instant(self.accepted, next(hours)).isoformat(),
            "due_at": instant(self.due, 17).isoformat(),
            "supplements": [
                {"requested_at": instant(asked, next(hours)).isoformat()}
                | ({"answered_at": instant(answered, next(hours)).isoformat()} if answered else {})
                for asked, answered in self.supplements
            ],
        }
        if self.finished:
            record |= {"finished_at": instant(self.finished, 16).isoformat(), "outcome": self.outcome}
            if self.returned and self.outcome in ("granted", "refused"):
                record["returned_at"] = instant(self.finished, 17).isoformat()
        return record


@dataclass(frozen=True)
class Place:
    """Where the dossiers of a table go, and its days."""

    agency: str
    procedure: str
    first: date
    last: date

    def kinds(
        self, *, carried: int = 0, counter: int = 0, online: int = 0, post: int = 0, **fates: int
    ) -> Iterable[Kind]:
        """Kinds with these marginals: whence they came, and what became of them (`_FATES`). Which of the one met which
        of the other no table says: here the first the first."""
        origins = {"carried": carried, "online": online, "post": post, "counter": counter}
        assert sum(origins.values()) == sum(fates.values()), (origins, fates)
        left, wanted = dict(origins), dict(fates)
        for origin in origins:
            for fate in fates:
                count = min(left[origin], wanted[fate])
                left[origin] -= count
                wanted[fate] -= count
                if count:
                    yield self._kind(count, origin, fate)

    def _kind(self, count: int, origin: str, fate: str) -> Kind:
        due, finished, outcome = _FATES[fate]
        return Kind(
            count,
            self.agency,
            self.procedure,
            accepted=self.first - 5 * DAY if origin == "carried" else self.first,
            due=self.first + due * DAY if due is not None else self.last + 30 * DAY,
            finished=self.first + finished * DAY if finished is not None else None,
            outcome=outcome,
            channel="counter" if origin == "carried" else origin,
        )


#: Due and finished so many days after the first of the period; None: after the period, and not finished.
_FATES: dict[str, tuple[int | None, int | None, str]] = {
    "early": (3, 2, "granted"),
    "on_day": (3, 3, "granted"),
    "late": (2, 3, "granted"),
    "withdrawn": (3, 2, "withdrawn"),
    "overdue": (2, None, ""),
    "in_term": (None, None, ""),
}


@asynccontextmanager
async def importing(database: Any, issuer: LocalIssuer) -> AsyncIterator[httpx.AsyncClient]:
    """Intake, with a token that may import."""
    async with serving(create_app(settings_for(database, issuer))) as intake:
        intake.headers.update({**bearer(issuer, "admin", PROVINCE), "Content-Type": "application/x-ndjson"})
        yield intake


async def land(owner: asyncpg.Connection, intake: httpx.AsyncClient, kinds: Sequence[Kind]) -> int:
    """Put the dossiers into the tables; how many there are."""
    names = [f"KIND-{next(_numbers)}" for _ in kinds]
    body = b"\n".join(orjson.dumps(kind.record(name)) for name, kind in zip(names, kinds, strict=True))
    answer = await intake.post("/v1/imports", content=body, timeout=60)
    run = answer.json()
    if run.get("created") != len(kinds):
        rejects = await intake.get(f"/v1/imports/{run['id']}/rejects")
        raise AssertionError(rejects.text)
    async with owner.transaction():
        await owner.execute(
            "CREATE TEMP TABLE copied ON COMMIT DROP AS SELECT nextval('dossier_id_seq') AS id, d.id AS of, k"
            " FROM unnest($1::text[], $2::int[]) AS kind (name, count) JOIN dossier d ON d.legacy_code = kind.name"
            " CROSS JOIN generate_series(2, kind.count) AS k",
            names,
            [kind.count for kind in kinds],
        )
        await owner.execute("ANALYZE copied")
        same = await _columns(owner, "dossier", but=("id", "code", "legacy_code"))
        await owner.execute(
            f"INSERT INTO dossier (id, code, {same}) OVERRIDING SYSTEM VALUE"
            f" SELECT c.id, d.code || '/' || c.k, {same} FROM copied c JOIN dossier d ON d.id = c.of"
        )
        same = await _columns(owner, "dossier_event", but=("dossier_id", "txid", "id"))
        await owner.execute(
            f"INSERT INTO dossier_event (dossier_id, {same}) SELECT c.id, {same}"
            " FROM copied c JOIN dossier_event e ON e.dossier_id = c.of"
        )
    await owner.execute("ANALYZE dossier; ANALYZE dossier_event")
    return sum(kind.count for kind in kinds)


async def _columns(owner: asyncpg.Connection, table: str, *, but: Sequence[str]) -> str:
    rows = await owner.fetch(
        "SELECT attname FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped"
        " AND attgenerated = '' AND attname <> ALL($2::text[]) ORDER BY attnum",
        table,
        list(but),
    )
    return ", ".join(row[0] for row in rows)
