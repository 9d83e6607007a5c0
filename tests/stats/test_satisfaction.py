"""Mức độ hài lòng: every figure opens its list, few ratings have no share, and nobody's rating can be told from what is
published (NĐ 61/2018 art. 27(3))."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from intake_service.app import create_app as intake_app
from services.local_issuer import LocalIssuer
from shared.web.clock import now
from shared.web.problems import Problem
from stats_service.app import create_app
from stats_service.satisfaction.rules import Ratings, criteria, figures, hidden, quarter_of
from tests.conftest import Database
from tests.intake.lives import did, received
from tests.support import PROVINCE, WARD, at, bearer, serving, settings_for

SECOND, THIRD = "19351", "18880"
#: Ratings by agency: levels in the order in which they were given, from 2026-07-01 on, two days apart.
GIVEN = {WARD: (1, 1, 1, 2, 2, 3, 1), SECOND: (3, 2), THIRD: (1, 2, 2, 2, 2, 3)}
Q3 = {"agency": PROVINCE, "from": "2026-07-01", "to": "2026-09-30"}


@dataclass
class Scene:
    client: httpx.AsyncClient
    issuer: LocalIssuer

    async def report(self, role: str = "supervisor", **asked: str) -> dict[str, Any]:
        headers = bearer(self.issuer, role, PROVINCE)
        answer = await self.client.get("/v1/reports/satisfaction", params={**Q3, **asked}, headers=headers)
        assert answer.status_code == 200, answer.text
        report: dict[str, Any] = answer.json()
        return report

    async def listed(self, **asked: str) -> list[str]:
        codes, cursor = [], None
        while True:
            params = {**Q3, "limit": "3", **asked, **({"cursor": cursor} if cursor else {})}
            answer = await self.client.get(
                "/v1/reports/satisfaction/dossiers",
                params=params,
                headers=bearer(self.issuer, "supervisor", PROVINCE),
            )
            assert answer.status_code == 200, answer.text
            codes += [item["code"] for item in answer.json()["items"]]
            cursor = answer.json()["next"]
            if cursor is None:
                assert len(codes) == len(set(codes))
                return codes


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scene(database: Database, issuer: LocalIssuer) -> AsyncIterator[Scene]:
    settings = settings_for(database, issuer)
    owner = await asyncpg.connect(database.owner_url)
    async with serving(intake_app(settings)) as intake:
        intake.headers.update(bearer(issuer, "admin", PROVINCE))
        for agency, levels in GIVEN.items():
            for n, level in enumerate(levels):
                dossier = await did(intake, await received(intake, agency=agency), "finish")
                await owner.execute(
                    "INSERT INTO rating (dossier_id, agency_id, level, criteria, rated_at, rated_day)"
                    " SELECT id, agency_id, $2, $3, $4::timestamptz + make_interval(days => $5),"
                    " '2026-07-01'::date + $5::int FROM dossier WHERE code = $1",
                    dossier["code"],
                    level,
                    '{"attitude": 2}' if level == 1 else '{"attitude": 1, "publicity": 0}' if level == 2 else "{}",
                    at("Wednesday 2026-07-01 09:00"),
                    13 * n,
                )
    await owner.close()
    async with serving(create_app(settings)) as client:
        yield Scene(client, issuer)


# --- figures and their lists ----------------------------------------------------------------------------------------


async def test_counts_and_shares(scene: Scene) -> None:
    total = (await scene.report())["total"]
    shown = {name: value for name, value in total.items() if name != "criteria"}
    assert shown == {
        **{"rated": 15, "very_satisfied": 5, "satisfied": 7, "unsatisfied": 3},
        **{"very_satisfied_share": "33.33", "satisfied_share": "46.67", "unsatisfied_share": "20.00"},
        "satisfaction_share": "80.00",
    }
    told = {each["criterion"]: (each["rated"], each["mean"]) for each in total["criteria"]}
    assert len(told) == 9
    assert (told["attitude"], told["publicity"], told["contacts"]) == ((12, "1.4"), (7, "0.0"), (0, None))


@pytest.mark.parametrize("group_by", ["agency", "tree", "month"])
async def test_every_figure_of_every_row_has_its_list(scene: Scene, group_by: str) -> None:
    report = await scene.report(group_by=group_by)
    assert sum(row["rated"] for row in report["rows"] if group_by != "tree") in (0, 15)
    opened = 0
    for row in report["rows"]:
        if group_by == "month":
            narrowed = {"month": row["key"]}
        else:
            narrowed = {"unit": row["key"], "scope": "own" if group_by == "agency" else "tree"}
        if not row["rated"] and opened:
            continue
        opened += 1
        for figure in ("rated", "very_satisfied", "satisfied", "unsatisfied"):
            assert len(await scene.listed(figure=figure, **narrowed)) == row[figure], (row["key"], figure)
        for each in row["criteria"]:
            found = await scene.listed(figure="rated", criterion=each["criterion"], **narrowed)
            assert len(found) == each["rated"]
    assert opened >= 3


async def test_few_ratings_have_no_share_and_zero_has_none(scene: Scene) -> None:
    rows = {row["key"]: row for row in (await scene.report(group_by="agency"))["rows"]}
    assert (rows[SECOND]["rated"], rows[SECOND]["unsatisfied"], rows[SECOND]["unsatisfied_share"]) == (2, 1, None)
    assert (rows[WARD]["very_satisfied_share"], rows[WARD]["satisfaction_share"]) == ("57.14", "85.71")
    nothing = next(row for row in rows.values() if row["rated"] == 0)
    assert (nothing["unsatisfied"], nothing["unsatisfied_share"]) == (0, None)


async def test_who_was_rated_opens_no_list(scene: Scene) -> None:
    for role in ("counter", "handler"):
        headers = bearer(scene.issuer, role, WARD)
        params = {**Q3, "agency": WARD}
        assert (await scene.client.get("/v1/reports/satisfaction", params=params, headers=headers)).status_code == 403
    assert (await scene.report("leader", agency=WARD))["total"]["rated"] == 7
    answer = await scene.client.get(
        "/v1/reports/satisfaction/dossiers",
        params={**Q3, "figure": "rated"},
        headers=bearer(scene.issuer, "leader", PROVINCE),
    )
    assert answer.status_code == 403


async def test_another_agency_is_out_of_scope(scene: Scene) -> None:
    for path, more in (("", {}), ("/dossiers", {"figure": "rated"})):
        answer = await scene.client.get(
            f"/v1/reports/satisfaction{path}",
            params={**Q3, **more},
            headers=bearer(scene.issuer, "supervisor", WARD),
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "agency_out_of_scope")


# --- what is published ----------------------------------------------------------------------------------------------


async def test_a_quarter_is_published_without_what_few_have_said(scene: Scene) -> None:
    answer = await scene.client.get("/v1/public/satisfaction", params={"quarter": "2026-Q3"})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["quarter"], body["minimum"]) == ("2026-Q3", 5)
    assert (body["total"]["rated"], body["total"]["satisfaction_share"]) == (15, "80.00")
    rows = {row["key"]: row for row in body["rows"]}
    # Two are too few; and so that they cannot be told from the total, neither is the next larger shown.
    for key, rated in ((SECOND, 2), (THIRD, 6)):
        assert rows[key]["rated"] == rated
        assert {rows[key][name] for name in rows[key] if name not in ("key", "name", "level", "rated")} == {None}
    assert (rows[WARD]["unsatisfied"], rows[WARD]["satisfaction_share"]) == (1, "85.71")
    assert answer.headers["etag"]


@pytest.mark.parametrize(
    ("quarter", "code"),
    [
        (f"{now().year}-Q{(now().month - 1) // 3 + 1}", "not_published_yet"),
        ("2026", "malformed"),
        ("2026-07", "malformed"),
        ("2026-Q5", "malformed"),
        ("1212-Q1", "period_absurd"),
    ],
)
async def test_no_other_period_is(scene: Scene, quarter: str, code: str) -> None:
    answer = await scene.client.get("/v1/public/satisfaction", params={"quarter": quarter})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)


@pytest.mark.parametrize(
    ("today", "latest"),
    [
        ("Wednesday 2026-10-07 12:00", "2026-Q2"),
        ("Thursday 2026-10-08 00:00", "2026-Q3"),
        ("Thursday 2027-01-07 12:00", "2026-Q3"),
        ("Friday 2027-01-08 12:00", "2026-Q4"),
    ],
)
def test_a_quarter_waits_until_no_rating_of_it_can_change(today: str, latest: str) -> None:
    assert quarter_of(None, at(today).date(), 7)[0] == latest


def test_before_that_it_says_when() -> None:
    with pytest.raises(Problem) as refused:
        quarter_of("2026-Q3", at("Wednesday 2026-10-07 12:00").date(), 7)
    assert refused.value.reasons[0].params == {"day": "2026-10-08"}
    _, period = quarter_of("2026-Q3", at("Thursday 2026-10-08 00:00").date(), 7)
    assert (period.first, period.last) == (date(2026, 7, 1), date(2026, 9, 30))


@pytest.mark.parametrize(
    ("rated", "unseen"),
    [
        ([7, 8, 0], set()),
        ([7, 8, 1], {0, 2}),
        ([9, 8, 1], {1, 2}),
        ([9, 4, 1], {1, 2}),
        ([9, 2, 1], {0, 1, 2}),
        ([2, 1], {0, 1}),
        ([0, 0], {0, 1}),
        ([4], {0}),
        ([5], set()),
    ],
)
def test_what_is_hidden_is_never_too_little_to_be_told_from_the_rest(rated: list[int], unseen: set[int]) -> None:
    assert hidden(sum(rated), rated, 5) == unseen


def test_shares_are_rounded_half_up_each_on_its_own() -> None:
    shown = figures(Ratings(1, 1, 6), 5)
    assert (shown["very_satisfied_share"], shown["unsatisfied_share"]) == ("12.50", "75.00")
    assert figures(Ratings(), 5)["satisfaction_share"] is None
    means = {n: criteria(Ratings(5, 0, 0, {"attitude": (20, n)}), 5)[6]["mean"] for n in (0, 1, 3, 40)}
    assert means == {0: "0.0", 1: "0.1", 3: "0.2", 40: "2.0"}
