"""Whoever reads a whole list slowly keeps a connection, and only so many do: others are served meanwhile."""

import asyncio
from typing import Any

import pytest

from shared.web import streams
from shared.web.problems import Problem
from shared.web.streams import Streamed
from stats_service.app import create_app
from tests.support import serving, settings_for


async def _endless():
    while True:
        yield b"x" * 1000


async def _connected() -> Any:
    await asyncio.sleep(3600)


async def test_half_of_the_connections_go_to_lists_and_stalled_ones_are_broken_off(database, issuer, monkeypatch):
    monkeypatch.setattr(streams, "STALLED_SECONDS", 0.3)
    app = create_app(settings_for(database, issuer, pool_size=4))
    async with serving(app):
        room = app.state.room

        async def takes_nothing(message: Any) -> None:
            if message["type"] == "http.response.body":
                await asyncio.sleep(3600)

        reading = [
            asyncio.create_task(Streamed(room, _endless(), "text/csv")({"type": "http"}, _connected, takes_nothing))
            for _ in range(2)
        ]
        await asyncio.sleep(0.1)
        with pytest.raises(Problem) as refused:
            Streamed(room, _endless(), "text/csv")
        assert (refused.value.code, refused.value.headers) == ("unavailable", {"Retry-After": "10"})
        await asyncio.wait_for(asyncio.gather(*reading), 10)
        assert room.streams == 0
        Streamed(room, _endless(), "text/csv")
