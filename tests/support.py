"""Builders: running rooms, tokens, instants that carry their weekday. No mocks: the rooms are the real apps."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import httpx
from fastapi import FastAPI

from routing_service.calendars.rules import working_calendar
from services import reference
from services.local_issuer import LocalIssuer
from shared.domain.civil_time import VIETNAM, civil_day
from shared.reference.snapshot import Reference
from shared.reference.store import read_reference, read_revision
from shared.web.clock import now
from shared.web.settings import Settings

#: Agencies of today used throughout: Ward Đông Hà (commune level) and the department of justice.
WARD = "19333"
PROVINCE = "44"
JUSTICE = "QT25-D03"
#: Birth registration (same day, commune), and a copy from the register (1 working day, province and commune).
BIRTH = "1.001193"
REGISTER_COPY = "2.000908"


TRACKING_KEY = "a key that is for tests of receipts"
#: Under which the rooms of the tests keep identity numbers.
IDENTITY_KEYS = f"7:{'5a' * 32}"


def at(text: str) -> datetime:
    """`at("Monday 2019-07-22 16:29")`: an instant in Vietnam; a wrong weekday is an error of the test."""
    weekday, day, clock = text.split()
    instant = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=VIETNAM)
    assert instant.strftime("%A") == weekday, f"{day} is a {instant:%A}"
    return instant


def workday(days: int) -> datetime:
    """The closing hour of the first working Wednesday that is `days` or more from now: an office may promise it."""
    calendar = working_calendar(reference.calendar_days(), reference.CALENDAR_YEARS)
    day = civil_day(now()) + timedelta(days=days)
    day += timedelta(days=(2 - day.weekday()) % 7)
    while not calendar.is_working(day):
        day += timedelta(weeks=1)
    return datetime(day.year, day.month, day.day, 17, tzinfo=VIETNAM)


def settings_for(database: Any, issuer: LocalIssuer, **changes: Any) -> Settings:
    """The settings of a room on `database`."""
    values: dict[str, Any] = {
        "database_url": database.owner_url,
        "embedded": True,
        "jwks_file": issuer.jwks_file,
        "cursor_key": "a key that is for tests",
        "tracking_key": TRACKING_KEY,
        "identity_keys": IDENTITY_KEYS,
        "service_token": token(issuer, "machine", PROVINCE),
        "pool_size": 8,
        "calls_per_minute": 0,  # one token asks for a whole module
        "address_calls_per_minute": 0,
        "numbers_sought_per_hour": 0,
        "background": False,
    }
    return Settings(**{**values, **changes})


_read: dict[tuple[str, tuple[int, int]], Reference] = {}


async def current_reference(connection: asyncpg.Connection) -> Reference:
    """The reference data as a process of ours has them: read anew when a revision says so, and not otherwise."""
    key = (await connection.fetchval("SELECT current_database()"), await read_revision(connection))
    if key not in _read:
        _read.clear()
        _read[key] = await read_reference(connection)
    return _read[key]


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """The app with its lifespan, behind an HTTP client."""
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://room") as client:
            yield client


def token(issuer: LocalIssuer, role: str, agency: str, **more: Any) -> str:
    """A token for a role at an agency."""
    return issuer.token(role=role, agency=agency, now=now(), **more)


def bearer(issuer: LocalIssuer, role: str, agency: str, **more: Any) -> dict[str, str]:
    """The header that carries such a token."""
    return {"Authorization": f"Bearer {token(issuer, role, agency, **more)}"}


def a_finish(**body: Any) -> Any:
    """The body of a finish: a refusal says why (Decree 61/2018 art. 19(8))."""
    return {"reason": "Không đủ điều kiện", **body} if body.get("outcome") == "refused" else body


def a_draft(
    *, name: str = "Nguyễn Thị Đào", phone: str | None = None, id_number: str | None = None, **more: Any
) -> Any:
    """The body of a reception at the ward's counter."""
    applicant = {"kind": "person", "name": name, "phone": phone, "id_number": id_number}
    return {
        "procedure": BIRTH,
        "agency": WARD,
        "channel": "counter",
        "applicant": {key: value for key, value in applicant.items() if value is not None},
        **more,
    }
