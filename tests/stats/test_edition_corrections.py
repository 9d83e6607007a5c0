"""A correction is a new edition that says what it changed, and why."""

import json
from datetime import date
from typing import Any

from shared.contracts.stats import COUNT_NAMES, RATE_NAMES
from shared.domain.counts import Facts
from shared.domain.lifecycle import Status
from stats_service.editions.changes import differing
from stats_service.editions.formats import FIGURES_1
from stats_service.editions.rules import canonical
from tests.builders_log import DAY, Event, History, instant, write, write_events
from tests.stats.editions import EDITIONS, A, B, a_report, a_room, content, demand_the_same, refusal, sealed
from tests.stats.scenes import OLD_PROVINCE
from tests.support import at


async def test_a_correction_says_what_changed_and_why(database, issuer):
    async with a_room(database, issuer, seed=15) as scene:
        await write(scene.owner, scene.histories[:-20])
        first = await sealed(scene.client, note="Báo cáo chín tháng")
        assert (first["number"], first["corrects"], first["reason"]) == (1, None, None)
        assert (await scene.client.get(f"{EDITIONS}/{first['id']}/changes")).json() == {"items": [], "next": None}
        assert await refusal(scene.client, {**a_report(), "corrects": first["id"], "reason": "Không có gì"}) == (
            422,
            "invalid_request",
            {("corrects", "changes_nothing")},
        )
        await write(scene.owner, scene.histories[-20:])
        reason = "20 hồ sơ được nhập bổ sung"
        second = await sealed(scene.client, corrects=first["id"], reason=reason)
        assert (second["number"], second["corrects"], second["reason"]) == (2, first["id"], reason)
        old, new = [json.loads(await content(scene.client, each)) for each in (first, second)]
        assert (new["corrects"], new["reason"], new["edition"]) == (first["sha256"], reason, 2)

        names: list[str] = [*COUNT_NAMES, *RATE_NAMES]
        expected: set[tuple[str | None, str, Any, Any]] = {
            (None, name, old["total"][name], new["total"][name]) for name in names
        }
        before = {row["key"]: row for row in old["rows"]}
        after = {row["key"]: row for row in new["rows"]}
        for key in before.keys() & after.keys():
            expected |= {(key, name, before[key][name], after[key][name]) for name in names}
            expected |= {(key, f"own.{n}", before[key]["own"][n], after[key]["own"][n]) for n in names}
        expected = {each for each in expected if each[2] != each[3]}
        told: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = (
                await scene.client.get(f"{EDITIONS}/{second['id']}/changes", params={"limit": "7", **cursor})
            ).json()
            told += page["items"]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        changed = [(t["key"], t["figure"], t["before"], t["after"]) for t in told if t["kind"] == "changed"]
        assert len(changed) == len(set(changed)) == second["changes"]["figures"]
        assert set(changed) == expected
        came = {t["key"] for t in told if t["kind"] == "came"}
        gone = {t["key"] for t in told if t["kind"] == "gone"}
        assert (came, gone) == (after.keys() - before.keys(), before.keys() - after.keys())
        assert second["changes"] == {"figures": len(expected), "rows_came": len(came), "rows_gone": len(gone)}

        known = (await scene.client.get(f"{EDITIONS}/{first['id']}")).json()
        assert known == {**first, "corrected_by": second["id"]}
        assert await refusal(scene.client, {**a_report(), "corrects": first["id"], "reason": reason}) == (
            409,
            "conflict",
            {("corrects", "corrected_by_edition")},
        )
        await demand_the_same(scene.client, [first, second])


def test_rows_that_came_and_went_are_told_once() -> None:
    def edition(*rows: dict[str, Any]) -> bytes:
        whole = dict.fromkeys(FIGURES_1, 0)
        told = [{"name": "…", **whole, **row} for row in rows]
        return canonical({"agency_name": "A", "synthetic": False, "total": whole, "rows": told})

    one = {"key": "2019-06", "by": "month", "within": ["19333"], "received": 3}
    other = {**one, "within": ["19342"], "received": 5}
    third = {**one, "within": ["19351"]}
    found = differing(edition(one, other), edition({**other, "received": 6}, third))
    assert [(c.kind, c.key, list(c.within), c.figure, c.before, c.after) for c in found] == [
        ("changed", "2019-06", ["19342"], "received", 5, 6),
        ("came", "2019-06", ["19351"], None, None, None),
        ("gone", "2019-06", ["19333"], None, None, None),
    ]
    assert differing(edition(one, other), edition(one, other)) == []


async def test_finished_late_is_a_correction_with_the_figures_of_then(database, issuer):
    """The case the law has in mind: a dossier finished on 28/2 is entered on 5/3, when the month is sealed."""
    async with a_room(database, issuer, seed=26, dossiers=1) as scene:
        friday, sealing_day = at("Friday 2020-02-28 10:00"), at("Thursday 2020-03-05 08:00")
        province = scene.tree.on(OLD_PROVINCE, A)
        assert province is not None
        received_day, due = date(2020, 2, 20), date(2020, 2, 28)
        facts = Facts(province.id, 1, received_day, due_day=due, late_day=due + DAY)
        received = Event(facts, Status.ACCEPTED, instant(received_day), instant(received_day))
        history = History("TEST-200220-000001", scene.histories[0].version_id, [received])
        await write(scene.owner, [history])
        body = a_report(group_by="none", period="2020-02", **{"from": None, "to": None})
        first = await sealed(scene.client, body)
        done = facts._replace(finished_day=due, verdict=2)
        await write_events(scene.owner, history, [Event(done, Status.FINISHED, friday, sealing_day)])
        second = await sealed(scene.client, body, corrects=first["id"], reason="Cập nhật muộn kết quả ngày 28/2")
        items = (await scene.client.get(f"{EDITIONS}/{second['id']}/changes")).json()["items"]
        assert {(each["figure"], each["before"], each["after"]) for each in items} == {
            ("resolved", 0, 1),
            ("resolved_on_day", 0, 1),
            ("resolved_on_time", 0, 1),
            ("pending", 1, 0),
            ("pending_overdue", 1, 0),
            ("on_time_rate", None, "100.00"),
            ("late_rate", None, "0.00"),
            ("received_on_time_rate", "0.00", "100.00"),
            ("national_on_time_rate", "0.00", "100.00"),
        }
        await demand_the_same(scene.client, [first, second])


async def test_what_an_edition_says_was_asked_is_what_corrects_it(database, issuer):
    """Whoever corrects an edition asks for just what they read in it."""
    async with a_room(database, issuer, seed=29, dossiers=40) as scene:
        days = {"agency": OLD_PROVINCE, "from": A.isoformat(), "to": B.isoformat()}
        asked: list[dict[str, Any]] = [a_report(), a_report(group_by="agency,month", cut="15-14")]
        asked += [
            {"report": report, "parameters": {**days, **more}}
            for report, more in (
                ("ii-06a", {}),
                ("ii-06a", {"rows": "sector", "form": "07a-btp", "awaiting_supplement_column": 9}),
                ("annex", {}),
            )
        ]
        first = [await sealed(scene.client, body) for body in asked]
        await write(scene.owner, scene.histories)
        for edition in first:
            read = (await scene.client.get(f"{EDITIONS}/{edition['id']}")).json()
            told = {"report": read["report"], "parameters": read["parameters"]}
            second = await sealed(scene.client, told, corrects=read["id"], reason="Nhập muộn")
            assert (second["number"], second["parameters"]) == (2, read["parameters"])
