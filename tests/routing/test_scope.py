"""Whoever lacks the right sees nothing, not even that it exists."""

import pytest

from tests.support import JUSTICE, PROVINCE, REGISTER_COPY, WARD

MONDAY = "Monday 2026-11-16 09:00"
STAFF = ("counter", "handler", "leader", "supervisor", "admin", "machine")


async def codes(routing, path, headers, **params):
    answer = await routing.http.get(path, params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    return {item["code"] for item in answer.json()["items"]}


async def test_an_agency_sees_its_own_the_province_sees_all(routing):
    ours = await routing.case(accepted=MONDAY)
    theirs = await routing.case(accepted=MONDAY, agency=JUSTICE, procedure=REGISTER_COPY)
    for path in ("/v1/cases", "/v1/worklist", "/v1/overdue"):
        for role in STAFF:
            ward = await codes(routing, path, routing.as_(role, WARD))
            assert ours.code in ward
            assert theirs.code not in ward
        assert {ours.code, theirs.code} <= await codes(routing, path, routing.as_("supervisor"))
        assert theirs.code not in await codes(routing, path, routing.as_("supervisor"), agency=WARD)


@pytest.mark.parametrize("path", ["/v1/cases", "/v1/worklist", "/v1/overdue", "/v1/due-soon"])
async def test_an_agency_out_of_scope_cannot_be_asked_for(routing, path):
    for agency in (PROVINCE, JUSTICE):
        answer = await routing.http.get(path, params={"agency": agency}, headers=routing.as_("leader", WARD))
        assert (answer.status_code, answer.json()["code"]) == (403, "agency_out_of_scope")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("GET", "/hand-overs", None),
        ("POST", "/hand-overs", {"to_agency": WARD}),
        ("POST", "/finish", {"outcome": "granted"}),
    ],
)
async def test_a_case_out_of_scope_looks_like_none_at_all(routing, method, path, body):
    theirs = await routing.case(accepted=MONDAY, agency=JUSTICE, procedure=REGISTER_COPY)
    unopened = await routing.dossier(accepted=MONDAY)
    seen = set()
    for code in (theirs.code, unopened.code, "19333-261116-9998"):
        answer = await routing.http.request(
            method, f"/v1/cases/{code}{path}", json=body, headers=routing.as_("handler", WARD)
        )
        seen.add((answer.status_code, answer.text))
    assert len(seen) == 1
    assert next(iter(seen))[0] == 404


@pytest.mark.parametrize("path", ["/v1/cases", "/v1/cases/x", "/v1/worklist", "/v1/overdue", "/v1/due-soon"])
async def test_without_a_token_and_for_a_citizen_there_is_nothing(routing, path):
    answer = await routing.http.get(path)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    answer = await routing.http.get(path, headers=routing.as_("citizen"))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("path", ["/v1/agencies", "/v1/agencies/44", "/v1/calendar"])
async def test_what_is_public_needs_no_token(routing, path):
    assert (await routing.http.get(path)).status_code == 200


async def test_a_token_of_an_abolished_agency_sees_what_was_its_own(routing):
    old = await routing.case(accepted="Thursday 2019-12-19 08:00", agency="461")
    assert old.code in await codes(routing, "/v1/overdue", routing.as_("leader", "461"))
    assert old.code in await codes(routing, "/v1/overdue", routing.as_("leader"))
    assert old.code not in await codes(routing, "/v1/overdue", routing.as_("leader", WARD))


async def test_the_worklist_is_in_order_of_what_runs_out_first(routing):
    headers = routing.as_("handler", "QT25-D07")
    made = [
        await routing.case(accepted=accepted, agency="QT25-D07", procedure=REGISTER_COPY)
        for accepted in ("Wednesday 2026-11-18 09:00", "Monday 2026-11-16 09:00", "Tuesday 2026-11-17 09:00")
    ]
    await routing.owner.execute("UPDATE dossier SET late_from = NULL, due_at = NULL WHERE id = $1", made[1].id)
    undated = await routing.case(accepted="Friday 2026-11-13 09:00", agency="QT25-D07", procedure=REGISTER_COPY)
    await routing.owner.execute("UPDATE dossier SET late_from = NULL, due_at = NULL WHERE id = $1", undated.id)
    seen, cursor = [], None
    while True:
        params = {"limit": 1, **({"cursor": cursor} if cursor else {})}
        page = (await routing.http.get("/v1/worklist", params=params, headers=headers)).json()
        seen += [item["code"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [made[2].code, made[0].code, made[1].code, undated.code]
