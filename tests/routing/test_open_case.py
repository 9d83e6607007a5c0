"""Opening a case: by the machine, once per dossier, one at a time or a thousand."""

from intake_service.app import create_app as create_intake
from tests.intake.lives import submitted
from tests.routing.conftest import reasons
from tests.support import JUSTICE, PROVINCE, WARD, serving, settings_for

MONDAY = "Monday 2026-11-16 09:00"


async def test_a_case_is_opened_once(routing):
    built = await routing.dossier(accepted=MONDAY)
    opening = {"code": built.code, "desk": "Tư pháp - Hộ tịch"}
    first = await routing.http.post("/v1/cases", json=opening, headers=routing.as_("machine"))
    assert first.status_code == 201
    assert first.headers["Location"] == f"/v1/cases/{built.code}"
    assert first.headers["ETag"] == '"1"'
    case = first.json()
    assert (case["agency"], case["holder"], case["desk"]) == (WARD, WARD, "Tư pháp - Hộ tịch")
    assert (case["status"], case["told"], case["hand_overs"]) == ("accepted", False, 0)
    assert case["opened_at"] == case["accepted_at"] == "2026-11-16T09:00:00+07:00"
    again = await routing.http.post("/v1/cases", json={"code": built.code}, headers=routing.as_("machine"))
    assert again.status_code == 200
    assert again.json() == case


async def test_many_at_once_each_with_its_own_result(routing):
    old = await routing.case(accepted=MONDAY)
    new = [await routing.dossier(accepted=MONDAY) for _ in range(3)]
    codes = [new[0].code, old.code, "19333-261116-9999", new[1].code, new[0].code, new[2].code]
    body = {"items": [{"code": code} for code in codes]}
    answer = await routing.http.post("/v1/cases/bulk", json=body, headers=routing.as_("machine"))
    assert answer.status_code == 200
    told = answer.json()
    assert [item["result"] for item in told["items"]] == [
        "opened", "existing", "not_found", "opened", "existing", "opened",
    ]  # fmt: skip
    assert [item["code"] for item in told["items"]] == codes
    assert (told["opened"], told["existing"], told["not_found"]) == (3, 2, 1)
    again = (await routing.http.post("/v1/cases/bulk", json=body, headers=routing.as_("machine"))).json()
    assert (again["opened"], again["existing"], again["not_found"]) == (0, 5, 1)


async def test_only_the_machine_opens_cases_and_only_in_its_scope(routing):
    built = await routing.dossier(accepted=MONDAY)
    for role in ("counter", "handler", "leader", "supervisor", "admin", "citizen"):
        answer = await routing.http.post("/v1/cases", json={"code": built.code}, headers=routing.as_(role))
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    elsewhere = routing.as_("machine", JUSTICE)
    answer = await routing.http.post("/v1/cases", json={"code": built.code}, headers=elsewhere)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    bulk = {"items": [{"code": built.code}]}
    answer = await routing.http.post("/v1/cases/bulk", json=bulk, headers=elsewhere)
    assert answer.json()["items"] == [{"code": built.code, "result": "not_found"}]
    assert (await routing.http.post("/v1/cases", json={"code": built.code})).status_code == 401


async def test_a_submission_that_is_not_accepted_has_no_case(routing, database):
    async with serving(create_intake(settings_for(database, routing.issuer))) as intake:
        intake.headers.update(routing.as_("counter", WARD))
        code = (await submitted(intake))["code"]
    one = await routing.http.post("/v1/cases", json={"code": code}, headers=routing.as_("machine"))
    assert (one.status_code, one.json()["code"]) == (404, "not_found")
    bulk = {"items": [{"code": code}]}
    many = await routing.http.post("/v1/cases/bulk", json=bulk, headers=routing.as_("machine"))
    assert many.json()["items"] == [{"code": code, "result": "not_found"}]
    assert (await routing.http.get("/v1/cases", headers=routing.as_("leader"))).status_code == 200


async def test_what_is_not_an_opening_is_refused(routing):
    built = await routing.dossier(accepted=MONDAY)

    async def refused(body, path="/v1/cases"):
        answer = await routing.http.post(path, json=body, headers=routing.as_("machine"))
        assert answer.status_code == 422, answer.text
        return reasons(answer)

    assert await refused({"code": built.code, "opened_at": "2026-11-16T09:00:00"}) == {("opened_at", "without_offset")}
    assert await refused({"code": built.code, "opened_at": 1_700_000_000}) == {("opened_at", "malformed")}
    assert await refused({"code": built.code, "opened_at": "0001-01-01T00:00:00+07:00"}) == {
        ("opened_at", "out_of_range")
    }
    assert await refused({"code": built.code, "opened_at": "2199-01-01T00:00:00+07:00"}) == {("opened_at", "in_future")}
    assert await refused({"code": built.code, "desk": "a\tb"}) == {("desk", "control_characters")}
    assert await refused({"code": built.code, "holder": PROVINCE}) == {("holder", "unknown_field")}
    assert await refused({"code": "a\x00b"}) == {("code", "control_characters")}
    many = {"items": [{"code": "x"}] * 1001}
    assert await refused(many, "/v1/cases/bulk") == {("items", "too_many")}
    later = {"items": [{"code": "x"}, {"code": "y", "opened_at": "2199-01-01T00:00:00+07:00"}]}
    assert await refused(later, "/v1/cases/bulk") == {("items.1.opened_at", "in_future")}


async def test_a_case_is_read_by_either_code(routing):
    built = await routing.case(accepted=MONDAY)
    await routing.owner.execute("UPDATE dossier SET legacy_code = 'QT/2026/17' WHERE id = $1", built.id)
    await routing.owner.execute("UPDATE dossier SET legacy_code = 'QT-17' WHERE id = $1", built.id)
    for code in (built.code, "QT-17"):
        answer = await routing.http.get(f"/v1/cases/{code}", headers=routing.as_("handler", WARD))
        assert answer.json()["code"] == built.code
    for code in ("nothing", "a%01b", "%F0%9F%98%80", "x" * 300):
        answer = await routing.http.get(f"/v1/cases/{code}", headers=routing.as_("handler", WARD))
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_the_list_pages_through_open_cases(routing):
    made = {(await routing.case(accepted=MONDAY, agency=JUSTICE, procedure="2.000908")).code for _ in range(5)}
    seen, cursor = [], None
    while True:
        params = {"agency": JUSTICE, "limit": 2, **({"cursor": cursor} if cursor else {})}
        page = (await routing.http.get("/v1/cases", params=params, headers=routing.as_("leader"))).json()
        seen += [item["code"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert set(seen) == made
    assert len(seen) == 5
    answer = await routing.http.get("/v1/cases", params={"cursor": "x"}, headers=routing.as_("leader"))
    assert reasons(answer) == {("cursor", "malformed_cursor")}
    answer = await routing.http.get("/v1/cases", params={"holder": "none"}, headers=routing.as_("leader"))
    assert reasons(answer) == {("holder", "unknown_agency")}
