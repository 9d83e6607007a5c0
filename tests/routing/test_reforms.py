"""The mergers of 1/1/2020 and the reform of 1/7/2025, on Quảng Trị's real units: all open dossiers end at units in
force, no clock moves, and no figure of any unit changes.
"""

import json
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import httpx

from intake_service.app import create_app as intake_app
from shared.domain.agencies import Level
from shared.domain.civil_time import civil_day
from shared.domain.lifecycle import Channel
from shared.web.clock import now
from stats_service.app import create_app as stats_app
from tests.routing.conftest import Routing, reasons
from tests.routing.test_reorganisation import MERGERS, moved_through, plan, read, reorganise, whole
from tests.support import PROVINCE, at, bearer, serving, settings_for

OLD_DAY, REFORM = date(2019, 12, 20), date(2025, 7, 1)
GIO_THANH, GIO_MAI, GIO_HAI = "19528", "19543", "19519"
BEYOND = "Huyện kết thúc hoạt động, không có đơn vị kế thừa"
DISTRICT_HEIR = "QT25-D16"
PERIOD = {"agency": "45", "from": "2019-12-01", "to": "2019-12-31"}


def heirs(routing, held, day):
    """Old code → codes of its successors, of the units that hold dossiers and are not in force on `day` any more."""
    tree = routing.reference.agencies
    gone = [tree.by_id[unit] for unit in held if not tree.by_id[unit].in_force(day)]
    return {unit.code: [tree.by_id[heir].code for heir in tree.successors.get(unit.id, ())] for unit in gone}


async def held_by(routing):
    """How many open dossiers each unit holds, by its id."""
    rows = await routing.owner.fetch(
        "SELECT holder_id, count(*) FROM dossier_case c JOIN dossier d ON d.id = c.dossier_id"
        " WHERE d.finished_at IS NULL GROUP BY 1"
    )
    return Counter(dict(map(tuple, rows)))


async def all_of_intake(routing):
    """Every dossier and every event, byte for byte."""
    dossiers = await routing.owner.fetchval("SELECT string_agg(d::text, '|' ORDER BY id) FROM dossier d")
    events = await routing.owner.fetchval("SELECT string_agg(e::text, '|' ORDER BY id) FROM dossier_event e")
    return dossiers, events


