"""Lập quy trình: a definition is refused with field and reason, or becomes a version that ends the one before; the
longest path is what brute force finds, and never exceeds the term."""

from datetime import timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing_service.workflows.rules import circular, in_order, longest_path
from shared.domain.civil_time import civil_day
from shared.web.clock import now
from tests.routing.conftest import Routing, reasons
from tests.support import JUSTICE, PROVINCE, REGISTER_COPY, WARD


def a_step(hours: float = 2, **more: Any) -> dict[str, Any]:
    if "agency" not in more and "relation" not in more:
        more["relation"] = "receiving"
    return {"role": "coordinating", "allotted": {"value": hours, "unit": "working_hour"}, **more}


def a_workflow(code: str, /, *steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A linked procedure for a copy from the register (one working day), held by the ward."""
    return {
        "code": code,
        "kind": "linked",
        "name": "Liên thông cấp bản sao",
        "procedure": REGISTER_COPY,
        "agency": WARD,
        "basis": "Nghị định 61/2018/NĐ-CP, Điều 19",
        "valid_from": "2026-01-01",
        "steps": list(steps) or [a_step(role="one_stop"), a_step(3, agency=JUSTICE, role="lead")],
        **more,
    }


async def define(routing: Routing, body: dict[str, Any], role: str = "admin", agency: str = PROVINCE, **headers: str):
    return await routing.http.post("/v1/workflows", json=body, headers={**routing.as_(role, agency), **headers})


async def test_it_is_defined_and_read(routing: Routing) -> None:
    body = a_workflow("LT-1", decision="12/QĐ-UBND", decided_on="2025-12-20")
    made = await define(routing, body)
    assert made.status_code == 201, made.text
    told = made.json()
    assert made.headers["Location"] == "/v1/workflows/LT-1?as_of=2026-01-01"
    assert (told["version"], told["versions"], told["longest_path_hours"], told["adopted"]) == (1, [1], 5.0, True)
    assert [(s["no"], s["agency"], s["relation"], s["role"], s["after"]) for s in told["steps"]] == [
        (1, None, "receiving", "one_stop", []),
        (2, JUSTICE, None, "lead", [1]),
    ]
    read = await routing.http.get(made.headers["Location"], headers=routing.as_("handler", WARD))
    assert read.json() == told
    early = await routing.http.get("/v1/workflows/LT-1?as_of=2025-12-31", headers=routing.as_("handler", WARD))
    assert (early.status_code, early.json()["code"]) == (404, "not_found")


async def test_a_new_version_ends_the_former_the_day_before_and_changes_nothing_else(routing: Routing) -> None:
    first = (await define(routing, a_workflow("LT-2", procedure="1.001193", steps=[a_step(role="lead")]))).json()
    later = a_workflow("LT-2", a_step(1, role="lead"), procedure="1.001193", valid_from="2030-07-01")
    assert (await define(routing, later)).json()["version"] == 2
    staff = routing.as_("leader")
    then = (await routing.http.get("/v1/workflows/LT-2?as_of=2030-06-30", headers=staff)).json()
    assert then == {**first, "valid_to": "2030-06-30", "versions": [1, 2]}
    then = (await routing.http.get("/v1/workflows/LT-2?as_of=2030-07-01", headers=staff)).json()
    assert (then["version"], then["valid_to"], then["longest_path_hours"]) == (2, None, 1.0)
    for day in ("2030-07-01", "2026-03-01"):
        again = await define(routing, {**later, "valid_from": day})
        assert (again.status_code, reasons(again)) == (409, {("valid_from", "not_after_version")})
    other = await define(routing, {**later, "valid_from": "2030-09-01", "procedure": REGISTER_COPY})
    assert reasons(other) == {("procedure", "not_one_of")}


async def test_what_held_on_a_day_stays_so_once_the_day_has_begun(routing: Routing) -> None:
    first = a_workflow("LT-PAST", a_step(1, role="lead"), agency="QT25-D09", procedure="1.001193")
    assert (await define(routing, first)).status_code == 201
    today = civil_day(now())
    for day in ("2026-07-01", today.isoformat()):
        answer = await define(routing, {**first, "valid_from": day, "name": "Bản sau"})
        assert (answer.status_code, reasons(answer)) == (409, {("valid_from", "day_begun")})
        read = await routing.http.get(f"/v1/workflows/LT-PAST?as_of={day}", headers=routing.as_("leader"))
        assert (read.json()["version"], read.json()["valid_to"]) == (1, None)
    tomorrow = (today + timedelta(days=1)).isoformat()
    assert (await define(routing, {**first, "valid_from": tomorrow})).json()["version"] == 2
    # Where the former had ended before, nothing of it changes.
    ended = a_workflow("LT-GAP", agency="QT25-D10", valid_to="2026-03-31")
    assert (await define(routing, ended)).status_code == 201
    assert (await define(routing, {**ended, "valid_from": "2026-05-01", "valid_to": None})).status_code == 201


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"procedure": "9.999999"}, {("procedure", "unknown_procedure")}),
        ({"agency": "nowhere"}, {("agency", "unknown_agency")}),
        ({"agency": "45"}, {("agency", "agency_not_in_force")}),
        ({"level": "commune"}, {("level", "agency_or_level")}),
        # The districts ended on 2025-06-30.
        ({"agency": None, "level": "district"}, {("level", "no_agency_of_level")}),
        ({"valid_to": "2025-12-31"}, {("valid_to", "period_reversed")}),
        ({"code": "a/b"}, {("code", "malformed")}),
        ({"kind": "other"}, {("kind", "not_one_of")}),
        ({"steps": []}, {("steps", "required")}),
        ({"more": 1}, {("more", "unknown_field")}),
        ({"steps": [a_step()]}, {("steps", "no_lead")}),
        ({"steps": [a_step(role="clerk"), a_step(role="lead")]}, {("steps.0.role", "not_one_of")}),
        ({"steps": [a_step(role="lead", agency="nowhere")]}, {("steps.0.agency", "unknown_agency")}),
        ({"steps": [a_step(role="lead", agency="45")]}, {("steps.0.agency", "agency_not_in_force")}),
        ({"steps": [{"role": "lead", "relation": "receiving"}]}, {("steps.0.allotted", "required")}),
        ({"steps": [a_step(0, role="lead")]}, {("steps.0.allotted.value", "out_of_range")}),
        ({"steps": [a_step(-1, role="lead")]}, {("steps.0.allotted.value", "out_of_range")}),
        ({"steps": [a_step(1.1, role="lead")]}, {("steps.0.allotted.value", "invalid_value")}),
        (
            {"steps": [a_step(role="lead", agency=JUSTICE, relation="above")]},
            {("steps.0.agency", "agency_or_relation")},
        ),
        ({"steps": [a_step(role="lead", department="Sở Tư pháp")]}, {("steps.0.department", "department_by_name")}),
        ({"steps": [a_step(role="lead", relation="department")]}, {("steps.0.department", "department_by_name")}),
        ({"steps": [a_step(role="lead", after=[2])]}, {("steps.0.after", "unknown_step")}),
        ({"steps": [a_step(role="lead", after=[1])]}, {("steps.0.after", "steps_in_a_circle")}),
        (
            {"steps": [a_step(role="lead", after=[2]), a_step(after=[1]), a_step(after=[2])]},
            {
                ("steps.0.after", "steps_in_a_circle"),
                ("steps.1.after", "steps_in_a_circle"),
                ("steps.2.after", "unreachable_step"),
            },
        ),
        ({"steps": [a_step(role="lead"), a_step(role="lead", agency=JUSTICE)]}, {("steps.1.role", "two_leads")}),
        ({"steps": [a_step(4, role="lead"), a_step(4.25)]}, {("steps", "path_exceeds_term")}),
        ({"steps": [a_step(role="lead", after=["1"])]}, {("steps.0.after.0", "wrong_type")}),
        ({"steps": [a_step(role="lead"), a_step(after=[True])]}, {("steps.1.after.0", "wrong_type")}),
        (
            {"steps": [a_step(role="lead", allotted={"value": "1", "unit": "working_hour"})]},
            {("steps.0.allotted.value", "wrong_type")},
        ),
        ({"steps": [a_step(True, role="lead")]}, {("steps.0.allotted.value", "wrong_type")}),
        (
            {"steps": [a_step(role="lead", relation="department", department="Sở Phép thuật")]},
            {("steps.0.department", "unknown_department")},
        ),
        (
            {
                "agency": None,
                "level": "commune",
                "steps": [a_step(role="lead", relation="department", department="Sở Phép thuật")],
            },
            {("steps.0.department", "unknown_department")},
        ),
        (
            {"agency": PROVINCE, "steps": [a_step(role="lead", relation="above")]},
            {("steps.0.relation", "nothing_above")},
        ),
        (
            {
                "agency": None,
                "level": "commune",
                "valid_from": "2025-01-01",
                "steps": [a_step(role="lead", agency="461")],
            },
            {("steps.0.agency", "ends_within")},
        ),
    ],
)
async def test_what_is_no_workflow_is_refused_with_field_and_reason(
    routing: Routing, changes: dict[str, Any], found: set[tuple[str, str]]
) -> None:
    answer = await define(routing, a_workflow("LT-X", **changes))
    assert (answer.status_code, reasons(answer)) == (422, found), answer.text


async def test_the_sum_of_a_path_is_refused_with_the_numbers(routing: Routing) -> None:
    steps = [a_step(4, role="lead"), a_step(1, after=[1]), a_step(3, after=[1]), a_step(1.5, after=[2, 3])]
    answer = await define(routing, a_workflow("LT-X", *steps), **{"Accept-Language": "en"})
    assert answer.json()["errors"][0]["reason"] == (
        "steps 1 + 3 + 4 add up to 8.5 working hours, more than the procedure's term of 8 working hours"
    )
    day = {"value": 1, "unit": "working_day"}
    fits = await define(routing, a_workflow("LT-3", a_step(role="lead", allotted=day), agency=JUSTICE))
    assert fits.status_code == 201, "a working day is eight working hours"


async def test_parallel_steps_add_nothing(routing: Routing) -> None:
    steps = [a_step(8, role="lead", after=[]), a_step(8, agency=JUSTICE, after=[])]
    assert (await define(routing, a_workflow("LT-4", *steps, agency="18880"))).status_code == 201


async def test_two_workflows_do_not_hold_at_one_place(routing: Routing) -> None:
    assert (await define(routing, a_workflow("LT-5", agency="QT25-D05"))).status_code == 201
    answer = await define(routing, a_workflow("LT-6", agency="QT25-D05", valid_from="2026-06-01"))
    assert (answer.status_code, reasons(answer)) == (409, {("procedure", "workflow_overlaps")})
    internal = a_workflow("NB-6", kind="internal", agency="QT25-D05", steps=[{**a_step(role="specialist")}])
    assert (await define(routing, internal)).status_code == 201, "another kind"
    assert (await define(routing, a_workflow("LT-6", agency="QT25-D06"))).status_code == 201, "another place"


async def test_only_an_operator_defines_and_only_in_scope(routing: Routing) -> None:
    for role in ("counter", "handler", "leader", "supervisor", "machine", "citizen"):
        assert (await define(routing, a_workflow("LT-7"), role)).status_code == 403
    for body in (a_workflow("LT-7"), a_workflow("LT-7", agency=None, level="commune"), a_workflow("LT-7", agency=None)):
        answer = await define(routing, body, "admin", JUSTICE)
        assert (answer.status_code, answer.json()["code"]) == (403, "agency_out_of_scope")


async def test_a_version_ends_only_what_holds_at_its_own_place_and_in_scope(routing: Routing) -> None:
    staff = routing.as_("leader")
    places: dict[str, dict[str, Any]] = {
        "LT-P1": {"agency": JUSTICE},
        "LT-P2": {"agency": None, "level": "commune"},
        "LT-P3": {"agency": None},
    }
    for code, place in places.items():
        body = a_workflow(code, procedure="2.002516", steps=[a_step(1, role="lead")], **place)
        assert (await define(routing, body)).status_code == 201

    async def second(code: str, by: str, **place: Any) -> tuple[int, str, set[tuple[str, str]]]:
        steps = [a_step(1, role="lead")]
        body = a_workflow(code, procedure="2.002516", steps=steps, **{"valid_from": "2030-07-01", **place})
        answer = await define(routing, body, agency=by)
        return answer.status_code, answer.json().get("code"), reasons(answer) if answer.status_code != 201 else set()

    for code in places:
        assert await second(code, WARD, agency=WARD) == (403, "agency_out_of_scope", set())
        field = ("agency", "other_place")
        assert await second(code, PROVINCE, agency=WARD) == (409, "conflict", {field})
    assert await second("LT-P1", PROVINCE, agency=None) == (409, "conflict", {("level", "other_place")})
    assert await second("LT-P2", PROVINCE, agency=None) == (409, "conflict", {("level", "other_place")})
    for code in places:
        kept = (await routing.http.get(f"/v1/workflows/{code}?as_of=2031-01-01", headers=staff)).json()
        assert (kept["version"], kept["valid_to"], kept["versions"]) == (1, None, [1]), "nothing ended"
    assert (await second("LT-P1", JUSTICE, agency=JUSTICE))[0] == 201
    assert (await second("LT-P2", PROVINCE, agency=None, level="commune"))[0] == 201


async def test_an_example_is_adopted_by_whoever_governs_all(routing: Routing) -> None:
    body = a_workflow("VD-2.000908", a_step(1, role="specialist"), kind="internal", agency=WARD)
    refused = await define(routing, body, agency=WARD)
    assert (refused.status_code, refused.json()["code"]) == (403, "agency_out_of_scope")
    made = await define(routing, body)
    assert (made.status_code, made.json()["adopted"], made.json()["version"]) == (201, True, 2)


async def test_a_unit_that_ends_may_take_part_until_then_or_where_another_takes_over(routing: Routing) -> None:
    """461, a district, ended on 2025-06-30 with no heir; others have one."""
    ends = a_workflow(
        "LT-461",
        a_step(1, role="lead", agency="461"),
        agency=None,
        level="commune",
        valid_from="2025-01-01",
        valid_to="2025-06-30",
    )
    assert (await define(routing, ends)).status_code == 201
    inherited = next(
        unit
        for unit in routing.reference.agencies.by_id.values()
        if unit.valid_to is not None
        and str(unit.valid_to) == "2025-06-30"
        and len(routing.reference.agencies.successors.get(unit.id, ())) == 1
    )
    goes_on = a_workflow(
        "LT-HEIR",
        a_step(1, role="lead", agency=inherited.code),
        agency=None,
        level="province",
        valid_from="2025-01-01",
    )
    made = await define(routing, goes_on)
    assert made.status_code == 201, made.text


async def test_a_repeated_request_has_one_effect(routing: Routing) -> None:
    body = a_workflow("LT-8", agency="QT25-D07")
    first = await define(routing, body, **{"Idempotency-Key": "w-1"})
    again = await define(routing, body, **{"Idempotency-Key": "w-1"})
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json()["versions"] == [1]


async def test_the_list_is_of_a_day_a_procedure_and_an_agency(routing: Routing) -> None:
    await define(routing, a_workflow("LT-9", agency=None, level="commune", procedure="2.000815.000.00.00.H50"))
    await define(routing, a_workflow("LT-9A", agency=None, procedure="2.000815"))
    await define(routing, a_workflow("LT-9B", agency="QT25-D08", procedure="2.000815"))

    async def listed(**params: Any) -> list[str]:
        found, cursor = [], None
        while True:
            asked = {"limit": 2, **params, **({"cursor": cursor} if cursor else {})}
            answer = await routing.http.get("/v1/workflows", params=asked, headers=routing.as_("leader"))
            assert answer.status_code == 200, answer.text
            found += [item["code"] for item in answer.json()["items"]]
            cursor = answer.json()["next"]
            if cursor is None:
                return found

    assert await listed(procedure="2.000815") == ["LT-9", "LT-9A", "LT-9B"]
    assert await listed(procedure="2.000815", agency=WARD) == ["LT-9", "LT-9A"]
    assert await listed(procedure="2.000815", agency="QT25-D08") == ["LT-9A", "LT-9B"]
    assert await listed(procedure="2.000815", as_of="2025-12-31") == []
    assert await listed(procedure="2.000815", kind="internal") == []


async def test_a_version_cannot_be_rewritten(routing: Routing, database: Any) -> None:
    connection = await asyncpg.connect(database.url("motcua_routing"))
    for statement in ("UPDATE workflow_step SET value = 1", "DELETE FROM workflow_step", "DELETE FROM workflow"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await connection.close()


# --- the graph, at random -------------------------------------------------------------------------------------------

SIZES = st.integers(1, 7)


@st.composite
def graphs(draw: st.DrawFn) -> dict[int, tuple[int, ...]]:
    """Steps that wait for any others, circles included."""
    size = draw(SIZES)
    return {no: tuple(draw(st.sets(st.integers(1, size), max_size=3))) for no in range(1, size + 1)}


@st.composite
def walkable(draw: st.DrawFn) -> tuple[dict[int, tuple[int, ...]], dict[int, Fraction]]:
    """Steps without circles, in any numbering, and their hours."""
    order = draw(st.permutations(range(1, draw(SIZES) + 1)))
    follows = {
        no: tuple(draw(st.sets(st.sampled_from(order[:place]), max_size=3))) if place else ()
        for place, no in enumerate(order)
    }
    return follows, {no: Fraction(draw(st.integers(1, 400)), 4) for no in order}


def paths(follows: dict[int, tuple[int, ...]]) -> list[list[int]]:
    """Every path there is, by brute force."""

    def ending_in(no: int) -> list[list[int]]:
        return [[*path, no] for before in follows[no] for path in ending_in(before)] or [[no]]

    return [path for no in follows for path in ending_in(no)]


@given(walkable())
def test_the_longest_path_is_what_brute_force_finds(
    graph: tuple[dict[int, tuple[int, ...]], dict[int, Fraction]],
) -> None:
    follows, hours = graph
    total, path = longest_path(follows, hours)
    assert total == max(sum(hours[no] for no in each) for each in paths(follows)) == sum(hours[no] for no in path)
    assert not follows[path[0]]
    assert all(before in follows[no] for before, no in pairwise(path))


@given(graphs())
def test_what_waits_for_itself_is_found_and_nothing_else(follows: dict[int, tuple[int, ...]]) -> None:
    def before(no: int) -> set[int]:
        found: set[int] = set()
        waiting = list(follows[no])
        while waiting:
            if (current := waiting.pop()) not in found:
                found.add(current)
                waiting += follows[current]
        return found

    circle = {no for no in follows if no in before(no)}
    assert circular(follows) == circle
    assert set(in_order(follows)) == {no for no in follows if not ({no} | before(no)) & circle}
    place = {no: n for n, no in enumerate(in_order(follows))}
    assert all(place[other] < place[no] for no in place for other in follows[no])
