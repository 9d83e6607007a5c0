"""What is misspelt or more than was asked for is refused, not passed over in silence."""

import unicodedata

import httpx
import pytest

from tests.support import a_draft


@pytest.mark.parametrize("sector", ["x", "Hộ Tich", "hộ tịch"])
async def test_a_sector_that_is_none_is_refused(intake: httpx.AsyncClient, sector: str) -> None:
    answer = await intake.get("/v1/procedures", params={"sector": sector})
    assert answer.status_code == 422
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [("sector", "unknown_sector")]


async def test_a_sector_is_found_however_its_letters_are_composed(intake: httpx.AsyncClient) -> None:
    composed, decomposed = [
        (await intake.get("/v1/procedures", params={"sector": unicodedata.normalize(form, "Hộ tịch")})).json()
        for form in ("NFC", "NFD")
    ]
    assert composed["items"] == decomposed["items"] != []
    assert {item["sector"] for item in composed["items"]} == {"Hộ tịch"}


@pytest.mark.parametrize("email", ["Zyx <zyx@mail.vn>", "<zyx@mail.vn>", '"Zyx" <zyx@mail.vn>'])
async def test_an_address_with_a_name_is_refused(intake: httpx.AsyncClient, email: str) -> None:
    draft = a_draft()
    draft["applicant"]["email"] = email
    answer = await intake.post("/v1/dossiers", json=draft)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("applicant.email", "malformed")
    assert "zyx" not in answer.text


async def test_a_bare_address_is_taken(intake: httpx.AsyncClient) -> None:
    draft = a_draft()
    draft["applicant"]["email"] = "zyx@mail.vn"
    assert (await intake.post("/v1/dossiers", json=draft)).status_code == 201


@pytest.mark.parametrize("name", ["Zyx\uffff", "Zyx\ufdd0", "Zyx\U0010ffff"])
async def test_non_characters_are_refused(intake: httpx.AsyncClient, name: str) -> None:
    answer = await intake.post("/v1/dossiers", json=a_draft(name=name))
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("applicant.name", "control_characters")


async def test_the_counter_refuses_a_second_finish_even_the_same(intake: httpx.AsyncClient) -> None:
    """As docs/lifecycle.md says; the repetition of one request under its key is no second finish."""
    code = (await intake.post("/v1/dossiers", json=a_draft())).json()["code"]
    key = {"Idempotency-Key": "finish-once"}
    for headers, status in ((key, 200), (key, 200), ({}, 409)):
        answer = await intake.post(f"/v1/dossiers/{code}/finish", json={"outcome": "granted"}, headers=headers)
        assert answer.status_code == status
