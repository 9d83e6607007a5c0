"""At a merger no dossier drops out of the reports: pending at the end of a day is carried over on the next."""

from datetime import date

from intake_service.app import create_app as intake_app
from services.demo import half_year
from stats_service.app import create_app as stats_app
from tests.conftest import Database
from tests.support import PROVINCE, bearer, serving, settings_for

TOTALS = half_year.LETTER.scaled(200)


async def test_over_the_first_of_july_2025(fresh_database: Database, issuer) -> None:
    headers = bearer(issuer, "admin", PROVINCE)
    async with serving(intake_app(settings_for(fresh_database, issuer))) as intake:
        body = b"".join(half_year.ndjson(totals=TOTALS))
        sent = await intake.post(
            "/v1/imports", content=body, headers={**headers, "Content-Type": "application/x-ndjson"}, timeout=60
        )
        assert sent.json()["created"] == TOTALS.count
    async with serving(stats_app(settings_for(fresh_database, issuer))) as stats:

        async def total(agency: str, first: date, last: date) -> dict[str, int]:
            params = {"agency": agency, "from": first.isoformat(), "to": last.isoformat()}
            answer = await stats.get("/v1/reports/resolution", params=params, headers=headers)
            assert answer.status_code == 200, answer.text
            figures: dict[str, int] = answer.json()["total"]
            return figures

        before = await total("45", date(2025, 6, 1), date(2025, 6, 30))
        after = await total("44", date(2025, 7, 1), date(2025, 7, 31))
        assert before["pending"] == after["carried_over"] == TOTALS.pending
        assert before["pending_overdue"] == after["pending_overdue"] > 0
