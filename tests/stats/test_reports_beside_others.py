"""Báo cáo lớn không làm người khác phải đợi: a great report is made beside the event loop, and holds no connection."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from shared.press import threads
from stats_service.app import create_app
from tests.stats.leaving import asked_by_one_who_leaves
from tests.stats.scenes import OLD_PROVINCE, a_scene
from tests.stats.test_long_reports import FIRST, LAST, RESOLUTION, one_waits_of_each
from tests.support import PROVINCE, bearer, serving, settings_for

PATIENCE = 60
#: A dozen procedures by 96 months: more than is made at once, where everybody waits.
PROCEDURES = 12
GREAT = {"agency": OLD_PROVINCE, "from": str(FIRST), "to": str(LAST), "group_by": "procedure,month"}
SMALL = {"agency": OLD_PROVINCE, "from": "2019-01-01", "to": "2019-12-31", "group_by": "channel"}
#: Fewer than the great reports that are asked for at once.
CONNECTIONS = 4
AT_ONCE = 6


def _waiting() -> int:
    return threads._for_figures._under_way


async def _until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 (threads tell nobody)
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("more", [{}, {"format": "csv"}, {"format": "xlsx"}, {"definition": "due-in-period"}], ids=str)
async def test_others_are_answered_while_great_reports_are_made(
    database: Any, issuer: Any, more: dict[str, str]
) -> None:
    """The thread in which figures are worked out is held: what is answered meanwhile does not wait for a report."""
    async with a_scene(database, issuer, seed=0, dossiers=0) as scene:
        await one_waits_of_each(scene, PROCEDURES)
    hold, answered = threading.Event(), list[str]()
    app = create_app(settings_for(database, issuer, pool_size=CONNECTIONS))

    async def get(name: str, path: str, asked: dict[str, str]) -> httpx.Response:
        answer = await client.get(path, params=asked)
        answered.append(name)
        return answer

    async with serving(app) as client, asyncio.timeout(PATIENCE):
        client.headers.update(bearer(issuer, "leader", PROVINCE))
        holding = asyncio.create_task(threads.worked_out(lambda: hold.wait(PATIENCE), of=threads.FEW + 1))
        great = [asyncio.create_task(get("great", RESOLUTION, {**GREAT, **more})) for _ in range(AT_ONCE)]
        try:
            await _until(lambda: _waiting() == AT_ONCE + 1 or any(each.done() for each in great))
            assert (await get("alive", "/healthz", {})).status_code == 200
            assert (await get("ready", "/readyz", {})).status_code == 200
            assert (await get("small", RESOLUTION, SMALL)).status_code == 200
        finally:
            hold.set()
        assert {(await each).status_code for each in great} == {200}
        await holding
    assert answered == ["alive", "ready", "small", *["great"] * AT_ONCE]


async def test_a_great_report_whose_client_has_gone_is_not_made(database: Any, issuer: Any) -> None:
    async with a_scene(database, issuer, seed=0, dossiers=0) as scene:
        await one_waits_of_each(scene, PROCEDURES)
    hold = threading.Event()
    app = create_app(settings_for(database, issuer))
    async with serving(app), asyncio.timeout(PATIENCE):
        holding = asyncio.create_task(threads.worked_out(lambda: hold.wait(PATIENCE), of=threads.FEW + 1))
        asked = asked_by_one_who_leaves(app, issuer, RESOLUTION, GREAT)
        await _until(lambda: _waiting() == 2)
        asked.gone.set()
        await asked.answered
        assert _waiting() == 1
        hold.set()
        await holding
    assert [message["status"] for message in asked.sent if message["type"] == "http.response.start"] != [200]
