"""Whose personal data are shown to whom: every cell of the table, over HTTP, in each answer that could hold them."""

from io import BytesIO
from itertools import product
from typing import Any

import pytest
from docx import Document

from shared.domain.personal import Datum, masked, number_key
from shared.web.auth import NOTHING, RIGHTS, SIGHTS, Principal, Role, Tie
from tests.domain.builders import a_tree, a_unit
from tests.intake.test_form_press import text_of
from tests.rights.conftest import STRANGER, Province
from tests.support import BIRTH, JUSTICE, PROVINCE, WARD

WHOSE = {
    "id_number": "045190123987",
    "phone": "0905 123 654",
    "email": "dao.nguyen@example.vn",
    "address": "12 Hùng Vương, phường Đông Hà",
}
MASKED = {"id_number": "***987", "phone": "***654", "email": "***@example.vn", "address": "***"}
SUBMITTER = {"name": "Trần Văn Bình", "id_number": "045190456321", "phone": "0905 777 888"}
DRAFT: dict[str, Any] = {
    "applicant": {"kind": "person", "name": "Nguyễn Thị Đào", **WHOSE},
    "submitted_by": SUBMITTER,
}
#: How an agency comes to each tie, and to no other: the state of a dossier that the ward received, and whose token.
TIED = {Tie.RECEIVER: ("held", WARD), Tie.HOLDER: ("held", JUSTICE), Tie.ABOVE: ("held", PROVINCE)}
STAFF = [role for role in Role if role is not Role.CITIZEN]
CELLS = list(product(STAFF, Tie))


def expected(seen: frozenset[Datum]) -> dict[str, Any]:
    """An applicant as it is shown."""
    shown = {datum.value: (WHOSE if datum in seen else MASKED)[datum] for datum in Datum}
    return {
        **DRAFT["applicant"],
        **shown,
        "masked": [datum.value for datum in Datum if datum not in seen],
        "erased_at": None,
    }


def test_the_table_has_a_row_for_each_role() -> None:
    assert set(SIGHTS) == set(Role)
    assert SIGHTS[Role.CITIZEN] == {}
    assert Role.CITIZEN not in RIGHTS["readDossier"].roles


@pytest.mark.parametrize(("role", "tie"), CELLS, ids=[f"{role}-{tie}" for role, tie in CELLS])
async def test_a_dossier_shows_what_its_cell_says(province: Province, role: Role, tie: Tie) -> None:
    state, agency = TIED[tie]
    code = await province.dossier(state, **DRAFT)
    answer = await province.intake.get(f"/v1/dossiers/{code}", headers=province.as_(role, agency))
    assert answer.status_code == 200, answer.text
    seen = SIGHTS[role].get(tie, NOTHING)
    assert answer.json()["applicant"] == expected(seen)
    told = answer.json()["submitted_by"]
    assert told["name"] == SUBMITTER["name"]
    assert told["id_number"] == (SUBMITTER["id_number"] if Datum.ID_NUMBER in seen else "***321")
    assert told["phone"] == (SUBMITTER["phone"] if Datum.PHONE in seen else "***888")


@pytest.mark.parametrize(("role", "tie"), CELLS, ids=[f"{role}-{tie}" for role, tie in CELLS])
async def test_forms_and_the_ledger_show_no_more(province: Province, role: Role, tie: Tie) -> None:
    state, agency = TIED[tie]
    code = await province.dossier(state, **DRAFT)
    seen = SIGHTS[role].get(tie, NOTHING)
    headers = province.as_(role, agency)
    receipt = await province.intake.get(f"/v1/dossiers/{code}/forms/receipt.pdf?edition=1", headers=headers)
    said = text_of(receipt.content)
    for datum in Datum:
        assert (WHOSE[datum] in said) is (datum in seen), f"{datum} on the receipt for a {role} as {tie}"
    if tie is Tie.HOLDER:
        return  # the ledger is of what an agency received
    today = (await province.intake.get(f"/v1/dossiers/{code}", headers=headers)).json()["accepted_at"][:10]
    asked = {"agency": WARD, "from": today, "to": today, "reason": "In sổ để lưu"}
    ledger = await province.intake.get("/v1/ledger.docx", params=asked, headers=headers)
    rows = {row.cells[1].text: row.cells[5].text for row in Document(BytesIO(ledger.content)).tables[-1].rows}
    shown = [(WHOSE if datum in seen else MASKED)[datum] for datum in (Datum.ADDRESS, Datum.PHONE)]
    assert rows[code] == "\n".join(shown)


