"""Files of a dossier: who adds one, who reads what is in it, for each role and each who stands in some relation to the
dossier."""

from itertools import product

import pytest

from shared.domain.personal import Datum
from shared.web.auth import NOTHING, RIGHTS, SIGHTS, Role, Tie
from tests.intake.bodies import a_pdf
from tests.rights.conftest import ASKED, STRANGER, Province
from tests.rights.test_sights import TIED
from tests.support import JUSTICE, PROVINCE, WARD

STAFF = [role for role in Role if role is not Role.CITIZEN]
CELLS = list(product(STAFF, Tie))
AGENCIES = (STRANGER, ASKED, WARD, JUSTICE, PROVINCE)


async def sent(province: Province, code: str, role: str, agency: str, seed: int = 0) -> tuple[int, str]:
    """The status of the answer, and where the content is read."""
    answer = await province.intake.post(
        f"/v1/dossiers/{code}/files",
        params={"name": "đơn.pdf"},
        content=a_pdf(seed=seed),
        headers={**province.as_(role, agency), "Content-Type": "application/pdf"},
    )
    return answer.status_code, answer.json().get("content", "")


def test_roles_that_see_all_of_a_person_are_those_that_may_read() -> None:
    whole = {role for role in Role if any(seen == frozenset(Datum) for seen in SIGHTS[role].values())}
    assert RIGHTS["readFileContent"].roles == whole


@pytest.mark.parametrize(("role", "tie"), CELLS, ids=[f"{role}-{tie}" for role, tie in CELLS])
async def test_a_content_is_for_whoever_sees_all_of_the_applicant(province: Province, role: Role, tie: Tie) -> None:
    state, agency = TIED[tie]
    code = await province.dossier(state)
    status, content = await sent(province, code, "counter", WARD)
    assert status == 201
    answer = await province.intake.get(content, headers=province.as_(role, agency))
    whole = SIGHTS[role].get(tie, NOTHING) == frozenset(Datum)
    assert answer.status_code == (200 if whole else 403)
    assert (answer.content == a_pdf()) is whole


@pytest.mark.parametrize("role", Role)
async def test_one_is_added_by_whoever_received_it_or_has_it_in_hands(province: Province, role: Role) -> None:
    code = await province.dossier("asked")
    for seed, agency in enumerate(AGENCIES, 1):
        status, content = await sent(province, code, role, agency, seed)
        if role not in RIGHTS["attachFile"].roles:
            assert status == 403, (role, agency)
        elif role is Role.CITIZEN:
            assert status == 404, "a citizen adds to their own alone (tests/intake/files)"
        else:
            assert status == (201 if agency in (WARD, JUSTICE, PROVINCE) else 404), (role, agency)
        if agency == STRANGER and content:
            pytest.fail("a stranger does not learn that it exists")


@pytest.mark.parametrize(("role", "tie"), CELLS, ids=[f"{role}-{tie}" for role, tie in CELLS])
async def test_a_number_in_a_name_is_for_whoever_sees_all_of_the_applicant(
    province: Province, role: Role, tie: Tie
) -> None:
    state, agency = TIED[tie]
    code = await province.dossier(state)
    path = f"/v1/dossiers/{code}/files"
    await province.intake.post(
        path, params={"name": "CCCD 045190123987.pdf"}, content=a_pdf(), headers=province.as_("counter", WARD)
    )
    (told,) = (await province.intake.get(path, headers=province.as_(role, agency))).json()["items"]
    found = (await province.intake.get(f"/v1/dossiers/{code}/documents", headers=province.as_(role, agency))).json()
    assert [each["name"] for each in found["unasked_files"]] == [told["name"]]
    whole = SIGHTS[role].get(tie, NOTHING) == frozenset(Datum)
    assert told["name"] == ("CCCD 045190123987.pdf" if whole else "CCCD ***.pdf")


async def test_nobody_else_reads_one(province: Province) -> None:
    code = await province.dossier("asked")
    _, content = await sent(province, code, "counter", WARD)
    for role, agency in product(STAFF, (STRANGER, ASKED)):
        answer = await province.intake.get(content, headers=province.as_(role, agency))
        assert answer.status_code == (404 if role in RIGHTS["readFileContent"].roles else 403)


async def test_what_is_said_of_one_is_read_with_the_dossier_and_said_by_whoever_adds(province: Province) -> None:
    code = await province.dossier("asked")
    _, content = await sent(province, code, "counter", WARD)
    marks = content.replace("/content", "/marks")
    for role, agency in product(STAFF, AGENCIES):
        headers = province.as_(role, agency)
        near = agency in (WARD, JUSTICE, PROVINCE)
        read = await province.intake.get(marks, headers=headers)
        assert read.status_code == (200 if near else 404), (role, agency)
        said = await province.intake.put(marks, json={"reused": 1}, headers=headers)
        if role in RIGHTS["markFile"].roles:
            assert said.status_code == (200 if near else 404), (role, agency)
        else:
            assert said.status_code == 403, (role, agency)
    assert RIGHTS["markFile"].roles == RIGHTS["attachFile"].roles - {Role.CITIZEN}
