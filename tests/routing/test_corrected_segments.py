"""Đính chính tiếp nhận: what intake sets right in a reception reaches the shares. A corrected hour moves the start of
the first one, a corrected procedure, agency or channel takes the workflow that holds there; where a share is done
already the former one stays, and says so."""

from contextlib import asynccontextmanager

from routing_service.segments.usecases import settle
from shared.domain.lifecycle import Channel
from shared.web.clock import now
from tests.routing.conftest import reasons
from tests.routing.linked import CADASTRE, FINANCE, LAND, a_case, a_step, a_workflow, finished, in_turn, segments
from tests.routing.test_finish_has_one_truth import at_the_counter, beside_intake
from tests.routing.test_reopened_case import told
from tests.routing.test_segments_declined import listed, moved
from tests.support import BIRTH, PROVINCE, REGISTER_COPY, WARD

MINUTES = {"reason": "Nhập nhầm", "decision": "07/BB-TTPVHCC"}


@asynccontextmanager
async def two_rooms(routing, database, monkeypatch):
    """Intake beside routing, with a workflow for land and one for births at the ward."""
    if not await routing.owner.fetchval("SELECT count(*) FROM workflow WHERE code = 'LT-DAT'"):
        await a_workflow(routing, "LT-DAT", in_turn())
        births = [a_step("lead", 2, agency=FINANCE), a_step("one_stop", 1)]
        await a_workflow(routing, "LT-KS", births, procedure=BIRTH)
    async with beside_intake(routing, database, monkeypatch) as intake:
        yield intake


async def corrects(routing, intake, code, **changes):
    headers = routing.as_("supervisor", PROVINCE)
    answer = await intake.post(f"/v1/dossiers/{code}/corrections", json={**MINUTES, **changes}, headers=headers)
    assert answer.status_code == 200, answer.text
    await told(routing)


async def case_of(routing, code):
    return (await routing.http.get(f"/v1/cases/{code}", headers=routing.as_("leader"))).json()


def entries(shown):
    return [s["entered_at"] and s["entered_at"][5:16] for s in shown["items"]]


async def test_a_corrected_hour_moves_the_start_of_the_first_share(routing, database, monkeypatch):
    async with two_rooms(routing, database, monkeypatch) as intake:
        code = (await a_case(routing)).code
        # Friday 2026-11-13 15:00, not Monday 2026-11-16 09:00
        await corrects(routing, intake, code, accepted_at="2026-11-13T15:00:00+07:00")
        found = await segments(routing, code)
        assert entries(found) == ["11-13T15:00", None, None, None]
        assert [s["planned_due_at"][5:16] for s in found["items"]] == [
            "11-16T09:00", "11-18T17:00", "11-19T17:00", "11-20T09:00",
        ]  # fmt: skip
        assert (found["items"][0]["due_at"][5:16], found["receiving_due_at"][5:16]) == ("11-16T09:00", "11-16T09:00")
        assert (await case_of(routing, code))["opened_at"] == "2026-11-13T15:00:00+07:00"
        row = await routing.owner.fetchrow(
            "SELECT s.late_from FROM case_segment s JOIN dossier d ON d.id = s.dossier_id WHERE d.code = $1 AND no = 1",
            code,
        )
        assert row["late_from"].isoformat()[:16] == "2026-11-16T02:00", "by which the list is in order"
        version = (await case_of(routing, code))["version"]
        await routing.http.post("/v1/cases", json={"code": code}, headers=routing.as_("machine"))
        assert (await case_of(routing, code))["version"] == version, "told again, nothing changes"
        # Corrected once more, back to the Monday.
        await corrects(routing, intake, code, accepted_at="2026-11-16T10:00:00+07:00")
        assert entries(await segments(routing, code)) == ["11-16T10:00", None, None, None]


async def test_what_is_over_is_judged_again(routing, database, monkeypatch):
    async with two_rooms(routing, database, monkeypatch) as intake:
        code = (await a_case(routing)).code
        before = await finished(routing, code, 1, WARD, "2026-11-16T14:00")
        assert (before["items"][0]["late"], before["items"][0]["worked_hours"]) == (False, 3.0)
        await corrects(routing, intake, code, accepted_at="2026-11-13T15:00:00+07:00")
        after = await segments(routing, code)
        assert (after["items"][0]["late"], after["items"][0]["worked_hours"]) == (True, 7.0)
        assert after["items"][0]["left_by"] == f"handler@{WARD}"
        assert entries(after) == ["11-13T15:00", "11-16T14:00", None, None]
        assert after["workflow_holds"] is True


