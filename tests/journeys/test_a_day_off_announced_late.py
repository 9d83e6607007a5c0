"""A day off that is announced when it is over: who was late by it is late no longer, the receipt is printed anew, and
the number that leaders read follows."""

from datetime import date, datetime, time, timedelta
from typing import Any

import orjson

from shared.domain.civil_time import at, civil_day
from shared.web.clock import now
from tests.journeys.conftest import Running, eventually
from tests.support import PROVINCE, REGISTER_COPY, WARD, a_draft


def _worked_before(running: Running, day: date, count: int) -> date:
    """The `count`-th working day before a day, by the calendar that routing shows."""
    with running.client("routing", "leader", PROVINCE) as routing:
        years = [routing.get("/v1/calendar", params={"year": year}).json() for year in (day.year - 1, day.year)]
    kinds = {entry["day"]: entry["kind"] for year in years for entry in year["days"]}

    def is_worked(each: date) -> bool:
        kind = kinds.get(str(each))
        return kind == "make_up_work" if kind else each.weekday() < 5

    before = (day - timedelta(days=n) for n in range(1, 40))
    return [each for each in before if is_worked(each)][count - 1]


def _late(running: Running, day: date) -> tuple[int, list[str], list[str]]:
    """The figure of the ward, the list that it opens, and the list of what is overdue."""
    with running.client("stats", "leader", WARD) as stats, running.client("routing", "leader", WARD) as routing:
        params: dict[str, Any] = {"agency": WARD, "from": str(day), "to": str(day)}
        total = stats.get("/v1/reports/resolution", params=params).json()["total"]
        listed = stats.get("/v1/reports/resolution/dossiers", params={**params, "figure": "pending_overdue"}).json()
        overdue = routing.get("/v1/overdue").json()
    return (
        total["pending_overdue"],
        sorted(item["code"] for item in listed["items"]),
        sorted(item["code"] for item in overdue["items"]),
    )


def _agree(late: tuple[int, list[str], list[str]]) -> bool:
    """The figure is the length of its list, and a recount from the dossiers gives the same."""
    figure, listed, overdue = late
    return figure == len(listed) and listed == overdue


def test_the_journey(running: Running) -> None:
    today = civil_day(now())
    off, accepted = _worked_before(running, today, 1), _worked_before(running, today, 2)
    record = {
        "legacy_code": "LATE-1",
        **a_draft(procedure=REGISTER_COPY),
        "accepted_at": at(accepted, time(9)).isoformat(),
    }
    admin = running.client("intake", "admin", PROVINCE)
    ndjson = {"Content-Type": "application/x-ndjson"}
    assert admin.post("/v1/imports", content=orjson.dumps(record), headers=ndjson).json()["created"] == 1
    dossier = admin.get("/v1/dossiers/LATE-1").json()
    code = dossier["code"]
    assert civil_day(datetime.fromisoformat(dossier["due_at"])) == off, "one working day"
    before = _late(running, today)
    assert code in before[1]
    assert _agree(before)

    operator = running.client("routing", "admin", PROVINCE)
    named = {"name_vi": "Nghỉ chống bão", "name_en": "Storm day", "source": "Công điện 12/CĐ-TTg"}
    days = [{"day": str(off), "kind": "holiday", **named}]
    preview = operator.post("/v1/calendar/changes/preview", json={"days": days}).json()
    assert (preview["moved"], preview["no_longer_late"], preview["newly_late"]) == (1, 1, 0)
    assert preview["examples"][0]["code"] == code
    body = {"days": days, "reason": "Bão số 5", "decision": "512/QĐ-UBND"}
    made = operator.post("/v1/calendar/changes", json=body, headers={"Idempotency-Key": "storm"})
    assert made.status_code == 201, made.text
    number = made.json()["id"]

    eventually(lambda: operator.get(f"/v1/calendar/changes/{number}").json()["progress"]["moved"] == 1)
    moved = admin.get(f"/v1/dossiers/{code}").json()
    assert moved["due_at"] == preview["examples"][0]["due_after"]
    assert moved["original_due_at"] == dossier["original_due_at"]
    assert civil_day(datetime.fromisoformat(moved["due_at"])) >= today
    event = admin.get(f"/v1/dossiers/{code}/events").json()["items"][-1]
    assert (event["kind"], event["detail"]["decision"]) == ("rescheduled", "512/QĐ-UBND")
    receipts = [form for form in admin.get(f"/v1/dossiers/{code}/forms").json()["items"] if form["form"] == "receipt"]
    assert [form["edition"] for form in receipts] == [1, 2], "both are kept"

    after = _late(running, today)
    assert after[0] == before[0] - 1
    assert code not in after[1]
    assert _agree(after)
    eventually(lambda: operator.get(f"/v1/calendar/changes/{number}").json()["progress"]["state"] == "done", seconds=30)
    assert _agree(_late(running, today)), "folded, it is the same"
