"""The national catalogue is read, held against ours, and taken over by whoever approves it; dossiers keep the version
that they began with. Over real HTTP, against the double of docs/national-portal.md."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from intake_service.app import create_app as create_intake
from intake_service.catalogue.rules import read_procedure
from intake_service.catalogue.usecases import Puller
from intake_service.catalogue_proposals.rules import Ours, differences
from intake_service.catalogue_proposals.store import about_ours
from intake_service.national.client import NationalClient, http_for_it
from services.local_issuer import LocalIssuer
from shared.domain.civil_time import civil_day
from shared.web.clock import now
from tests.conftest import Database
from tests.national.province import for_all, place
from tests.national.running import PortalProcess
from tests.national_portal.catalogue import published_fields, published_procedures
from tests.support import BIRTH, PROVINCE, WARD, a_draft, bearer, current_reference, serving, settings_for

TODAY = civil_day(now())
TOMORROW = (TODAY + timedelta(days=1)).isoformat()
PULLS, PROPOSALS, MAPPINGS = "/v1/catalogue/pulls", "/v1/catalogue/proposals", "/v1/catalogue/mappings"
NEW = "9.000001"


@dataclass
class Scene:
    """Intake that knows where the portal is, and what reads its catalogue, run by hand."""

    intake: httpx.AsyncClient
    portal: PortalProcess
    connection: asyncpg.Connection
    owner: asyncpg.Connection
    puller: Puller

    async def steps(self, only: Sequence[str] | None = None) -> None:
        """Until the reading ends. only: of the procedures that are listed, no more than these are asked for."""
        reference = await current_reference(self.owner)
        for _ in range(400):
            await self.puller.pull_next(self.connection, reference, now())
            if only is not None:
                await self.owner.execute(
                    "UPDATE catalogue_pull SET codes = $1 WHERE state = 'running' AND stage = 'details' AND done = 0",
                    sorted(only),
                )
            if not await self.owner.fetchval("SELECT count(*) FROM catalogue_pull WHERE state = 'running'"):
                return
            self.puller._breaker.taken()

    async def pull(self, *only: str) -> dict[str, Any]:
        answer = await self.intake.post(PULLS)
        assert answer.status_code == 201, answer.text
        await self.steps(only)
        ended: dict[str, Any] = (await self.intake.get(answer.headers["Location"])).json()
        return ended

    async def waiting(self) -> list[dict[str, Any]]:
        answer = await self.intake.get(PROPOSALS, params={"state": "waiting"})
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def decide(self, proposal: int, verb: str, tag: str | None = None, **body: Any) -> httpx.Response:
        headers = {"If-Match": tag} if tag else {}
        return await self.intake.post(f"{PROPOSALS}/{proposal}/{verb}", json=body, headers=headers)

    def publish(self, kind: str, **shape: Any) -> None:
        self.portal.control("POST", kind, shape)

    async def findings(self, pull: dict[str, Any]) -> list[tuple[str, str]]:
        answer = await self.intake.get(f"{PULLS}/{pull['id']}/findings")
        return [(one["code"], one["reason_code"]) for one in answer.json()["items"]]


def approval(**more: Any) -> dict[str, Any]:
    return {"valid_from": TOMORROW, "decision": "1105/QĐ-UBND", "reason": "Theo danh mục quốc gia", **more}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def intake(database: Database, issuer: LocalIssuer, _portal: PortalProcess) -> AsyncIterator[httpx.AsyncClient]:
    """Intake without its consumers."""
    to = place(_portal)
    settings = settings_for(
        database,
        issuer,
        background=False,
        national_auth_url=to.auth_url,
        national_integration_url=to.integration_url,
        national_share_url=to.share_url,
        national_unit=to.unit,
        national_destination=to.destination,
        national_username=to.username,
        national_password=to.password,
    )
    async with serving(create_intake(settings)) as client:
        client.headers.update(bearer(issuer, "admin", PROVINCE))
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def scene(intake: httpx.AsyncClient, database: Database, portal: PortalProcess) -> AsyncIterator[Scene]:
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("TRUNCATE catalogue_pull, catalogue_entry, catalogue_finding, catalogue_proposal CASCADE")
    connection = await for_all(database)
    async with http_for_it() as http:
        client = NationalClient(http, place(portal))
        yield Scene(intake, portal, connection, owner, Puller(client, None))
    await connection.close()
    await owner.close()


async def test_no_procedure_differs_from_the_catalogue_that_it_came_from(scene: Scene) -> None:
    """Ours came from the same catalogue: whatever was made of a difference would be wrong."""
    reference = await current_reference(scene.owner)
    about = await about_ours(scene.owner)
    published = published_procedures(published_fields())
    assert len(published) > 2900
    for shape in published:
        theirs, findings = read_procedure(shape["MATTHC"], [shape])
        assert theirs is not None, findings
        ours = reference.procedure_on(shape["MATTHC"], TODAY)
        assert ours is not None
        said = about[ours.id]
        assert differences(Ours(ours, said["publisher"], said["issuer"]), theirs) == ()


async def test_a_catalogue_as_it_is_proposes_nothing_and_is_kept_once(scene: Scene) -> None:
    codes = [row[0] for row in await scene.owner.fetch("SELECT code FROM procedure ORDER BY code LIMIT 90")]
    pull = await scene.pull(*codes)
    assert (pull["state"], pull["stage"], pull["error"]) == ("done", "details", None)
    assert pull["read"] == pull["procedures"] == 90
    assert pull["listed"] > 2900, "the list names them all"
    assert (pull["proposed"], await scene.waiting()) == (0, [])
    assert await scene.findings(pull) == [("procedures", "catalogue_shrunk")], "of the list only 90 were left"
    seen = await scene.owner.fetchval("SELECT count(*) FROM catalogue_entry")
    again = await scene.pull(*codes)
    assert (again["state"], again["proposed"]) == ("done", 0)
    assert await scene.owner.fetchval("SELECT count(*) FROM catalogue_entry") == seen


async def test_a_change_waits_for_approval_and_holds_from_its_day_on(scene: Scene, issuer: LocalIssuer) -> None:
    before = (await scene.intake.get(f"/v1/procedures/{BIRTH}")).json()
    scene.publish("procedures", MATTHC=BIRTH, TENTTHC="Đăng ký khai sinh (mới)")
    pull = await scene.pull(BIRTH)
    assert pull["proposed"] == 1
    (proposal,) = await scene.waiting()
    assert (proposal["change"], proposal["procedure"], proposal["core"]) == ("changed", BIRTH, BIRTH)
    (difference,) = proposal["differences"]
    assert difference == {
        "field": "name",
        "label": "Tên thủ tục",
        "ours": before["name"],
        "published": "Đăng ký khai sinh (mới)",
    }
    assert (await scene.intake.get(f"/v1/procedures/{BIRTH}")).json() == before, "nothing changed by itself"
    draft = await scene.intake.post("/v1/dossiers", json=a_draft(), headers=bearer(issuer, "counter", WARD))
    code = draft.json()["code"]
    read = await scene.intake.get(f"{PROPOSALS}/{proposal['id']}")
    made = await scene.decide(proposal["id"], "approve", read.headers["ETag"], **approval())
    assert (made.status_code, made.json()["state"]) == (200, "approved"), made.text
    await scene.intake.get("/readyz")
    version = await scene.owner.fetchrow(
        "SELECT v.id, v.name, v.valid_from, (SELECT max(o.valid_to) FROM procedure_version o"
        " WHERE o.procedure_id = v.procedure_id AND o.id <> v.id) AS ended, v.decision, v.basis,"
        " (SELECT count(*) FROM procedure_term t WHERE t.version_id = v.id) AS terms,"
        " (SELECT count(*) FROM procedure_offer t WHERE t.version_id = v.id) AS offers"
        " FROM procedure_version v JOIN procedure p ON p.id = v.procedure_id WHERE p.code = $1 ORDER BY v.id DESC",
        BIRTH,
    )
    assert version is not None
    assert (version["name"], version["valid_from"].isoformat()) == ("Đăng ký khai sinh (mới)", TOMORROW)
    assert version["ended"] == TODAY
    assert version["decision"] == "1105/QĐ-UBND"
    assert min(version["terms"], version["offers"]) > 0, "what is not published otherwise is taken over from ours"
    kept = await scene.owner.fetchval("SELECT version_id FROM dossier WHERE code = $1", code)
    assert kept != version["id"], "a dossier keeps the version that it began with"
    assert (await scene.pull(BIRTH))["proposed"] == 0, "what is to hold from a day to come is not proposed again"


async def test_what_was_read_of_another_version_of_ours_is_not_approved(scene: Scene) -> None:
    """One number is published twice, and both are ours: whoever decided the second has not read what the first made."""
    code = await _another(scene)
    other = f"{code}.000.00.00.H50"
    scene.publish("procedures", MATTHC=code, TENTTHC="Tên của bộ")
    scene.publish("procedures", MATTHC=other, TENTTHC="Tên của tỉnh")
    await scene.pull(code, other)
    first, second = sorted(await scene.waiting(), key=lambda one: len(one["code"]))
    assert (first["procedure"], second["procedure"]) == (code, code)
    made = await scene.decide(first["id"], "approve", **approval())
    assert made.status_code == 200, made.text
    await scene.intake.get("/readyz")
    later = (TODAY + timedelta(days=9)).isoformat()
    answer = await scene.decide(second["id"], "approve", **approval(valid_from=later))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "proposal_outdated")
    await scene.decide(second["id"], "reject", reason="Theo bộ")


async def test_what_is_rejected_is_not_proposed_again_and_something_else_is(scene: Scene) -> None:
    code = await _another(scene)
    scene.publish("procedures", MATTHC=code, TENTTHC="Tên khác")
    await scene.pull(code)
    (proposal,) = await scene.waiting()
    wrong = await scene.decide(proposal["id"], "reject", '"9"', reason="Tỉnh chưa công bố")
    assert wrong.status_code == 412
    answer = await scene.decide(proposal["id"], "reject", reason="Tỉnh chưa công bố")
    assert (answer.status_code, answer.json()["state"]) == (200, "rejected")
    twice = await scene.decide(proposal["id"], "approve", **approval())
    assert (twice.status_code, twice.json()["errors"][0]["code"]) == (409, "proposal_not_waiting")
    assert (await scene.pull(code))["proposed"] == 0
    scene.publish("procedures", MATTHC=code, TENTTHC="Tên khác nữa")
    assert (await scene.pull(code))["proposed"] == 1
    scene.portal.control("POST", "procedures", {"MATTHC": code, "TENTTHC": proposal["differences"][0]["ours"]})
    assert (await scene.pull(code))["proposed"] == 0
    assert await scene.waiting() == [], "no difference is left: nothing waits"


async def test_a_new_procedure_is_taken_over_where_somebody_says_who_handles_it(scene: Scene) -> None:
    scene.publish(
        "procedures",
        MATTHC=NEW,
        TENTTHC="Thủ tục mới",
        TRANGTHAI=1,
        LINHVUCTHUCHIEN=[{"MALINHVUC": "LV001", "TENLINHVUC": "Hộ tịch"}],
        CACHTHUCTHUCHIEN=[
            {"KENH": 1, "THOIGIAN": [{"THOIGIANGIAIQUYET": 3, "DONVITINH": "Ngày làm việc", "MOTA": "3 ngày"}]}
        ],
    )
    await scene.pull(NEW)
    (proposal,) = await scene.waiting()
    assert (proposal["change"], proposal["procedure"], proposal["name"]) == ("new", None, "Thủ tục mới")
    assert ("terms.counter", None, "3 ngày làm việc") in [
        (one["field"], one["ours"], one["published"]) for one in proposal["differences"]
    ]
    nobody = await scene.decide(proposal["id"], "approve", **approval())
    assert (nobody.status_code, nobody.json()["errors"][0]["field"]) == (422, "levels")
    made = await scene.decide(proposal["id"], "approve", **approval(levels=["commune"]))
    assert made.status_code == 200, made.text
    reference = await current_reference(scene.owner)
    (version,) = reference.procedures[NEW]
    assert (version.name, version.sector, version.core) == ("Thủ tục mới", "Hộ tịch", NEW)
    assert (await scene.pull(NEW))["proposed"] == 0


async def test_what_is_published_no_more_is_proposed_to_end(scene: Scene) -> None:
    code = await _another(scene)
    scene.publish("procedures", MATTHC=code, TRANGTHAI=0)
    await scene.pull(code)
    (proposal,) = await scene.waiting()
    assert (proposal["change"], proposal["procedure"]) == ("gone", code)
    assert proposal["differences"][0]["label"] == "Đang được công bố"
    assert (await scene.decide(proposal["id"], "approve", **approval())).status_code == 200
    reference = await current_reference(scene.owner)
    assert reference.procedure_on(code, TODAY) is not None
    assert reference.procedure_on(code, TODAY + timedelta(days=1)) is None
    scene.publish("procedures", MATTHC=code, TRANGTHAI=1)


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        (approval(valid_from=TODAY.isoformat()), "valid_from", "back_dated"),
        (approval(valid_from="2026-02-30"), "valid_from", "malformed"),
        (approval(decision=""), "decision", "too_short"),
        (approval(reason="…"), "reason", "no_letter"),
        (approval(levels=["ward"]), "levels.0", "not_one_of"),
        (approval(day=1), "day", "unknown_field"),
    ],
)
async def test_an_approval_that_says_something_wrong(scene: Scene, body: dict[str, Any], field: str, code: str) -> None:
    procedure = await _another(scene)
    scene.publish("procedures", MATTHC=procedure, TENTTHC="Tên sai")
    await scene.pull(procedure)
    (proposal,) = await scene.waiting()
    answer = await scene.decide(proposal["id"], "approve", **body)
    assert answer.status_code == 422
    assert (answer.json()["errors"][0]["field"], answer.json()["errors"][0]["code"]) == (field, code)
    assert [one["id"] for one in await scene.waiting()] == [proposal["id"]], "nothing is half done"


@pytest.mark.parametrize("kind", ["error_body", "down", "broken_json", "truncated", "stale"])
async def test_a_portal_that_fails_costs_a_step_and_no_more(scene: Scene, kind: str) -> None:
    code = await _another(scene)
    scene.publish("procedures", MATTHC=code, TENTTHC=f"Tên {kind}")
    scene.portal.fault(kind, skip=1, count=3)
    pull = await scene.pull(code)
    assert (pull["state"], pull["proposed"]) == ("done", 1)


async def test_a_list_that_was_cut_off_takes_nothing_for_gone(scene: Scene) -> None:
    await scene.pull(BIRTH)
    known = await scene.owner.fetchval("SELECT count(*) FROM catalogue_entry WHERE kind = 'agencies'")
    codes = await scene.owner.fetch("SELECT code FROM catalogue_entry WHERE kind = 'agencies' ORDER BY code LIMIT 30")
    for row in codes:
        scene.portal.control("DELETE", f"agencies/{row['code']}")
    pull = await scene.pull(BIRTH)
    assert ("agencies", "catalogue_shrunk") in await scene.findings(pull)
    assert ("procedures", "catalogue_shrunk") in await scene.findings(pull), "only one of ours was listed"
    assert await scene.waiting() == []
    assert await scene.owner.fetchval("SELECT count(*) FROM catalogue_entry WHERE kind = 'agencies'") == known


async def test_one_reading_at_a_time_by_the_provinces_administrators(scene: Scene, issuer: LocalIssuer) -> None:
    assert (await scene.intake.post(PULLS)).status_code == 201
    second = await scene.intake.post(PULLS)
    assert (second.status_code, second.json()["errors"][0]["code"]) == (409, "pull_under_way")
    assert "/v1/catalogue/pulls" in second.json()["errors"][0]["reason"]
    ward = await scene.intake.post(PULLS, headers=bearer(issuer, "admin", WARD))
    assert (ward.status_code, ward.json()["code"]) == (403, "agency_out_of_scope")
    assert (await scene.intake.get(f"{PULLS}/999999")).status_code == 404


async def test_it_begins_by_itself_when_it_is_time(scene: Scene) -> None:
    reference = await current_reference(scene.owner)
    daily = Puller(scene.puller._client, timedelta(days=1))
    assert await daily.pull_next(scene.connection, reference, now())
    assert await scene.owner.fetchval("SELECT begun_by FROM catalogue_pull") is None
    await scene.owner.execute("UPDATE catalogue_pull SET state = 'done'")
    assert not await daily.pull_next(scene.connection, reference, now())
    assert await daily.pull_next(scene.connection, reference, now() + timedelta(days=1))
    late = now() + timedelta(days=3)
    assert not await daily.pull_next(scene.connection, reference, late)
    assert await scene.owner.fetchval("SELECT state FROM catalogue_pull ORDER BY id DESC LIMIT 1") == "failed"


async def test_beside_reference_data_that_are_still_to_come_nothing_is_read(scene: Scene) -> None:
    """Each of the first procedures was proposed as new where the services had started before the catalogue was in."""
    assert (await scene.intake.post(PULLS)).status_code == 201
    empty = replace(await current_reference(scene.owner), procedures={})
    for _ in range(5):
        assert not await scene.puller.pull_next(scene.connection, empty, now())
    stood = await scene.owner.fetchrow("SELECT stage, done, proposed FROM catalogue_pull")
    assert stood is not None
    assert tuple(stood) == ("fields", 0, 0)


async def test_what_ours_is_called_is_suggested_by_name_and_said_by_somebody(scene: Scene) -> None:
    await scene.pull(BIRTH)
    page = (await scene.intake.get(f"{MAPPINGS}/agencies", params={"unmapped": "true"})).json()
    one = next(each for each in page["items"] if each["suggestions"])
    assert one["national_code"] is None
    best = one["suggestions"][0]
    body = {"local_code": one["local_code"], "national_code": best["code"], "reason": "Theo danh mục mã định danh"}
    for _ in range(2):
        said = await scene.intake.put(f"{MAPPINGS}/agencies", json=body)
        assert (said.status_code, said.json()["national_code"], said.headers["ETag"]) == (200, best["code"], '"1"')
    other = next(each for each in page["items"] if each["local_code"] != one["local_code"])
    for wrong, code in ((best["code"], "mapped_already"), ("H50.nowhere", "not_in_the_catalogue")):
        answer = await scene.intake.put(
            f"{MAPPINGS}/agencies", json={**body, "local_code": other["local_code"], "national_code": wrong}
        )
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)
    stale = await scene.intake.put(f"{MAPPINGS}/agencies", json={**body, "reason": "Khác"}, headers={"If-Match": '"0"'})
    assert stale.status_code == 412
    assert (await scene.intake.put(f"{MAPPINGS}/agencies", json={**body, "local_code": "nobody"})).status_code == 404
    entries = await scene.intake.get(f"/v1/catalogue/entries/agencies/{best['code']}")
    assert entries.json()["entries"][0]["name"] == best["name"]


async def _another(scene: Scene) -> str:
    """A national procedure in force that no test before has touched."""
    code: str = await scene.owner.fetchval(
        "SELECT p.code FROM procedure p JOIN procedure_version v ON v.procedure_id = p.id"
        " WHERE p.scope = 'national' AND v.valid_from IS NULL AND v.valid_to IS NULL AND p.code <> $1"
        " AND (SELECT count(*) FROM procedure o WHERE o.national_core = p.national_core) = 1"
        " ORDER BY p.code OFFSET (SELECT count(*) FROM catalogue_proposal) LIMIT 1",
        BIRTH,
    )
    return code
