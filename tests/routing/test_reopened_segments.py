"""A dossier is re-opened at intake: the shares that its end had closed live again; who was done stays done."""

from routing_service.segments.usecases import settle
from shared.domain.lifecycle import Channel, EventKind
from shared.web.clock import now
from tests.routing.linked import CADASTRE, FINANCE, a_case, a_workflow, finished, in_turn, segments
from tests.routing.test_finish_has_one_truth import at_the_counter, beside_intake
from tests.routing.test_reopened_case import reopen, told
from tests.support import WARD


async def listed(routing, agency, code):
    found = await routing.http.get("/v1/segments", params={"limit": 200}, headers=routing.as_("handler", agency))
    return [item["no"] for item in found.json()["items"] if item["code"] == code]


async def settled(routing):
    while await settle(routing.owner, routing.reference, now()):
        pass


async def test_what_was_open_at_the_end_is_open_again_and_goes_on_as_if_it_had_not_ended(
    routing, database, monkeypatch
):
    await a_workflow(routing, "LT-AGAIN", in_turn())
    built = await a_case(routing)
    code = built.code
    await finished(routing, code, 1, WARD, "2026-11-16T14:00")
    before = await segments(routing, code)
    async with beside_intake(routing, database, monkeypatch) as intake:
        # Tuesday 2026-11-17
        ended = await at_the_counter(routing, intake, code, occurred_at="2026-11-17T10:00:00+07:00")
        assert ended.status_code == 200, ended.text
        await settled(routing)
        over = await segments(routing, code)
        assert [s["result"] for s in over["items"]] == ["on_day", "early", "not_needed", "not_needed"]
        assert await listed(routing, CADASTRE, code) == []
        await reopen(routing, intake, code)

        def places(shown):
            return [(s["no"], s["agency"], s["state"], s["entered_at"], s["due_at"]) for s in shown["items"]]

        assert places(await segments(routing, code)) == places(before), "shown so before routing is told"
        await told(routing)
        await settled(routing)
        assert places(await segments(routing, code)) == places(before)
        assert await listed(routing, CADASTRE, code) == [2]
        rows = await routing.owner.fetch(
            "SELECT result, left_at, worked, late FROM case_segment WHERE dossier_id = $1 ORDER BY no", built.id
        )
        assert [tuple(row) for row in rows[1:]] == [(None, None, None, None)] * 3
        # From Monday 14:00 on it ran all the time, as the dossier's clock did: Tuesday 8, Wednesday 8, Thursday 2.
        after = await finished(routing, code, 2, CADASTRE, "2026-11-19T09:00")
        assert (after["items"][0]["left_at"], after["items"][1]["worked_hours"]) == ("2026-11-16T14:00:00+07:00", 21.0)
        assert (after["items"][1]["result"], after["items"][2]["state"]) == ("late", "open")
        again = await at_the_counter(routing, intake, code)
        assert again.status_code == 200, again.text
        await settled(routing)
        second = await segments(routing, code)
        assert [s["left_at"] for s in second["items"]] == [
            "2026-11-16T14:00:00+07:00", "2026-11-19T09:00:00+07:00", again.json()["finished_at"], None,
        ]  # fmt: skip


async def test_a_wait_that_the_end_met_lasts_until_it_is_reopened(routing, database, monkeypatch):
    asked = [(EventKind.SUPPLEMENT_REQUESTED, "Monday 2026-11-16 14:00")]
    code = (await a_case(routing, channel=Channel.ONLINE, happened=asked)).code
    async with beside_intake(routing, database, monkeypatch) as intake:
        gone = await intake.post(
            f"/v1/dossiers/{code}/withdraw",
            json={"occurred_at": "2026-11-18T10:00:00+07:00", "reason": "Rút hồ sơ"},
            headers=routing.as_("counter", WARD),
        )
        assert gone.status_code == 200, gone.text
        await settled(routing)
        await reopen(routing, intake, code)
        await told(routing)
    shares = {s["no"]: s for s in (await segments(routing, code))["items"]}
    # Monday 09:00 to 11:30 and 13:30 to 14:00 were worked; from then on the applicant was waited for, all along.
    assert (shares[3]["agency"], shares[3]["state"]) == (FINANCE, "open")
    assert 3.0 <= shares[3]["worked_hours"] < 4.0
    assert not shares[3]["late"]
