"""Instants as clients may claim them: text with an offset, in a year that a calendar can have; never a 500."""

import httpx
import pytest

from tests.support import REGISTER_COPY, a_draft


@pytest.mark.parametrize(
    "instant",
    [5, 1.5e18, "5", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-13-01T00:00:00Z", "", {}, True],
)
async def test_impossible_ones_are_refused(intake: httpx.AsyncClient, instant: object) -> None:
    code = (await intake.post("/v1/dossiers", json=a_draft(procedure=REGISTER_COPY))).json()["code"]
    for verb in ("finish", "return"):
        answer = await intake.post(f"/v1/dossiers/{code}/{verb}", json={"occurred_at": instant})
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["field"] == "occurred_at"
