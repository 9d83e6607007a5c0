"""Quy trình nội bộ: the desks of one agency, one after the other, with hours each; a dossier keeps the version with
which it began. The real examples come with the product, as far as they are known, and open no case."""

from typing import Any

import pytest

from services.reference import workflows
from shared.domain.lifecycle import Channel
from tests.routing.conftest import Routing, reasons
from tests.routing.linked import MONDAY, a_case, a_step, a_workflow, finished, segments
from tests.support import PROVINCE, REGISTER_COPY, WARD

DESKS = [
    ("reception", 2, "Một cửa"),
    ("specialist", 3, "Hộ tịch"),
    ("unit_head", 2, "Lãnh đạo"),
    ("clerk", 1, "Văn thư"),
]


def the_desks() -> list[dict[str, Any]]:
    """Four desks with 2 + 3 + 2 + 1 hours: one working day."""
    return [a_step(role, hours, desk=desk) for role, hours, desk in DESKS]


async def test_the_desks_take_their_turns_paper_or_not(routing: Routing) -> None:
    await a_workflow(
        routing, "NB-BS", the_desks(), kind="internal", procedure=REGISTER_COPY, decision="1/QĐ-UBND",
        decided_on="2025-12-01",
    )  # fmt: skip
    for channel in (Channel.COUNTER, Channel.ONLINE):
        code = (await a_case(routing, procedure=REGISTER_COPY, channel=channel)).code
        found = await segments(routing, code)
        assert (found["kind"], found["mode"]) == ("internal", "sequential")
        assert [(s["agency"], s["desk"], s["role"], s["state"]) for s in found["items"]] == [
            (WARD, desk, role, "open" if n == 0 else "waiting") for n, (role, _, desk) in enumerate(DESKS)
        ]
        await finished(routing, code, 1, WARD, "2026-11-16T10:00")
        await finished(routing, code, 2, WARD, "2026-11-16T16:00")
        case = (await routing.http.get(f"/v1/cases/{code}", headers=routing.as_("handler", WARD))).json()
        assert (case["holder"], case["desk"]) == (WARD, "Lãnh đạo")
        # 1 hour of 2; 4 of 3: late, and the next desk has its two hours all the same.
        after = (await segments(routing, code))["items"]
        assert [(s["worked_hours"], s["late"]) for s in after[:2]] == [(1.0, False), (4.0, True)]
        assert after[2]["due_at"] == "2026-11-17T08:00:00+07:00"


async def test_a_linked_procedure_goes_before(routing: Routing) -> None:
    await a_workflow(routing, "NB-DAT", the_desks(), kind="internal", agency="18880")
    await a_workflow(routing, "LT-DAT", [a_step("lead", 2)], agency=None, level="commune")
    for agency, expected in (("18880", "LT-DAT"), (WARD, "LT-DAT")):
        code = (await a_case(routing, agency=agency)).code
        answer = await routing.http.get(f"/v1/cases/{code}/segments", headers=routing.as_("leader"))
        assert answer.json()["workflow"] == expected


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (a_step("lead", 1), ("steps.0.role", "not_one_of")),
        (a_step("clerk", 1, agency="QT25-D03"), ("steps.0.agency", "one_agency_only")),
        (a_step("clerk", 1, relation="above"), ("steps.0.agency", "one_agency_only")),
    ],
)
async def test_it_is_of_one_agency(routing: Routing, step: dict[str, Any], reason: tuple[str, str]) -> None:
    body = {
        "code": "NB-X",
        "kind": "internal",
        "name": "Nội bộ",
        "procedure": REGISTER_COPY,
        "agency": WARD,
        "basis": "QĐ",
        "valid_from": "2027-01-01",
        "steps": [step],
    }
    answer = await routing.http.post("/v1/workflows", json=body, headers=routing.as_("admin", PROVINCE))
    assert (answer.status_code, reasons(answer)) == (422, {reason})


async def test_the_examples_say_what_is_known_and_invent_nothing(routing: Routing) -> None:
    shown = {}
    for example in workflows():
        answer = await routing.http.get(f"/v1/workflows/{example.code}", headers=routing.as_("handler", WARD))
        assert answer.status_code == 200, answer.text
        shown[example.code] = answer.json()
    assert {(e["adopted"], e["confirmed"], e["valid_from"]) for e in shown.values()} == {(False, False, None)}
    copy = shown["VD-2.000908"]
    assert [(s["role"], s["allotted"]["value"], s["agency"]) for s in copy["steps"]] == [
        ("unstated", 2.0, None),
        ("unstated", 3.0, None),
        ("unstated", 2.0, None),
        ("unstated", 1.0, None),
    ]
    assert copy["longest_path_hours"] == 8.0
    for code, number, day in (
        ("VD-KT-575-2020", "575/QĐ-UBND", "2020-08-05"),
        ("VD-QB-2851-2019", "2851/QĐ-UBND", "2019-07-23"),
    ):
        told = shown[code]
        assert (told["decision"], told["decided_on"], told["procedure"], told["steps"]) == (number, day, None, [])


async def test_an_example_opens_no_case(routing: Routing) -> None:
    code = (await a_case(routing, accepted=MONDAY, procedure=REGISTER_COPY, agency="QT25-D05")).code
    answer = await routing.http.get(f"/v1/cases/{code}/segments", headers=routing.as_("leader"))
    assert answer.json()["items"] == []