async def test_both_ties_show_what_each_shows(province: Province) -> None:
    code = await province.dossier("received", **DRAFT)
    for role in STAFF:
        answer = await province.intake.get(f"/v1/dossiers/{code}", headers=province.as_(role, WARD))
        both = NOTHING.union(*(SIGHTS[role].get(tie, NOTHING) for tie in (Tie.RECEIVER, Tie.HOLDER)))
        assert answer.json()["applicant"] == expected(both), role


def test_what_an_agency_succeeded_is_its_own() -> None:
    older, old, heir, under, stranger = a_unit(1, "A"), a_unit(2, "B"), a_unit(3, "C"), a_unit(4, "D", under=3), 9
    tree = a_tree(older, old, heir, under, successions=[(1, 2), (2, 3)])
    counter, handler = (
        Principal("an", role, heir, tree.scope(heir.id), tree.line(heir.id)) for role in (Role.COUNTER, Role.HANDLER)
    )
    for own in (older, old, heir):
        assert counter.sees(own.id, stranger) == handler.sees(stranger, own.id) == frozenset(Datum)
    assert counter.sees(under.id, under.id) == SIGHTS[Role.COUNTER][Tie.ABOVE]
    assert handler.sees(older.id, under.id) == NOTHING, "it was received by what is its own, and is elsewhere"
    assert counter.sees(stranger, stranger) == NOTHING


@pytest.mark.parametrize(("role", "tie"), CELLS, ids=[f"{role}-{tie}" for role, tie in CELLS])
async def test_the_register_of_apologies_hides_where_they_were_sent(province: Province, role: Role, tie: Tie) -> None:
    state, agency = TIED[tie]
    code = await province.dossier(state, **DRAFT)
    letter = {"reason": "Theo quy định", "number": "12/PXL", "signed_by": "Trần Văn Bình", "kind": "lost_or_damaged"}
    where = f"/v1/dossiers/{code}/apologies"
    await province.did(province.intake, where, "counter", WARD, letter)
    told = {"sms": WHOSE["phone"], "email": WHOSE["email"], "post": WHOSE["address"]}
    for channel, to in told.items():
        sent = await province.did(
            province.intake, f"{where}/1/sendings", "counter", WARD, {"channel": channel, "to": to}
        )
        assert to not in str(sent), "an act answers with masks"
    (apology,) = (await province.intake.get(where, headers=province.as_(role, agency))).json()["items"]
    seen = SIGHTS[role].get(tie, NOTHING)
    shown = [(WHOSE if datum in seen else MASKED)[datum] for datum in (Datum.PHONE, Datum.EMAIL, Datum.ADDRESS)]
    assert [sending["to"] for sending in apology["sendings"]] == shown


async def test_acts_answer_with_masks_whoever_acts(province: Province) -> None:
    code = await province.dossier("received", **DRAFT)
    done = await province.did(province.intake, f"/v1/dossiers/{code}/finish", "counter", WARD, {"outcome": "granted"})
    assert done["applicant"] == expected(NOTHING)
    right = {"reason": "Nhập nhầm", "decision": "07/BB", "applicant": {"name": "Nguyễn Thị Mận"}}
    after = await province.did(province.intake, f"/v1/dossiers/{code}/corrections", "supervisor", PROVINCE, right)
    assert after["applicant"] == {**expected(NOTHING), "name": "Nguyễn Thị Mận"}


async def test_whoever_hands_in_gets_back_what_was_sent_and_no_more(province: Province) -> None:
    body = {"procedure": BIRTH, "agency": WARD, "channel": "online", "submission": True, **DRAFT}
    headers = {**province.as_("citizen", WARD), "Idempotency-Key": "a submission sent twice"}
    first, again = [await province.intake.post("/v1/dossiers", json=body, headers=headers) for _ in range(2)]
    assert (
        first.json()["applicant"]
        == again.json()["applicant"]
        == {**DRAFT["applicant"], "masked": [], "erased_at": None}
    )
    wrong = {"reason": "Nhập nhầm", "decision": "07/BB", "applicant": {"phone": "0905 000 111"}}
    code = first.json()["code"]
    await province.did(province.intake, f"/v1/dossiers/{code}/accept", "counter", WARD, {})
    accepted = (await province.intake.get(f"/v1/dossiers/{code}")).json()["code"]
    await province.did(province.intake, f"/v1/dossiers/{accepted}/corrections", "admin", PROVINCE, wrong)
    later = await province.intake.post("/v1/dossiers", json=body, headers=headers)
    assert "0905 000 111" not in later.text, "of what others have entered since, nothing"


