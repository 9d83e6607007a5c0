"""Đọc tệp: who is shown what, and that it is on record."""

from typing import Any

from shared.web.auth import STAFF, Role
from tests.intake.bodies import a_pdf
from tests.intake.files.counters import NUMBER, PERSON, Counter, reason
from tests.intake.lives import did, received, submitted
from tests.support import JUSTICE, PROVINCE, WARD


async def test_whoever_has_it_is_not_sent_it_again(counter: Counter, dossier: dict[str, Any]) -> None:
    made = await counter.sent(dossier, a_pdf(seed=1))
    again = await counter.client.get(made["content"], headers={"If-None-Match": f'"x", W/"{made["sha256"]}"'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", f'"{made["sha256"]}"')
    assert again.headers["cache-control"] == "no-store"
    other = await counter.client.get(made["content"], headers={"If-None-Match": f'"{"0" * 64}"'})
    assert other.status_code == 200


async def test_who_reads(counter: Counter, dossier: dict[str, Any]) -> None:
    """A content is for whoever sees all of the applicant; that there are files, for whoever reads the dossier."""
    made = await counter.sent(dossier, a_pdf(seed=10))
    for role in STAFF:
        for agency in (WARD, PROVINCE, JUSTICE):
            headers = counter.as_(role, agency)
            listed = await counter.client.get(f"/v1/dossiers/{dossier['code']}/files", headers=headers)
            read = await counter.client.get(made["content"], headers=headers)
            whole = await counter.client.get(f"/v1/dossiers/{dossier['code']}", headers=headers)
            assert listed.status_code == whole.status_code == (404 if agency == JUSTICE else 200)
            sees = whole.status_code == 200 and whole.json()["applicant"]["masked"] == []
            barred = role in (Role.SUPERVISOR, Role.ADMIN) or agency != JUSTICE
            assert read.status_code == (200 if sees else 403 if barred else 404), (role, agency)
    citizen = counter.as_("citizen", PROVINCE, id_number=NUMBER)
    assert (await counter.client.get(made["content"], headers=citizen)).status_code == 403
    other = await received(counter.client)
    moved = made["content"].replace(dossier["code"], other["code"])
    assert (await counter.client.get(moved)).status_code == 404, "a file is its own dossier's"


async def test_an_applicant_is_shown_what_they_sent(counter: Counter) -> None:
    dossier = await submitted(counter.client, applicant=PERSON)
    own = counter.as_("citizen", PROVINCE, id_number="045 190 123 987")
    assert await counter.listed(dossier, headers=own) == []
    made = await counter.sent(dossier, a_pdf(seed=31), component="CCCD", headers=own)
    scanned = await counter.sent(dossier, a_pdf(seed=32), "bản nháp.pdf", replaces=made["id"])
    shown = {**made, "replaced_by": scanned["id"]}
    assert await counter.listed(dossier, headers=own) == [shown], "and not what the agency has scanned"
    assert await counter.listed(dossier) == [shown, scanned]
    await did(counter.client, await did(counter.client, dossier, "accept"), "finish", outcome="granted")
    assert await counter.listed(dossier, headers=own) == [shown], "also when it is over"
    for stranger in (
        counter.as_("citizen", PROVINCE, id_number="045190123988"),
        counter.as_("citizen", WARD),
    ):
        answer = await counter.client.get(f"/v1/dossiers/{dossier['code']}/files", headers=stranger)
        assert reason(answer) == (404, "not_found", [])
    assert (await counter.client.get(made["content"], headers=own)).status_code == 403, "contents are the staff's"


async def test_who_read_it_is_on_record(counter: Counter, dossier: dict[str, Any]) -> None:
    made = await counter.sent(dossier, a_pdf(seed=16))
    inspector = counter.as_("supervisor", PROVINCE)

    async def records() -> list[Any]:
        found = await counter.client.get("/v1/access-records", params={"code": dossier["code"]}, headers=inspector)
        return [(each["operation"], each["subject"], each["fields"]) for each in found.json()["items"]]

    await counter.listed(dossier)
    await counter.client.get(made["content"], headers=counter.as_("counter", PROVINCE))
    await counter.client.get(made["content"], headers={"If-None-Match": f'"{made["sha256"]}"'})
    head = await counter.client.head(made["content"])
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(made["size"]))
    assert head.headers["content-type"] == "application/pdf"
    assert head.headers["content-disposition"].startswith("attachment; ")
    assert await records() == [], "what was not shown is not"
    await counter.client.get(made["content"])
    everything = ["id_number", "phone", "email", "address"]
    assert await records() == [("readFileContent", f"counter@{WARD}", everything)]