async def test_what_the_end_had_closed_is_judged_again(routing, database, monkeypatch):
    async with two_rooms(routing, database, monkeypatch) as intake:
        code = (await a_case(routing, channel=Channel.ONLINE)).code
        assert (await at_the_counter(routing, intake, code, occurred_at="2026-11-16T14:00:00+07:00")).status_code == 200
        while await settle(routing.owner, routing.reference, now()):
            pass
        await corrects(routing, intake, code, accepted_at="2026-11-13T15:00:00+07:00")
        after = await segments(routing, code)
        assert [(s["worked_hours"], s["left_at"][5:16]) for s in after["items"]] == [(7.0, "11-16T14:00")] * 4


async def test_a_corrected_procedure_takes_its_own_workflow(routing, database, monkeypatch):
    async with two_rooms(routing, database, monkeypatch) as intake:
        code = (await a_case(routing)).code
        await corrects(routing, intake, code, procedure=BIRTH)
        found = await segments(routing, code)
        assert (found["workflow"], found["workflow_holds"]) == ("LT-KS", True)
        assert [(s["agency"], s["state"]) for s in found["items"]] == [(FINANCE, "open"), (WARD, "waiting")]
        case = await case_of(routing, code)
        assert (case["holder"], case["received"]) == (FINANCE, False), "nobody had done anything with it"
        log = (await routing.http.get(f"/v1/cases/{code}/hand-overs", headers=routing.as_("leader"))).json()["items"]
        assert found["items"][0]["entered_at"] == log[0]["occurred_at"], "its time begins when it is given it"
        # To one that has none, and back: the paper comes back to where it was filed.
        await corrects(routing, intake, code, procedure=REGISTER_COPY)
        none = await segments(routing, code)
        assert (none["workflow"], none["workflow_holds"], none["items"]) == (None, None, [])
        await corrects(routing, intake, code, procedure=LAND)
        assert (await segments(routing, code))["workflow"] == "LT-DAT"


async def test_where_nothing_was_begun_a_workflow_begins(routing, database, monkeypatch):
    async with two_rooms(routing, database, monkeypatch) as intake:
        code = (await a_case(routing, procedure=REGISTER_COPY)).code
        assert (await segments(routing, code))["items"] == []
        await corrects(routing, intake, code, procedure=LAND)
        found = await segments(routing, code)
        assert entries(found) == ["11-16T09:00", None, None, None], "the ward has had it all the time"


async def test_paper_in_somebodys_hands_is_not_taken_from_there(routing, database, monkeypatch):
    async with two_rooms(routing, database, monkeypatch) as intake:
        code = (await a_case(routing)).code
        await moved(routing, f"{code}/assignments", "leader", WARD, "2026-11-16T10:00", assignee=f"an@{WARD}")
        await corrects(routing, intake, code, procedure=BIRTH)
        assert (await case_of(routing, code))["holder"] == WARD
        assert [s["state"] for s in (await segments(routing, code))["items"]] == ["waiting", "waiting"]
        await moved(routing, f"{code}/hand-overs", "handler", WARD, "2026-11-17T08:00", to_agency=FINANCE)
        assert entries(await segments(routing, code)) == ["11-17T08:00", None]


async def test_where_a_share_is_done_the_former_workflow_stays_and_says_so(routing, database, monkeypatch):
    async with two_rooms(routing, database, monkeypatch) as intake:
        code = (await a_case(routing)).code
        await finished(routing, code, 1, WARD, "2026-11-16T14:00")
        assert (await segments(routing, code))["workflow_holds"] is True
        await corrects(routing, intake, code, procedure=BIRTH)
        kept = await segments(routing, code)
        assert (kept["workflow"], kept["workflow_holds"]) == ("LT-DAT", False)
        assert [s["state"] for s in kept["items"]] == ["over", "open", "waiting", "waiting"]


