"""Builders of files as another system exports them, and the sending of one."""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

import asyncpg
import httpx

from tests.conftest import Database
from tests.support import REGISTER_COPY, at

NDJSON = "application/x-ndjson"
HEAD = b"procedure,agency,channel,applicant.kind,applicant.name,accepted_at"
ROW = b"2.000908,19333,counter,person,An,2019-03-04T08:10:00+07:00"


def a_record(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A dossier of 2019 at a ward of Đông Hà: accepted on a Monday, due the next day, finished that day."""
    record = {
        "legacy_code": f"MC-{number}",
        "procedure": REGISTER_COPY,
        "agency": "19333",
        "channel": "counter",
        "applicant": {"kind": "person", "name": "Lê Thị Hạnh", "phone": "0905000001"},
        "submitted_at": at("Monday 2019-03-04 08:00").isoformat(),
        "accepted_at": at("Monday 2019-03-04 08:10").isoformat(),
        "finished_at": at("Tuesday 2019-03-05 10:00").isoformat(),
        "returned_at": at("Wednesday 2019-03-06 09:00").isoformat(),
        "outcome": "granted",
        **changes,
    }
    return {key: value for key, value in record.items() if value is not None}


def ndjson(records: Iterable[Any]) -> bytes:
    return b"".join(json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records)


def as_csv(records: list[dict[str, Any]], delimiter: str = ",") -> bytes:
    flat = []
    for record in records:
        row = {key: value for key, value in record.items() if key not in ("applicant", "supplements")}
        row |= {f"applicant.{key}": value for key, value in record["applicant"].items()}
        for index, supplement in enumerate(record.get("supplements") or []):
            row |= {f"supplements.{index}.{key}": value for key, value in supplement.items()}
        flat.append(row)
    out = io.StringIO()
    writer = csv.DictWriter(out, sorted({key for row in flat for key in row}), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(flat)
    return out.getvalue().encode("utf-8-sig")


async def sent(importer: httpx.AsyncClient, body: bytes, media: str = NDJSON) -> dict[str, Any]:
    answer = await importer.post("/v1/imports", content=body, headers={"Content-Type": media})
    assert answer.status_code == 201, answer.text
    run: dict[str, Any] = answer.json()
    assert run["lines_read"] == sum(run[name] for name in ("created", "updated", "unchanged", "rejected"))
    return run


async def everything(database: Database) -> list[list[tuple[Any, ...]]]:
    connection = await asyncpg.connect(database.owner_url)
    found = []
    for table in ("dossier", "applicant", "dossier_event", "dossier_number", "import_identity"):
        rows = await connection.fetch(f"SELECT t.*::text FROM {table} t ORDER BY 1")
        found.append([tuple(row) for row in rows])
    await connection.close()
    return found
