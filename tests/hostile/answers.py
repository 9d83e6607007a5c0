"""What every answer to a hostile request has to be, and how it is seen that a refused one left nothing."""

import json
from collections.abc import Iterator
from typing import Any

import asyncpg
import httpx

from shared.web.problems import MEDIA_TYPE, PROBLEMS
from shared.web.reasons import REASONS
from tests.contracts.documents import Operation, parts
from tests.hostile.corpus import MARK

#: What any address may answer before an operation is found.
_BEFORE = {404, 405}


def held(answer: httpx.Response, operation: Operation) -> None:
    """Never our error, a status that the contract names, and refused by a stable code without a word of what was
    sent."""
    told = f"{operation}: {answer.status_code} {answer.text[:500]}"
    assert answer.status_code < 500, told
    assert str(answer.status_code) in operation.told["responses"] or answer.status_code in _BEFORE, told
    assert not any(MARK in value for value in answer.headers.values()), told
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == MEDIA_TYPE, told
        body = answer.json()
        assert PROBLEMS[body["code"]][0] == answer.status_code == body["status"], told
        assert not repeats(body), told
    elif answer.headers.get("content-type", "").startswith("application/json") and answer.content:
        for problem in _problems(answer.json()):
            assert not repeats(problem), told


def repeats(problem: Any) -> bool:
    """Whether a refusal says what was sent, or a reason that is none of ours."""
    return MARK.lower() in json.dumps(problem).lower() or any(
        error["code"] not in REASONS for error in problem["errors"]
    )


def _problems(body: Any) -> Iterator[dict[str, Any]]:
    """The refusals inside an answer: of one of many."""
    for _, value in parts(body):
        if isinstance(value, dict) and isinstance(value.get("errors"), list) and "status" in value:
            yield value


async def traces(owner: asyncpg.Connection) -> dict[str, Any]:
    """How many rows each table has, and the latest transaction that wrote one: whatever is written shows."""
    tables = [row[0] for row in await owner.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    asked = ", ".join(f"(SELECT (count(*), max(xmin::text::bigint)) FROM {table}) AS {table}" for table in tables)
    return dict(await owner.fetchrow(f"SELECT {asked}") or {})
