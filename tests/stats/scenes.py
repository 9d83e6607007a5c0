"""A running stats service over random histories in the old province, in the year in which its communes were merged."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import asyncpg
import httpx

from services.local_issuer import LocalIssuer
from shared.domain.agencies import Agency, AgencyTree
from stats_service.app import create_app
from tests.builders_log import History, a_history
from tests.emptying import empty
from tests.support import PROVINCE, bearer, current_reference, serving, settings_for

OLD_PROVINCE = "45"
FIRST, LAST = date(2019, 6, 1), date(2020, 5, 31)
#: Boundaries in the middle of months, a merger (1/1/2020) inside; and whole months, of which some are checkpoints.
PERIODS = ((date(2019, 8, 13), date(2020, 3, 17)), (date(2019, 9, 1), date(2019, 12, 31)))


@dataclass
class Scene:
    """The service, the tables' owner, the log of the stats role, and what was written. `officers`: by dossier code, in
    whose hands it is."""

    client: httpx.AsyncClient
    owner: asyncpg.Connection
    stats: asyncpg.Connection
    tree: AgencyTree
    procedures: dict[int, tuple[str, str]]
    histories: list[History]
    officers: dict[str, str] = field(default_factory=dict)

    def keys(self, day: date) -> dict[str, Agency]:
        """The units of the old province by the keys of their rows in a report that ends on `day`: told anew."""
        root = self.tree.on(OLD_PROVINCE, FIRST)
        assert root is not None
        by_code: dict[str, list[Agency]] = {}
        for one in self.tree.scope(root.id):
            unit = self.tree.by_id[one]
            by_code.setdefault(unit.code, []).append(unit)
        found: dict[str, Agency] = {}
        for code, bearers in by_code.items():
            last = next(
                (one for one in bearers if one.in_force(day)), max(bearers, key=lambda u: u.valid_to or date.max)
            )
            found |= {code if unit is last else f"{code}@{unit.valid_to}": unit for unit in bearers}
        return found

    async def report(self, **asked: Any) -> dict[str, Any]:
        """The resolution report of the old province."""
        answer = await self.client.get("/v1/reports/resolution", params=_params(asked))
        assert answer.status_code == 200, answer.text
        report: dict[str, Any] = answer.json()
        return report

    async def listed(self, *, limit: int = 1000, **asked: Any) -> list[dict[str, Any]]:
        """A figure's whole list, page by page."""
        items: list[dict[str, Any]] = []
        params = {**_params(asked), "limit": str(limit)}
        while True:
            answer = await self.client.get("/v1/reports/resolution/dossiers", params=params)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            items += page["items"]
            if page["next"] is None:
                return items
            assert len(page["items"]) == limit
            params["cursor"] = page["next"]

    def of(self, *agencies: int) -> list[History]:
        """The histories whose figure belongs to the agencies."""
        return [history for history in self.histories if history.events[-1].facts.agency_id in agencies]


def _params(asked: dict[str, Any]) -> dict[str, str]:
    named = {"agency": OLD_PROVINCE, **asked}
    named = {{"first": "from", "last": "to"}.get(name, name): value for name, value in named.items()}
    return {name: value.isoformat() if hasattr(value, "isoformat") else str(value) for name, value in named.items()}


@asynccontextmanager
async def a_scene(database: Any, issuer: LocalIssuer, *, seed: int, dossiers: int = 250) -> AsyncIterator[Scene]:
    """The service on `database`, emptied of dossiers; `dossiers` histories are made and not yet written."""
    owner = await asyncpg.connect(database.owner_url)
    stats = await asyncpg.connect(database.url("motcua_stats"), server_settings={"jit": "off"})
    await empty(owner, "dossier", "dossier_event", "count_day", "count_checkpoint", "stats_position", "reorganisation")
    reference = await current_reference(owner)
    tree = reference.agencies
    rng = random.Random(seed)
    versions = sorted(reference.versions)[:4]
    root = tree.on(OLD_PROVINCE, FIRST)
    assert root is not None
    merged = [unit for unit in tree.by_id.values() if unit.valid_to == date(2019, 12, 31)][:3]
    heirs = [unit for unit in tree.by_id.values() if unit.valid_from == date(2020, 1, 1)][:3]
    others = [unit for unit in tree.by_id.values() if unit.parent_id == root.id][:12]
    parents = [tree.by_id[unit.parent_id] for unit in merged if unit.parent_id]
    agencies = [unit.id for unit in [root, *merged, *heirs, *others, *parents]]
    histories = [a_history(rng, agencies=agencies, versions=versions, first=FIRST, last=LAST) for _ in range(dossiers)]
    procedures = {v: (reference.versions[v].code, reference.versions[v].sector) for v in versions}
    app = create_app(settings_for(database, issuer))
    async with serving(app) as client:
        client.headers.update(bearer(issuer, "leader", PROVINCE))
        yield Scene(client, owner, stats, tree, procedures, histories)
    await owner.close()
    await stats.close()
