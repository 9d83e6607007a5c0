"""What routing promises to whoever calls it: a typed client. The wire models stand in the file of their noun."""

from collections.abc import Sequence
from datetime import date, datetime

import httpx

from shared.contracts.agencies import AgencyPage, AgencySummary, LevelName
from shared.contracts.calendars import CalendarOfYear
from shared.contracts.cases import Case, CaseOpening, CaseOpenings, CasesOpened
from shared.contracts.hand_overs import HandOvers
from shared.contracts.neighbour import call
from shared.contracts.overdue import DueSoonPage, OverduePage


class RoutingClient:
    """Calls routing. Raises NeighbourUnavailable (try again later) and NeighbourRefused (its code says why)."""

    def __init__(self, http: httpx.AsyncClient, base_url: str) -> None:
        self._http = http
        self._base = base_url.rstrip("/")

    async def open_cases(self, openings: Sequence[CaseOpening]) -> CasesOpened:
        """Open up to 1,000 cases. Repeating it is safe: a case that is there stays as it is."""
        body = CaseOpenings(items=list(openings))
        return CasesOpened.model_validate_json(await call(self._http, "POST", f"{self._base}/v1/cases/bulk", body=body))

    async def case(self, code: str) -> Case:
        """A case as it stands."""
        return Case.model_validate_json(await call(self._http, "GET", f"{self._base}/v1/cases/{code}"))

    async def hand_overs(self, code: str) -> HandOvers:
        """Who gave a dossier to whom."""
        answer = await call(self._http, "GET", f"{self._base}/v1/cases/{code}/hand-overs")
        return HandOvers.model_validate_json(answer)

    async def agencies(
        self, as_of: date | None = None, *, level: LevelName | None = None, parent: str | None = None
    ) -> list[AgencySummary]:
        """All units in force on `as_of` (today), in Vietnamese order."""
        asked = {"as_of": as_of.isoformat() if as_of else None, "level": level, "parent": parent}
        found: list[AgencySummary] = []
        cursor: str | None = None
        while True:
            page = AgencyPage.model_validate_json(await self._get("agencies", **asked, cursor=cursor))
            found += page.items
            cursor = page.next
            if cursor is None:
                return found

    async def calendar(self, year: int) -> CalendarOfYear:
        """The working calendar of `year`. NeighbourRefused: it is not loaded."""
        return CalendarOfYear.model_validate_json(await self._get("calendar", year=str(year)))

    async def overdue(
        self,
        *,
        agency: str | None = None,
        as_of: datetime | None = None,
        min_days: int | None = None,
        sector: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> OverduePage:
        """A page of what is late at `as_of` (now) in the subtree of `agency` (the token's own)."""
        answer = await self._get(
            "overdue",
            agency=agency,
            as_of=as_of.isoformat() if as_of else None,
            min_days=_text(min_days),
            sector=sector,
            cursor=cursor,
            limit=_text(limit),
        )
        return OverduePage.model_validate_json(answer)

    async def due_soon(
        self, *, agency: str | None = None, max_days: int | None = None, cursor: str | None = None
    ) -> DueSoonPage:
        """A page of what is due within `max_days` working days."""
        answer = await self._get("due-soon", agency=agency, max_days=_text(max_days), cursor=cursor)
        return DueSoonPage.model_validate_json(answer)

    async def _get(self, path: str, **asked: str | None) -> bytes:
        params = {name: value for name, value in asked.items() if value is not None}
        return await call(self._http, "GET", f"{self._base}/v1/{path}", params=params)


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
