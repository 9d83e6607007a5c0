"""Agencies as of a day: codes are reused, so a code means a unit only together with a day."""

import pytest

from tests.routing.conftest import reasons
from tests.support import WARD


async def get(routing, path="", **params):
    return await routing.http.get(f"/v1/agencies{path}", params=params)


async def test_a_code_means_another_unit_on_another_day(routing):
    old = (await get(routing, "/45", as_of="2019-06-30")).json()
    assert (old["name"], old["valid_to"], old["parent"]) == ("UBND tỉnh Quảng Trị", "2025-06-30", None)
    assert [(heir["code"], heir["valid_from"]) for heir in old["successors"]] == [("44", "2025-07-01")]
    new = (await get(routing, "/44")).json()
    assert "45" in [unit["code"] for unit in new["predecessors"]]
    assert (await get(routing, f"/{WARD}")).json()["parent_name"] == new["name"]


async def test_a_code_of_other_days_is_not_found_and_names_who_took_over(routing):
    answer = await routing.http.get("/v1/agencies/45", headers={"Accept-Language": "en"})
    assert (answer.status_code, reasons(answer)) == (404, {("code", "agency_not_in_force")})
    assert "successor: 44 UBND tỉnh Quảng Trị" in answer.json()["errors"][0]["reason"]
    unknown = await get(routing, "/none")
    assert (unknown.status_code, reasons(unknown)) == (404, {("code", "unknown_agency")})
    early = await get(routing, "/QT25-D03", as_of="2019-06-30")
    assert (early.status_code, reasons(early)) == (404, {("code", "agency_not_in_force")})


async def test_successors_are_followed_to_those_in_force(routing):
    # A commune merged on 1/1/2020 into another, which was merged on 1/7/2025: today's unit is two steps away.
    tree = routing.reference.agencies
    ended_2019 = [u for u in tree.by_id.values() if u.valid_to and u.valid_to.isoformat() == "2019-12-31"]
    assert ended_2019
    for unit in ended_2019[:5]:
        if tree.on(unit.code, tree.by_id[unit.id].valid_to.replace(year=2026)) is None:
            answer = await get(routing, f"/{unit.code}")
            assert "đơn vị kế thừa" in answer.json()["errors"][0]["reason"]


async def test_the_list_of_a_day(routing):
    then = (await get(routing, as_of="2019-06-30")).json()["items"]
    now = (await get(routing)).json()["items"]
    assert len(then) == 173
    assert {"45", "461"} <= {unit["code"] for unit in then}
    assert not {"45", "461"} & {unit["code"] for unit in now}
    assert len(await all_pages(routing, limit=7)) == len(now)
    assert await all_pages(routing, limit=7) == [unit["code"] for unit in now]
    departments = (await get(routing, parent="44", level="province")).json()["items"]
    assert {unit["parent"] for unit in departments} == {"44"}
    assert {unit["level"] for unit in departments} == {"province"}


async def all_pages(routing, **params):
    codes, cursor = [], None
    while True:
        page = (await get(routing, **params, **({"cursor": cursor} if cursor else {}))).json()
        codes += [unit["code"] for unit in page["items"]]
        cursor = page["next"]
        if cursor is None:
            return codes


async def test_vietnamese_order_and_search_without_diacritics(routing):
    found = [unit["name"] for unit in (await get(routing, q="dong ha")).json()["items"]]
    assert found == ["UBND Phường Đông Hà", "UBND Phường Nam Đông Hà"]
    assert [u["code"] for u in (await get(routing, q="1933")).json()["items"]] == [WARD]
    names = [unit["name"] for unit in (await get(routing, level="commune", q="phường")).json()["items"]]
    # đ follows d: a plain byte order would put it after every other letter.
    assert names.index("UBND Phường Đông Hà") < names.index("UBND Phường Nam Đông Hà")


async def test_an_instant_counts_as_its_day_in_vietnam(routing):
    # 17:30 UTC on 30 June is 00:30 on 1 July in Vietnam: the merged province is there.
    assert (await get(routing, "/45", as_of="2025-06-30T17:30:00+00:00")).status_code == 404
    assert (await get(routing, "/45", as_of="2025-06-30T16:30:00+00:00")).status_code == 200


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"as_of": "30/6/2019"}, ("as_of", "malformed")),
        ({"as_of": "2019-02-30"}, ("as_of", "malformed")),
        ({"as_of": "2019-W26-7"}, ("as_of", "malformed")),
        ({"as_of": "20190630"}, ("as_of", "malformed")),
        ({"as_of": "1561888800"}, ("as_of", "malformed")),
        ({"as_of": "0001-01-01"}, ("as_of", "out_of_range")),
        ({"as_of": "2019-06-30T08:00:00"}, ("as_of", "without_offset")),
        ({"level": "hamlet"}, ("level", "not_one_of")),
        ({"parent": "none"}, ("parent", "unknown_agency")),
        ({"parent": "461"}, ("parent", "agency_not_in_force")),
        ({"cursor": "x"}, ("cursor", "malformed_cursor")),
        ({"cursor": "ừ"}, ("cursor", "malformed_cursor")),
        ({"limit": 0}, ("limit", "out_of_range")),
        ({"limit": 10**30}, ("limit", "out_of_range")),
        ({"q": "a\x01b"}, ("q", "control_characters")),
    ],
)
async def test_what_cannot_be_asked(routing, params, reason):
    answer = await get(routing, **params)
    assert (answer.status_code, reasons(answer)) == (422, {reason})
