"""What the portal keeps: SQLite, in memory or in a file that outlives it. One transaction a request, so that a request
is kept whole with its effects or not at all, whenever the process dies."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from tests.national_portal.items import Item

_TABLES = """
CREATE TABLE IF NOT EXISTS request (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, endpoint TEXT NOT NULL, service TEXT NOT NULL, items INTEGER NOT NULL,
    accepted INTEGER NOT NULL, status INTEGER, error_code TEXT, fault TEXT, body BLOB, answer BLOB);
CREATE TABLE IF NOT EXISTS dossier (
    code TEXT PRIMARY KEY, agency TEXT NOT NULL, status TEXT NOT NULL, moment TEXT NOT NULL, digest TEXT NOT NULL,
    versions INTEGER NOT NULL, item BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS effect (
    seq INTEGER PRIMARY KEY, request INTEGER NOT NULL, at TEXT NOT NULL, dossier TEXT NOT NULL, kind TEXT NOT NULL,
    status TEXT NOT NULL, moment TEXT NOT NULL, digest TEXT NOT NULL, item BLOB);
CREATE INDEX IF NOT EXISTS effect_of ON effect (dossier, seq);
CREATE TABLE IF NOT EXISTS note (
    seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, code TEXT NOT NULL, content BLOB NOT NULL, UNIQUE (kind, code));
CREATE TABLE IF NOT EXISTS catalogue_change (
    seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, code TEXT NOT NULL, shape BLOB);
"""
_EMPTIED = ("request", "dossier", "effect", "note", "catalogue_change")


class Store:
    """The tables, and nothing that decides."""

    def __init__(self, path: Path | None) -> None:
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        # A killed process loses nothing; only a machine without power might.
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_TABLES)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of the transaction that an exception takes back alone."""
        self._db.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK TO part")
            self._db.execute("RELEASE part")
            raise
        self._db.execute("RELEASE part")

    def empty(self) -> None:
        with self.transaction():
            for table in _EMPTIED:
                self._db.execute(f"DELETE FROM {table}")

    # requests

    def begin_request(self, at: datetime, endpoint: str, service: str, body: bytes | None) -> int:
        return int(
            self._db.execute(
                "INSERT INTO request (at, endpoint, service, items, accepted, body) VALUES (?, ?, ?, 0, 0, ?)",
                (at.isoformat(), endpoint, service, body),
            ).lastrowid
            or 0
        )

    def end_request(
        self,
        request: int,
        *,
        items: int,
        accepted: int,
        status: int | None,
        error_code: str | None,
        fault: str | None,
        answer: bytes | None,
    ) -> None:
        self._db.execute(
            "UPDATE request SET items = ?, accepted = ?, status = ?, error_code = ?, fault = ?, answer = ?"
            " WHERE id = ?",
            (items, accepted, status, error_code, fault, answer, request),
        )

    def requests(self, after: int, limit: int, service: str | None, dossier: str | None) -> list[dict[str, Any]]:
        rows = self._db.execute(
            "SELECT id, at, endpoint, service, items, accepted, status, error_code, fault, body, answer FROM request"
            " WHERE id > ?1 AND (?3 IS NULL OR service = ?3)"
            " AND (?4 IS NULL OR id IN (SELECT request FROM effect WHERE dossier = ?4)) ORDER BY id LIMIT ?2",
            (after, limit, service, dossier),
        )
        names = [column[0] for column in rows.description]
        return [dict(zip(names, row, strict=True)) for row in rows]

    # dossiers

    def dossier(self, code: str) -> tuple[str, Item] | None:
        """Its digest and its item."""
        row = self._db.execute("SELECT digest, item FROM dossier WHERE code = ?", (code,)).fetchone()
        return (row[0], orjson.loads(row[1])) if row else None

    def digest(self, code: str) -> str | None:
        row = self._db.execute("SELECT digest FROM dossier WHERE code = ?", (code,)).fetchone()
        return row[0] if row else None

    def put_dossier(self, code: str, agency: str, status: str, moment: str, digest: str, item: bytes) -> None:
        self._db.execute(
            "INSERT INTO dossier (code, agency, status, moment, digest, versions, item) VALUES (?, ?, ?, ?, ?, 1, ?)"
            " ON CONFLICT (code) DO UPDATE SET agency = excluded.agency, status = excluded.status,"
            " moment = excluded.moment, digest = excluded.digest, item = excluded.item, versions = versions + 1",
            (code, agency, status, moment, digest, item),
        )

    def remove_dossier(self, code: str) -> None:
        self._db.execute("DELETE FROM dossier WHERE code = ?", (code,))

    def change_dossier(self, code: str, status: str, item: bytes) -> None:
        """Without its digest: whatever is sent next is taken for new."""
        self._db.execute("UPDATE dossier SET status = ?, item = ?, digest = '' WHERE code = ?", (status, item, code))

    def dossiers(self, after: str = "", limit: int = -1) -> list[dict[str, Any]]:
        rows = self._db.execute(
            "SELECT code, agency, status, versions, item FROM dossier WHERE code > ? ORDER BY code LIMIT ?",
            (after, limit),
        )
        return [
            {"code": code, "agency": agency, "status": status, "versions": versions, "item": orjson.loads(item)}
            for code, agency, status, versions, item in rows
        ]

    def every_item(self) -> Iterator[Item]:
        """Item by item: all at once would not fit."""
        for (item,) in self._db.execute("SELECT item FROM dossier ORDER BY code"):
            yield orjson.loads(item)

    # effects

    def add_effect(
        self,
        request: int,
        at: datetime,
        dossier: str,
        kind: str,
        *,
        status: str,
        moment: str,
        digest: str,
        item: bytes | None,
    ) -> None:
        self._db.execute(
            "INSERT INTO effect (request, at, dossier, kind, status, moment, digest, item)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (request, at.isoformat(), dossier, kind, status, moment, digest, item),
        )

    def has_effect(self, dossier: str, kind: str, digest: str) -> bool:
        row = self._db.execute(
            "SELECT 1 FROM effect WHERE dossier = ? AND kind = ? AND digest = ?", (dossier, kind, digest)
        ).fetchone()
        return row is not None

    def effects(self, after: int = 0, limit: int = -1, dossier: str | None = None) -> list[dict[str, Any]]:
        rows = self._db.execute(
            "SELECT seq, request, at, dossier, kind, status, moment, digest, item FROM effect"
            " WHERE seq > ?1 AND (?3 IS NULL OR dossier = ?3) ORDER BY seq LIMIT ?2",
            (after, limit, dossier),
        )
        names = [column[0] for column in rows.description]
        return [
            dict(zip(names, row, strict=True)) | {"item": orjson.loads(row[-1]) if row[-1] else None} for row in rows
        ]

    def effects_by_dossier(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """dossier, kind, status, moment, digest, request: in the order of dossiers, then of arrival."""
        yield from self._db.execute(
            "SELECT dossier, kind, status, moment, digest, request FROM effect ORDER BY dossier, seq"
        )

    def timelines(self, dossier: str) -> list[Item]:
        rows = self._db.execute(
            "SELECT item FROM effect WHERE dossier = ? AND kind IN ('timeline', 'notice') ORDER BY seq", (dossier,)
        )
        return [orjson.loads(item) for (item,) in rows]

    def process_of(self, dossier: str) -> list[tuple[str, str]]:
        """(moment, status) of each entry of its process, oldest first."""
        return self._db.execute(
            "SELECT moment, status FROM effect WHERE dossier = ? AND kind IN ('timeline', 'notice')"
            " ORDER BY moment, seq",
            (dossier,),
        ).fetchall()

    def counts(self) -> dict[str, int]:
        return {
            table: self._db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("request", "dossier", "effect")
        }

    # questions, answers, ratings: a note has a kind and a code

    def put_note(self, kind: str, code: str, content: Item) -> bool:
        """Whether it was new."""
        new = self.note(kind, code) is None
        self._db.execute(
            "INSERT INTO note (kind, code, content) VALUES (?, ?, ?)"
            " ON CONFLICT (kind, code) DO UPDATE SET content = excluded.content",
            (kind, code, orjson.dumps(content)),
        )
        return new

    def note(self, kind: str, code: str) -> Item | None:
        row = self._db.execute("SELECT content FROM note WHERE kind = ? AND code = ?", (kind, code)).fetchone()
        return orjson.loads(row[0]) if row else None

    def notes(self, kind: str) -> list[Item]:
        rows = self._db.execute("SELECT content FROM note WHERE kind = ? ORDER BY seq", (kind,))
        return [orjson.loads(content) for (content,) in rows]

    # the catalogue

    def add_catalogue_changes(self, changes: Iterable[tuple[str, str, Item | None]]) -> None:
        self._db.executemany(
            "INSERT INTO catalogue_change (kind, code, shape) VALUES (?, ?, ?)",
            [(kind, code, orjson.dumps(shape) if shape is not None else None) for kind, code, shape in changes],
        )

    def catalogue_changes(self) -> list[tuple[str, str, Item | None]]:
        rows = self._db.execute("SELECT kind, code, shape FROM catalogue_change ORDER BY seq")
        return [(kind, code, orjson.loads(shape) if shape is not None else None) for kind, code, shape in rows]