async def test_a_corrected_agency_has_its_own_lead(routing, database, monkeypatch):
    async with two_rooms(routing, database, monkeypatch) as intake:
        elsewhere = [a_step("one_stop", 4), a_step("lead", 8, agency=FINANCE)]
        await a_workflow(routing, "LT-DAT-2", elsewhere, agency="18880")
        code = (await a_case(routing)).code
        await corrects(routing, intake, code, agency="18880")
        headers = routing.as_("handler", FINANCE)
        found = (await routing.http.get(f"/v1/cases/{code}/segments", headers=headers)).json()
        assert found["workflow"] == "LT-DAT-2"
        assert [(s["agency"], s["role"], s["state"]) for s in found["items"]] == [
            ("18880", "one_stop", "open"),
            (FINANCE, "lead", "waiting"),
        ]
        assert (await case_of(routing, code))["holder"] == "18880"
        assert await listed(routing, WARD, code) == []


async def test_a_corrected_channel_goes_to_all_at_once(routing, database, monkeypatch):
    async with two_rooms(routing, database, monkeypatch) as intake:
        code = (await a_case(routing, channel=Channel.POST)).code
        await corrects(routing, intake, code, channel="online")
        found = await segments(routing, code)
        assert (found["mode"], [s["state"] for s in found["items"]]) == ("parallel", ["open"] * 4)
        since = {s["agency"]: s["entered_at"] for s in found["items"]}
        assert since[WARD] == "2026-11-16T09:00:00+07:00"
        assert since[CADASTRE] > "2026-11-20", "who takes part only by the correction begins with it"


async def test_corrected_names_move_nothing(routing, database, monkeypatch):
    async with two_rooms(routing, database, monkeypatch) as intake:
        code = (await a_case(routing)).code
        before = await segments(routing, code)
        await corrects(routing, intake, code, applicant={"name": "Nguyễn Văn Bình"})
        assert await segments(routing, code) == before


async def test_not_to_an_hour_after_the_first_step(routing, database, monkeypatch):
    """Whoever handed it on, said that a share was done, or took it into the hands had it by then."""
    async with two_rooms(routing, database, monkeypatch) as intake:
        handed = (await a_case(routing)).code
        await moved(routing, f"{handed}/hand-overs", "handler", WARD, "2026-11-16T10:00", to_agency=FINANCE)
        shared = (await a_case(routing, channel=Channel.ONLINE)).code
        await finished(routing, shared, 3, FINANCE, "2026-11-16T10:00")
        assigned = (await a_case(routing)).code
        await moved(routing, f"{assigned}/assignments", "leader", WARD, "2026-11-16T10:00", desk="Một cửa")
        supervisor = routing.as_("supervisor", PROVINCE)
        for code in (handed, shared, assigned):
            path, case = f"/v1/dossiers/{code}/corrections", await case_of(routing, code)
            later = {**MINUTES, "accepted_at": "2026-11-16T10:00:01+07:00"}
            refused = await intake.post(path, json=later, headers=supervisor)
            assert (refused.status_code, reasons(refused)) == (422, {("accepted_at", "after_what_followed")})
            assert "10:00 16/11/2026" in refused.text
            assert await case_of(routing, code) == case
            await corrects(routing, intake, code, accepted_at="2026-11-16T09:30:00+07:00")


async def test_what_the_opening_sent_on_follows_the_reception(routing, database, monkeypatch):
    """Births begin at finance: the paper went there by itself. Once it was received there, it was received before."""
    async with two_rooms(routing, database, monkeypatch) as intake:
        code = (await a_case(routing, procedure=BIRTH)).code
        for hour in ("10:00", "11:00"):
            await corrects(routing, intake, code, accepted_at=f"2026-11-16T{hour}:00+07:00")
            assert entries(await segments(routing, code))[0] == f"11-16T{hour}"
        await moved(routing, f"{code}/hand-overs/1/receive", "handler", FINANCE, "2026-11-16T14:00")
        later = {**MINUTES, "accepted_at": "2026-11-16T15:00:00+07:00"}
        refused = await intake.post(
            f"/v1/dossiers/{code}/corrections", json=later, headers=routing.as_("supervisor", PROVINCE)
        )
        assert reasons(refused) == {("accepted_at", "after_what_followed")}
