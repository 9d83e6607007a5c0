"""Builders of petitions, and of the day on which one was received."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import asyncpg
import httpx

from intake_service.petitions.rules import Term
from routing_service.calendars.rules import working_calendar
from services import reference
from tests.conftest import Database
from tests.support import WARD, at

CALENDAR = working_calendar(reference.calendar_days(), reference.CALENDAR_YEARS)
#: As they come with the product.
TERMS = [
    Term("decide", "law", 5, None, None, "Nghị định 20/2008/NĐ-CP, Điều 9(1)d", True),
    Term("decide", "scoring", 2, None, None, "766", False),
    Term("ask", "scoring", 5, None, None, "766", False),
    Term("answer", "scoring", 15, None, None, "766", False),
    Term("publish", "scoring", 2, None, None, "766", False),
]


def day(text: str) -> date:
    """`day("Monday 2026-11-16")`."""
    return at(f"{text} 08:00").date()


PETITIONER = {
    "name": "Nguyễn Thị Đào",
    "address": "12 Hùng Vương, phường Đông Hà",
    "phone": "0905 000 001",
    "email": "dao@example.vn",
}


def a_petition(**more: Any) -> dict[str, Any]:
    """What somebody sends."""
    return {
        "kind": "about_procedure",
        "agency": WARD,
        "petitioner": PETITIONER,
        "title": "Niêm yết thiếu thủ tục",
        "content": "Bảng niêm yết không có thủ tục 2.000908.\nĐề nghị bổ sung.",
        **more,
    }


async def sent(citizen: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    """A petition that came from outside: its code and secret."""
    answer = await citizen.post("/v1/public/petitions", json=a_petition(**more))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def does(
    client: httpx.AsyncClient, petition: dict[str, Any], verb: str, headers: dict[str, str], **body: Any
) -> httpx.Response:
    """A verb of staff."""
    return await client.post(f"/v1/petitions/{petition['code']}/{verb}", json=body, headers=headers)


async def did(
    client: httpx.AsyncClient, petition: dict[str, Any], verb: str, headers: dict[str, str], **body: Any
) -> dict[str, Any]:
    """The petition after a verb that must be allowed."""
    answer = await does(client, petition, verb, headers, **body)
    assert answer.status_code == 200, answer.text
    after: dict[str, Any] = answer.json()
    return after


@asynccontextmanager
async def owner_of(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.owner_url)
    try:
        yield connection
    finally:
        await connection.close()


async def since(database: Database, petition: dict[str, Any], day: date) -> None:
    """Its present step began on a day gone by."""
    async with owner_of(database) as owner:
        await owner.execute(
            "UPDATE petition SET since_day = $2 WHERE id = $1", int(petition["code"].rsplit("-", 1)[1]), day
        )
