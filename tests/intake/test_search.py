"""Tra cứu hồ sơ: by code, by name without diacritics, by phone; nobody sees what lies out of their subtree."""

from urllib.parse import quote

import httpx
import pytest

from services.local_issuer import LocalIssuer
from tests.support import PROVINCE, REGISTER_COPY, WARD, a_draft, bearer


async def _received(intake: httpx.AsyncClient, **draft: object) -> str:
    answer = await intake.post("/v1/dossiers", json=a_draft(**draft))  # type: ignore[arg-type]
    assert answer.status_code == 201, answer.text
    code: str = answer.json()["code"]
    return code


async def _found(intake: httpx.AsyncClient, **params: str) -> list[str]:
    answer = await intake.get("/v1/dossiers", params={"limit": "200", **params})
    assert answer.status_code == 200, answer.text
    return [item["code"] for item in answer.json()["items"]]


@pytest.mark.parametrize("sought", ["phan thi ngoc anh", "PHAN THỊ NGỌC ÁNH", "ngoc anh", "Ngọc Ánh"])
async def test_by_name(intake: httpx.AsyncClient, sought: str) -> None:
    code = await _received(intake, name="Phan Thị Ngọc Ánh")
    assert code in await _found(intake, q=sought)
    assert code in await _found(intake, name=sought)


@pytest.mark.parametrize("sought", ["0905123456", "+84 905 123 456", "84905123456", "0905.123.456"])
async def test_by_phone_however_written(intake: httpx.AsyncClient, sought: str) -> None:
    code = await _received(intake, phone="(+84) 905-123-456")
    assert await _found(intake, phone=sought) == await _found(intake, q=sought)
    assert code in await _found(intake, phone=sought)


async def test_by_code(intake: httpx.AsyncClient) -> None:
    code = await _received(intake)
    assert await _found(intake, q=code) == [code]
    assert await _found(intake, q=code.lower()) == [code]


async def test_percent_and_underscore_are_letters(intake: httpx.AsyncClient) -> None:
    await _received(intake, name="Nguyễn Văn Bình")
    assert await _found(intake, name="n%n") == []
    assert await _found(intake, name="n_n") == []


async def test_filters_narrow(intake: httpx.AsyncClient) -> None:
    code = await _received(intake, procedure=REGISTER_COPY, channel="post")
    for narrowed in ({"procedure": REGISTER_COPY}, {"channel": "post"}, {"status": "accepted"}, {"agency": WARD}):
        assert code in await _found(intake, **narrowed)
    assert code not in await _found(intake, status="finished")
    assert code not in await _found(intake, channel="online")


async def test_pages_hold_each_dossier_once(intake: httpx.AsyncClient) -> None:
    made = {await _received(intake, name="Trang Giấy") for _ in range(7)}
    seen: list[str] = []
    params = {"name": "trang giay", "limit": "3"}
    while True:
        page = (await intake.get("/v1/dossiers", params=params)).json()
        seen += [item["code"] for item in page["items"]]
        if page["next"] is None:
            break
        params["cursor"] = page["next"]
    assert sorted(seen) == sorted(made)
    assert len(seen) == 7


async def test_who_may_not_see_sees_nothing(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    code = await _received(intake, name="Người Ở Phường")
    other = bearer(issuer, "leader", "19351")
    assert (await intake.get(f"/v1/dossiers/{code}", headers=other)).status_code == 404
    assert (await intake.get(f"/v1/dossiers/{code}/events", headers=other)).status_code == 404
    found = await intake.get("/v1/dossiers", params={"name": "nguoi o phuong"}, headers=other)
    assert found.json() == {"items": [], "next": None}
    finish = await intake.post(f"/v1/dossiers/{code}/finish", json={}, headers=bearer(issuer, "handler", "19351"))
    assert finish.status_code == 404
    province = await intake.get(f"/v1/dossiers/{code}", headers=bearer(issuer, "leader", PROVINCE))
    assert province.status_code == 200


@pytest.mark.parametrize(
    ("params", "field", "code"),
    [
        ({"cursor": "abc"}, "cursor", "malformed_cursor"),
        ({"cursor": "é"}, "cursor", "malformed_cursor"),
        ({"limit": "0"}, "limit", "out_of_range"),
        ({"limit": "201"}, "limit", "out_of_range"),
        ({"limit": "many"}, "limit", "wrong_type"),
        ({"received_from": "2019-02-30"}, "received_from", "malformed"),
        ({"received_from": "2026-02-02", "received_to": "2026-02-01"}, "received_to", "period_reversed"),
        ({"status": "lost"}, "status", "not_one_of"),
        ({"agency": "no-such"}, "agency", "unknown_agency"),
        ({"procedure": "9.999999"}, "procedure", "unknown_procedure"),
        ({"q": "x"}, "q", "too_short"),
        ({"name": "   "}, "name", "nothing_to_search"),
        ({"name": "%%"}, "name", "nothing_to_search"),
        ({"q": "\u3164\u3164"}, "q", "nothing_to_search"),
        ({"received_from": "1546300800"}, "received_from", "malformed"),
        ({"received_from": "2019-W26-7"}, "received_from", "malformed"),
        ({"received_to": "0001-01-01"}, "received_to", "out_of_range"),
    ],
)
async def test_bad_filters_are_refused(
    intake: httpx.AsyncClient, params: dict[str, str], field: str, code: str
) -> None:
    answer = await intake.get("/v1/dossiers", params=params)
    assert answer.status_code == 422
    assert (field, code) in {(error["field"], error["code"]) for error in answer.json()["errors"]}


async def test_a_cursor_of_another_list_is_refused(intake: httpx.AsyncClient) -> None:
    page = (await intake.get("/v1/procedures", params={"limit": "1"})).json()
    answer = await intake.get("/v1/dossiers", params={"cursor": page["next"]})
    assert answer.status_code == 422


@pytest.mark.parametrize("text", ["a\u0000b", "%00", "'; DROP TABLE dossier; --", "../../etc/passwd", "\\", "‮"])
async def test_odd_text_in_a_search_or_path_is_just_text(intake: httpx.AsyncClient, text: str) -> None:
    for answer in (
        await intake.get("/v1/dossiers", params={"q": text}),
        await intake.get("/v1/dossiers", params={"name": text * 2}),
        await intake.get("/v1/dossiers", params={"phone": text}),
        await intake.get("/v1/dossiers", params={"procedure": text}),
        await intake.get("/v1/procedures", params={"q": text * 2, "sector": text}),
        await intake.get(f"/v1/dossiers/{quote(text, safe='')}"),
    ):
        assert answer.status_code in (200, 404, 422), answer.text
