"""A linked dossier through the rooms: a commune receives it, the cadastre and a department take part, one of them is
late. The delay is laid on that one; the dossier counts once, for the commune, and is on time by its own date."""

import json
import re
from datetime import date, datetime, time, timedelta
from typing import Any

import httpx

from shared.domain.civil_time import at, civil_day
from shared.web.clock import now
from tests.intake.test_forms import on_paper, text_of
from tests.journeys.conftest import Running, eventually
from tests.routing.linked import CADASTRE, FINANCE, LAND, in_turn
from tests.support import PROVINCE, WARD

FIGURES = ("received", "resolved", "resolved_on_time", "resolved_late", "pending")


def _figures(running: Running, agency: str, first: date) -> tuple[int, ...]:
    period = {"agency": agency, "from": first.isoformat(), "to": civil_day(now()).isoformat()}
    with running.client("stats", "leader", PROVINCE) as stats:
        answer = stats.get("/v1/reports/resolution", params=period)
        assert answer.status_code == 200, answer.text
        return tuple(answer.json()["total"][name] for name in FIGURES)


def _received(running: Running, accepted: datetime) -> str:
    """A dossier that the ward received in another system two weeks ago, taken over."""
    record = {
        "legacy_code": "LT-1",
        "procedure": LAND,
        "agency": WARD,
        "channel": "counter",
        "applicant": {"kind": "person", "name": "Nguyễn Thị Đào"},
        "accepted_at": accepted.isoformat(),
    }
    with running.client("intake", "admin", PROVINCE) as intake:
        media = {"Content-Type": "application/x-ndjson"}
        run = intake.post("/v1/imports", content=json.dumps(record).encode() + b"\n", headers=media)
        assert run.json()["created"] == 1, run.text
        code: str = intake.get("/v1/dossiers/LT-1").json()["code"]
        return code


def _is_open(routing: httpx.Client, code: str) -> bool:
    return routing.get(f"/v1/cases/{code}").status_code == 200


def _finish(running: Running, code: str, no: int, agency: str, **body: Any) -> dict[str, Any]:
    with running.client("routing", "handler", agency) as routing:
        answer = routing.post(f"/v1/cases/{code}/segments/{no}/finish", json=body)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told


def test_the_journey(running: Running) -> None:
    today = civil_day(now())
    monday = today - timedelta(days=today.weekday() + 14)
    accepted = at(monday, time(9, 0))
    before = {agency: _figures(running, agency, monday) for agency in (WARD, CADASTRE, FINANCE, PROVINCE)}

    with running.client("routing", "admin", PROVINCE) as admin:
        body = {
            "code": "LT-DAT",
            "kind": "linked",
            "name": "Liên thông đất đai",
            "procedure": LAND,
            "level": "commune",
            "basis": "Nghị định 61/2018/NĐ-CP, Điều 19",
            "valid_from": monday.isoformat(),
            "steps": in_turn()[:3],
        }
        assert admin.post("/v1/workflows", json=body).status_code == 201

    code = _received(running, accepted)
    ward = running.client("routing", "handler", WARD)
    eventually(lambda: _is_open(ward, code))
    opened = ward.get(f"/v1/cases/{code}/segments").json()
    assert (opened["mode"], [s["state"] for s in opened["items"]]) == ("sequential", ["open", "waiting", "waiting"])
    dossier = running.client("intake", "counter", WARD).get(f"/v1/dossiers/{code}").json()
    assert opened["due_at"] == dossier["due_at"]
    assert opened["receiving_due_at"] is not None, "the receipt has two dates"
    assert opened["receiving_due_at"] < opened["due_at"]
    counter, path = running.client("intake", "counter", WARD), f"/v1/dossiers/{code}/forms/receipt.pdf"
    eventually(lambda: counter.get(path).status_code == 200)
    receipt = text_of(counter.get(path).content)
    assert f"Thời gian trả kết quả giải quyết hồ sơ: {on_paper(opened['due_at'])}" in receipt
    assert re.search(rf"Thời gian trả kết quả tại [^:]+: {on_paper(opened['receiving_due_at'])}", receipt)

    _finish(running, code, 1, WARD, occurred_at=(accepted + timedelta(hours=1)).isoformat())
    assert running.client("routing", "handler", CADASTRE).get(f"/v1/cases/{code}").json()["holder"] == CADASTRE
    _finish(running, code, 2, CADASTRE)  # only now: two weeks for two days
    done = _finish(running, code, 3, FINANCE)  # at once
    assert [s["late"] for s in done["items"]] == [False, True, False]
    assert done["late"] == [CADASTRE]

    assert ward.get(f"/v1/cases/{code}").json()["holder"] == WARD, "it came back to where it was filed"
    finished = ward.post(f"/v1/cases/{code}/finish", json={"outcome": "granted"})
    assert finished.status_code == 200, finished.text
    dossier = running.client("intake", "counter", WARD).get(f"/v1/dossiers/{code}").json()
    assert (dossier["status"], dossier["verdict"]) == ("finished", "early")

    for agency, then in before.items():
        grown = tuple(b - a for a, b in zip(then, _figures(running, agency, monday), strict=True))
        counted = (1, 1, 1, 0, 0) if agency in (WARD, PROVINCE) else (0, 0, 0, 0, 0)
        assert grown == counted, f"{agency}: a linked dossier counts once, for whoever received it"
