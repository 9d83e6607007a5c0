"""One dossier through the three rooms: received, told, handed over, finished by its handler, returned, counted."""

from datetime import date

import httpx

from shared.domain.civil_time import civil_day
from shared.web.clock import now
from tests.journeys.conftest import Running, eventually
from tests.support import PROVINCE, REGISTER_COPY, WARD, a_draft

JUSTICE = "QT25-D03"


def _figures(running: Running, agency: str, day: date) -> dict[str, object]:
    with running.client("stats", "leader", PROVINCE) as stats:
        answer = stats.get(
            "/v1/reports/resolution", params={"agency": agency, "from": day.isoformat(), "to": day.isoformat()}
        )
        assert answer.status_code == 200, answer.text
        figures: dict[str, object] = answer.json()["total"]
        return figures


def _status(intake: httpx.Client, code: str) -> str:
    status: str = intake.get(f"/v1/dossiers/{code}").json()["status"]
    return status


def test_the_journey(running: Running) -> None:
    today = civil_day(now())
    before = _figures(running, WARD, today)
    counter = running.client("intake", "counter", WARD)
    received = counter.post("/v1/dossiers", json=a_draft(procedure=REGISTER_COPY)).json()
    code = received["code"]
    counted = _figures(running, WARD, today)
    assert counted["received"] == int(str(before["received"])) + 1, "exact at once"

    eventually(lambda: _status(counter, code) == "in_process")
    handler = running.client("routing", "handler", WARD)
    case = handler.get(f"/v1/cases/{code}").json()
    assert case["holder"] == WARD

    handed = handler.post(f"/v1/cases/{code}/hand-overs", json={"to_agency": JUSTICE, "to_desk": "Hành chính tư pháp"})
    assert handed.status_code == 201, handed.text
    assert counter.get(f"/v1/dossiers/{code}").json()["holder"] == JUSTICE

    justice = running.client("routing", "handler", JUSTICE)
    finished = justice.post(f"/v1/cases/{code}/finish", json={"outcome": "granted"})
    assert finished.status_code == 200, finished.text
    assert _status(counter, code) == "finished"
    events = counter.get(f"/v1/dossiers/{code}/events").json()["items"]
    assert [event["kind"] for event in events] == ["accepted", "processing_started", "finished"]
    assert (events[-1]["actor"], events[-1]["for_agency"]) == (f"handler@{JUSTICE}", JUSTICE)

    assert counter.post(f"/v1/dossiers/{code}/return", json={}).status_code == 200
    after = _figures(running, WARD, today)
    assert after["resolved"] == int(str(before["resolved"])) + 1
    assert after["resolved_early"] == int(str(before["resolved_early"])) + 1
    assert after["pending"] == before["pending"]

    with running.client("stats", "leader", PROVINCE) as stats:
        listed = stats.get(
            "/v1/reports/resolution/dossiers",
            params={"agency": WARD, "from": today.isoformat(), "to": today.isoformat(), "figure": "resolved"},
        ).json()
    assert code in [item["code"] for item in listed["items"]]


def test_docs_work_without_a_net(running: Running) -> None:
    for room in ("intake", "routing", "stats"):
        with running.client(room, "leader", PROVINCE) as client:
            page = client.get("/docs")
            assert page.status_code == 200
            assert "https://" not in page.text.replace("https://spec.openapis.org", "")
            assert client.get("/openapi.json").json()["openapi"].startswith("3.1")
            assert client.get("/readyz").json() == {"status": "ready"}
            assert "motcua_requests_total" in client.get("/metrics").text
