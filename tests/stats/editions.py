"""Sealing reports and asking for editions: what the tests of sealed editions share."""

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from hashlib import sha256
from typing import Any

import asyncpg
import httpx

from shared.domain.differences import Difference
from shared.web.checks import one_moment, walked
from stats_service.editions.usecases import Editions
from tests.builders_log import Event, History, write_events
from tests.emptying import empty
from tests.stats.scenes import OLD_PROVINCE, PERIODS, Scene, a_scene

A, B = PERIODS[0]
GROUPINGS = (
    *("none", "agency", "tree", "level", "channel", "month", "procedure", "sector"),
    *("level,agency,month", "procedure,channel"),
)
EDITIONS = "/v1/reports/editions"


@asynccontextmanager
async def a_room(database: Any, issuer: Any, *, seed: int, dossiers: int = 120) -> AsyncIterator[Scene]:
    """A scene without editions, and with histories that are not written yet."""
    async with a_scene(database, issuer, seed=seed, dossiers=dossiers) as scene:
        await empty(scene.owner, "edition_link", "report_edition", "reference_picture", "stats_idempotency")
        yield scene


def a_report(**more: Any) -> dict[str, Any]:
    """What to seal: the old province over a period in which its communes were merged."""
    asked = {"agency": OLD_PROVINCE, "from": A.isoformat(), "to": B.isoformat(), "group_by": "tree", **more}
    return {"report": "resolution", "parameters": {name: value for name, value in asked.items() if value is not None}}


async def sealed(client: httpx.AsyncClient, body: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    answer = await client.post(EDITIONS, json={**(body or a_report()), **more})
    assert answer.status_code == 201, answer.text
    edition: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"{EDITIONS}/{edition['id']}"
    return edition


async def refusal(
    client: httpx.AsyncClient, body: dict[str, Any], **headers: str
) -> tuple[int, str, set[tuple[str, str]]]:
    """Status, code, and which fields were refused for what."""
    answer = await client.post(EDITIONS, json=body, headers=headers)
    told = answer.json()
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, told["code"], {(each["field"], each["code"]) for each in told["errors"]}


async def content(client: httpx.AsyncClient, edition: dict[str, Any]) -> bytes:
    answer = await client.get(f"{EDITIONS}/{edition['id']}/content")
    assert answer.status_code == 200, answer.text
    assert sha256(answer.content).hexdigest() == edition["sha256"]
    assert answer.headers["ETag"] == f'"{edition["sha256"]}"'
    assert len(answer.content) == edition["size"]
    return answer.content


async def again(client: httpx.AsyncClient, edition: dict[str, Any]) -> dict[str, Any]:
    answer = await client.get(f"{EDITIONS}/{edition['id']}/recomputation", timeout=60)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def demand_the_same(client: httpx.AsyncClient, editions: Sequence[dict[str, Any]]) -> None:
    for edition in editions:
        found = await again(client, edition)
        assert found == {"equal": True, "sha256": edition["sha256"], "findings": [], "changes": []}, edition[
            "parameters"
        ]


async def verified(database: Any) -> list[Difference]:
    """What `motcua verify` finds of editions, in ranges so small that there are many."""
    async with (
        one_moment(database.url) as moment,
        aclosing(walked(moment, [Editions()], lambda _: None, size=7)) as found,
    ):
        return [difference async for difference in found]


def figures(row: dict[str, Any]) -> dict[str, Any]:
    """A report's or an edition's row, as far as both have it."""
    apart = ("own", "rates", "counts", "divided", "printed_name")
    told = {name: value for name, value in row.items() if name not in apart}
    return {**told, **({"own": figures(row["own"])} if row.get("own") else {})}


def halves(rng: random.Random, histories: Sequence[History]) -> list[tuple[History, list[Event], list[Event]]]:
    """Each history cut somewhere: what is recorded before, and after."""
    cuts = [(history, rng.randrange(len(history.events) + 1)) for history in histories]
    return [(history, history.events[:cut], history.events[cut:]) for history, cut in cuts]


async def write_each(owner: asyncpg.Connection, parts: Sequence[tuple[History, list[Event]]]) -> None:
    for history, events in parts:
        if events:
            await write_events(owner, history, events)