@pytest.mark.parametrize(
    "path", ["/events", "/deadline", "/forms", "/apologies", "/extension-proposals"], ids=lambda path: path[1:]
)
async def test_the_other_answers_about_a_dossier_have_none(province: Province, path: str) -> None:
    code = await province.dossier("held", **DRAFT)
    answer = await province.intake.get(f"/v1/dossiers/{code}{path}", headers=province.as_("counter", WARD))
    assert answer.status_code == 200
    for text in (*WHOSE.values(), SUBMITTER["id_number"], SUBMITTER["phone"]):
        assert text not in answer.text


@pytest.mark.parametrize(
    "asked",
    [
        {"params": {"id_number": "045190123987"}},
        {"params": {"id_number": "045 190 123 987"}},
        {"headers": {"Applicant-Id-Number": "045190123987"}},
        {"params": {"q": "045190123987"}},
        {"params": {"phone": "+84 905 123 654"}},
    ],
    ids=["parameter", "however written", "header", "search box", "phone"],
)
async def test_it_is_found_by_a_number_that_is_not_shown(province: Province, asked: dict[str, Any]) -> None:
    code = await province.dossier("received", **DRAFT)
    other = await province.dossier("received", applicant={"kind": "person", "name": "An", "id_number": "045190123988"})
    headers = {**province.as_("supervisor", PROVINCE), **asked.get("headers", {})}
    answer = await province.intake.get(
        "/v1/dossiers", params={"limit": "200", **asked.get("params", {})}, headers=headers
    )
    found = [item["code"] for item in answer.json()["items"]]
    assert code in found
    assert other not in found
    for text in WHOSE.values():
        assert text not in answer.text
    elsewhere = {**headers, **province.as_("supervisor", STRANGER)}
    nothing = await province.intake.get("/v1/dossiers", params=asked.get("params", {}), headers=elsewhere)
    assert nothing.json()["items"] == []


async def test_part_of_a_number_finds_nothing(province: Province) -> None:
    await province.dossier("received", **DRAFT)
    for part in ("045190123", "***987", "987", "%"):
        answer = await province.intake.get("/v1/dossiers", params={"id_number": part})
        assert answer.json()["items"] == []


async def test_what_was_shown_in_part_is_not_taken_for_the_whole(province: Province) -> None:
    code = await province.dossier("received", **DRAFT)
    headers = province.as_("supervisor", PROVINCE)
    for wrong in (
        {"applicant": {"name": "Nguyễn Thị Mận", "phone": "***654"}},
        {"applicant": {"id_number": "***987"}},
        {"submitted_by": {"name": "Trần Văn Bình", "phone": "***888"}},
    ):
        body = {"reason": "Nhập nhầm", "decision": "07/BB", **wrong}
        answer = await province.intake.post(f"/v1/dossiers/{code}/corrections", json=body, headers=headers)
        assert answer.status_code == 422
        assert {error["code"] for error in answer.json()["errors"]} == {"masked"}
    kept = await province.intake.get(f"/v1/dossiers/{code}", headers=province.as_("counter", WARD))
    assert kept.json()["applicant"] == expected(frozenset(Datum))


@pytest.mark.parametrize(
    ("datum", "text", "shown"),
    [
        (Datum.ID_NUMBER, "045190123987", "***987"),
        (Datum.ID_NUMBER, "191234567", "***567"),
        (Datum.ID_NUMBER, "B123456", "***"),
        (Datum.PHONE, "0905 123 654", "***654"),
        (Datum.PHONE, "113", "***"),
        (Datum.EMAIL, "dao@example.vn", "***@example.vn"),
        (Datum.ADDRESS, "12 Hùng Vương, phường Đông Hà", "***"),
    ],
)
def test_a_mask(datum: Datum, text: str, shown: str) -> None:
    assert masked(datum, text) == shown


def test_a_number_is_known_however_it_is_written() -> None:
    assert number_key(" 045 190 123 987 ") == "045190123987"
    assert number_key("b1234567") == "B1234567"
