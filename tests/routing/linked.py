"""Builders of workflows, and of dossiers on their way through one."""

from typing import Any

import httpx

from tests.builders import Built
from tests.routing.conftest import Routing
from tests.support import PROVINCE, WARD

#: Land: 23 working days, at communes too.
LAND = "1.014275"
#: Nông nghiệp và Môi trường, and Tài chính.
CADASTRE, FINANCE = "QT25-D06", "QT25-D04"
MONDAY = "Monday 2026-11-16 09:00"


def a_step(role: str, value: float, unit: str = "working_hour", **more: Any) -> dict[str, Any]:
    """A step; of the receiving agency unless it says whose."""
    if "agency" not in more and "relation" not in more:
        more["relation"] = "receiving"
    return {"role": role, "allotted": {"value": value, "unit": unit}, **more}


def in_turn() -> list[dict[str, Any]]:
    """The ward, the cadastre (lead), finance, the ward again: one after the other."""
    return [
        a_step("one_stop", 4),
        a_step("lead", 2, "working_day", agency=CADASTRE),
        a_step("coordinating", 8, agency=FINANCE),
        a_step("one_stop", 2),
    ]


async def a_workflow(routing: Routing, code: str, steps: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A workflow for what the ward receives, in force all year."""
    body = {
        "code": code,
        "kind": "linked",
        "name": "Liên thông đất đai",
        "procedure": LAND,
        "agency": WARD,
        "basis": "Nghị định 61/2018/NĐ-CP, Điều 19",
        "valid_from": "2026-01-01",
        "steps": steps,
        **more,
    }
    answer = await routing.http.post("/v1/workflows", json=body, headers=routing.as_("admin", PROVINCE))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def a_case(routing: Routing, **given: Any) -> Built:
    """A land dossier at the ward, its case open."""
    return await routing.case(**{"accepted": MONDAY, "procedure": LAND, **given})


async def segments(routing: Routing, code: str, agency: str = WARD) -> dict[str, Any]:
    """What an agency sees of a dossier's segments."""
    answer = await routing.http.get(f"/v1/cases/{code}/segments", headers=routing.as_("handler", agency))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def finish(
    routing: Routing, code: str, no: int, agency: str, at: str | None = None, **more: Any
) -> httpx.Response:
    """An agency says that its share is done; `at` in the form 2026-11-16T14:00."""
    headers = routing.as_("handler", agency) | {name: str(more.pop(name)) for name in list(more) if "-" in name}
    body = {"occurred_at": f"{at}:00+07:00", **more} if at else more
    return await routing.http.post(f"/v1/cases/{code}/segments/{no}/finish", json=body, headers=headers)


async def finished(routing: Routing, code: str, no: int, agency: str, at: str | None = None, **more: Any) -> Any:
    """… and may."""
    answer = await finish(routing, code, no, agency, at, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()
