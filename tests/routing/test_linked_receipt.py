"""The receipt of a linked dossier has the total date and the date of the receiving unit (lines (6) and (7) of the
form): the second is routing's plan. Whatever was printed before it was known, and after, stays what it was."""

import pytest

from shared.domain.civil_time import civil_day
from shared.web.clock import now
from tests.intake.test_forms import on_paper, text_of
from tests.routing.linked import LAND, a_workflow, in_turn, segments
from tests.routing.test_finish_has_one_truth import beside_intake
from tests.routing.test_reopened_case import told
from tests.support import BIRTH, PROVINCE, WARD, a_draft

MINUTES = {"reason": "Nhập nhầm", "decision": "07/BB-TTPVHCC"}
FILES = ("receipt.pdf", "receipt.docx")


@pytest.fixture(scope="module")
async def linked(routing):
    """A linked procedure for what the ward receives from today on."""
    return await a_workflow(routing, "LT-BIEN-NHAN", in_turn(), valid_from=civil_day(now()).isoformat())


async def received(intake, procedure=LAND, **more):
    draft = a_draft(procedure=procedure, submitted_by={"name": "Trần Bình"}, **more)
    answer = await intake.post("/v1/dossiers", json=draft)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def asked(intake, dossier, name, **params):
    return await intake.get(f"/v1/dossiers/{dossier['code']}/forms/{name}", params=params)


async def printed(intake, dossier, name, **params):
    answer = await asked(intake, dossier, name, **params)
    assert answer.status_code == 200, answer.text
    return answer.content


async def corrected(intake, routing, dossier, **right):
    path = f"/v1/dossiers/{dossier['code']}/corrections"
    answer = await intake.post(path, json={**MINUTES, **right}, headers=routing.as_("supervisor", PROVINCE))
    assert answer.status_code == 200, answer.text


async def listed(intake, dossier):
    items = (await intake.get(f"/v1/dossiers/{dossier['code']}/forms")).json()["items"]
    return [(item["edition"], item["complete"], item["current"]) for item in items if item["form"] == "receipt"]


async def test_until_routing_knows_the_newest_is_asked_for_again(routing, database, monkeypatch, linked):
    async with beside_intake(routing, database, monkeypatch) as intake:
        intake.headers.update(routing.as_("counter", WARD))
        dossier = await received(intake)
        early = await asked(intake, dossier, "receipt.pdf")
        assert (early.status_code, early.json()["code"]) == (409, "form_not_ready")
        assert early.headers["retry-after"] == "1"
        assert "edition=1" in early.json()["errors"][0]["reason"]
        assert await listed(intake, dossier) == [(1, False, True)]
        other = await received(intake, BIRTH)
        assert (await asked(intake, other, "receipt.pdf")).status_code == 200, "what is not linked waits for nobody"
        await told(routing)
        assert (await asked(intake, dossier, "receipt.pdf")).status_code == 200
        assert await listed(intake, dossier) == [(1, False, False), (2, True, True)]


async def test_every_edition_is_the_same_bytes_at_any_time(routing, database, monkeypatch, linked):
    async with beside_intake(routing, database, monkeypatch) as intake:
        intake.headers.update(routing.as_("counter", WARD))
        dossier = await received(intake)
        first = {name: await printed(intake, dossier, name, edition=1) for name in FILES}
        assert "Thời gian trả kết quả tại" not in text_of(first["receipt.pdf"])
        await told(routing)
        due = (await segments(routing, dossier["code"]))["receiving_due_at"]
        second = {name: await printed(intake, dossier, name) for name in FILES}
        said = text_of(second["receipt.pdf"])
        assert f"Thời gian trả kết quả giải quyết hồ sơ: {on_paper(dossier['due_at'])}" in said
        assert f"Thời gian trả kết quả tại Ủy ban nhân dân Phường Đông Hà: {on_paper(due)}" in said
        assert "Cấp lại" not in said, "it is the first receipt, completed"

        await corrected(intake, routing, dossier, applicant={"name": "Nguyễn Thị Đào Hoa"})
        third = {name: await printed(intake, dossier, name) for name in FILES}
        said = text_of(third["receipt.pdf"])
        assert "Cấp lại lần 1" in said
        assert f"Thời gian trả kết quả tại Ủy ban nhân dân Phường Đông Hà: {on_paper(due)}" in said

        await corrected(intake, routing, dossier, agency=PROVINCE, procedure="1.001765")
        intake.headers.update(routing.as_("counter", PROVINCE))
        assert "Thời gian trả kết quả tại" not in text_of(await printed(intake, dossier, "receipt.pdf"))
        assert [edition for edition, _, _ in await listed(intake, dossier)] == [1, 2, 3, 4]
        await told(routing)
        assert (await segments(routing, dossier["code"], PROVINCE))["receiving_due_at"] != due, "routing plans anew"
        for edition, files in enumerate((first, second, third), 1):
            for name, bytes_then in files.items():
                assert await printed(intake, dossier, name, edition=edition) == bytes_then


async def test_a_receipt_in_between_is_the_same_whether_the_case_is_open_or_not(routing, database, monkeypatch, linked):
    """Routing has opened the case, and intake has not noted it yet."""
    async with beside_intake(routing, database, monkeypatch) as intake:
        intake.headers.update(routing.as_("counter", WARD))
        dossier = await received(intake)
        before = await printed(intake, dossier, "receipt.pdf", edition=1)
        opened = await routing.http.post("/v1/cases", json={"code": dossier["code"]}, headers=routing.as_("machine"))
        assert opened.status_code == 201, opened.text
        assert await printed(intake, dossier, "receipt.pdf", edition=1) == before
        assert (await asked(intake, dossier, "receipt.pdf")).json()["code"] == "form_not_ready"
        await told(routing)
        assert await printed(intake, dossier, "receipt.pdf", edition=1) == before
        assert "Thời gian trả kết quả tại" in text_of(await printed(intake, dossier, "receipt.pdf"))


async def test_an_electronic_one_says_when_the_last_of_its_own_shares_is_done(routing, database, monkeypatch, linked):
    """The ward has four hours for one share and two for another, side by side: after two it is not done."""
    async with beside_intake(routing, database, monkeypatch) as intake:
        intake.headers.update(routing.as_("counter", WARD))
        dossier = await received(intake, channel="online")
        await told(routing)
        found = await segments(routing, dossier["code"])
        first, *_, last = (share["planned_due_at"] for share in found["items"])
        assert (found["mode"], found["receiving_due_at"]) == ("parallel", first)
        assert last < first
        event = (await intake.get(f"/v1/dossiers/{dossier['code']}/events")).json()["items"][-1]
        assert event["detail"]["receiving_due_at"] == first
        assert f"Thời gian trả kết quả tại Ủy ban nhân dân Phường Đông Hà: {on_paper(first)}" in text_of(
            await printed(intake, dossier, "receipt.pdf")
        )