@dataclass
class Stats:
    """The figures of the province."""

    http: httpx.AsyncClient
    headers: dict[str, str]

    async def report(self, **asked: Any) -> Any:
        """A report of resolution, whenever it was made."""
        answer = await self.http.get("/v1/reports/resolution", params={**PERIOD, **asked}, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return {name: value for name, value in answer.json().items() if name != "as_of"}


@asynccontextmanager
async def figures(database, issuer):
    async with serving(stats_app(settings_for(database, issuer))) as http:
        yield Stats(http, bearer(issuer, "admin", PROVINCE))


def old_records(reference, day, per_unit):
    """Synthetic dossiers of every unit in force on a day: open ones and a finished one, of two sectors."""
    tree = reference.agencies
    offered = {
        level: [
            version.code
            for versions in reference.procedures.values()
            for version in versions
            if version.in_force(day) and version.offered_at(level, day) and Channel.COUNTER in version.terms
        ]
        for level in Level
    }
    accepted = at("Friday 2019-12-20 08:00")
    for unit in tree.in_force(day):
        codes = offered[unit.level]
        for n in range(per_unit + 1):
            yield {
                "legacy_code": f"L-{unit.code}-{n}",
                "procedure": codes[(n * 37) % len(codes)],
                "agency": unit.code,
                "channel": "counter",
                "applicant": {"kind": "person", "name": "Nguyễn Thị Đào"},
                "accepted_at": accepted.isoformat(),
                "due_at": (accepted + timedelta(days=20 + n)).isoformat(),
                **({"finished_at": (accepted + timedelta(days=3)).isoformat()} if n == per_unit else {}),
            }


async def with_old_dossiers(routing, database, per_unit):
    """Import them as another system's, and open the cases of those that are open."""
    records = list(old_records(routing.reference, OLD_DAY, per_unit))
    headers = {**routing.as_("admin"), "Content-Type": "application/x-ndjson"}
    async with serving(intake_app(settings_for(database, routing.issuer))) as intake:
        content = "\n".join(map(json.dumps, records))
        landed = await intake.post("/v1/imports", content=content, headers=headers, timeout=120)
        assert landed.json()["created"] == len(records), landed.text
    codes = [row[0] for row in await routing.owner.fetch("SELECT code FROM dossier WHERE finished_at IS NULL")]
    for start in range(0, len(codes), 1000):
        items = [{"code": code} for code in codes[start : start + 1000]]
        opened = await routing.http.post("/v1/cases/bulk", json={"items": items}, headers=routing.as_("machine"))
        assert opened.json()["opened"] == len(items)
    return len(codes)


async def test_the_mergers_of_2020_and_the_reform_of_2025(routing: Routing, database, issuer):
    open_count = await with_old_dossiers(routing, database, per_unit=4)
    tree = routing.reference.agencies

    def unit_on(code: str, day: date) -> int:
        unit = tree.on(code, day)
        assert unit is not None, f"{code} was not in force on {day}"
        return unit.id

    before, held = await all_of_intake(routing), await held_by(routing)
    async with figures(database, issuer) as stats:
        province, by_unit = await stats.report(), await stats.report(group_by="agency")
        assert province["total"]["pending"] == open_count

        # 1/1/2020: 27 communes become others; Gio Thành's villages go two to one to Gio Mai and Gio Hải.
        merged = heirs(routing, held, MERGERS)
        assert len(merged) == 27
        rules = [whole(old, *new) for old, new in merged.items() if old != GIO_THANH]
        parts = [{"agency": GIO_MAI, "share": 2}, {"agency": GIO_HAI, "share": 1}]
        body = plan("Sáp nhập xã", MERGERS, [*rules, {"from": GIO_THANH, "to": parts}])
        seen = (await reorganise(routing, {**body, "dry_run": True})).json()
        assert (seen["looked_at"], seen["moved"], seen["left_over"]) == (27 * 4, 27 * 4, 0)
        assert await held_by(routing) == held, "a dry run writes nothing"
        decided = await reorganise(routing, body)
        assert (decided.status_code, decided.json()["state"]) == (202, "waiting")
        await moved_through(routing)
        done = await read(routing, decided.json()["id"])
        assert (done["state"], done["looked_at"], done["moved"], done["left_over"]) == ("finished", 108, 108, 0)
        after = await held_by(routing)
        assert after.total() == open_count
        spring = {unit.id for unit in tree.by_id.values() if unit.valid_to == date(2025, 2, 28)}
        assert all(tree.by_id[unit].in_force(MERGERS) for unit in after)
        assert spring <= set(after)
        for move in seen["moves"]:
            assert tree.on(move["to"], MERGERS) is not None
        for old, new in merged.items():
            unit = unit_on(old, OLD_DAY)
            steps = await routing.owner.fetch("SELECT * FROM hand_over WHERE from_agency_id = $1", unit)
            assert len(steps) == held[unit] == 4
            assert {tree.by_id[step["to_agency_id"]].code for step in steps} <= set(new)
            assert all((step["kind"], civil_day(step["occurred_at"])) == ("reorganisation", MERGERS) for step in steps)

        # 1/7/2025: no districts any more, 78 communes, departments merged. Nine districts have no successor;
        # nine communes ended four months before, and nobody has had their dossiers since.
        ended = heirs(routing, after, REFORM)
        rules = [whole(old, *new) for old, new in ended.items() if new and old != "45"]
        heirless = [old for old, new in ended.items() if not new]
        assert len(heirless) == 9
        refused = await reorganise(routing, plan("Cải cách", REFORM, [whole(heirless[0], DISTRICT_HEIR)]))
        assert (refused.status_code, reasons(refused)) == (422, {("rules.0.to.0.agency", "not_a_successor")})
        districts = [whole(old, DISTRICT_HEIR) for old in heirless]
        body = plan("Cải cách", REFORM, [*rules, whole("45", "44"), *districts], beyond_succession=BEYOND)
        decided = await reorganise(routing, body)
        await moved_through(routing)
        done = await read(routing, decided.json()["id"])
        assert (done["state"], done["looked_at"], done["moved"]) == ("finished", open_count, open_count)
        assert done["beyond_succession"] == BEYOND
        last = await held_by(routing)
        assert last.total() == open_count
        assert all(tree.by_id[unit].in_force(REFORM) for unit in last)
        heir = unit_on(DISTRICT_HEIR, REFORM)
        assert last[heir] == 9 * 4 + after[unit_on("QT19-D21", OLD_DAY)]
        for new in last:
            olds = [old for old in after if new in tree.successors.get(old, ())]
            assert new == heir or last[new] == sum(after[old] for old in olds)

        # Who received a dossier stays as of then: no figure has changed, neither the province's nor any unit's.
        assert await stats.report() == province
        assert await stats.report(group_by="agency") == by_unit
        totals = (await stats.report(agency="44", **{"from": "2026-01-01", "to": "2026-01-31"}))["total"]
        assert totals["carried_over"] == open_count, "succession makes both meet"
    assert await all_of_intake(routing) == before, "no due date, no event, no clock has changed"
    worklist = await routing.http.get("/v1/worklist", params={"limit": 200}, headers=routing.as_("leader"))
    assert {tree.on(item["holder"], civil_day(now())) is not None for item in worklist.json()["items"]} == {True}
    assert all(item["received"] for item in worklist.json()["items"]), "a successor holds by law"
