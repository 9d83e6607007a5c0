"""That the measuring works, at the smallest scale. How fast anything is, no test decides."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from bench import index_766, on_demand
from bench.__main__ import main
from bench.building import blocks
from bench.figures import Figure, Goal, joined, keep, percentile
from bench.filling import fill
from bench.ground import connected, reference_in
from bench.hundred import main as hundred
from bench.intake import pgbench_rate, same_rows
from bench.receiving import Sent, drafts
from bench.reports import HALF_YEAR, folded, timed
from shared.domain.civil_time import civil_day
from shared.web.clock import now


def test_a_goal_bounds_the_ratio_or_the_figure_itself():
    faster = Figure("rate", 900, "/s", 1000, ratio=0.9, goal=Goal("ratio", "≥", 0.7))
    slower = Figure("time", 16, "ms", goal=Goal("ours", "≤", 15))
    assert (faster.met, slower.met, Figure("free", 1, "s").met) == (True, False, None)
    assert faster.wire()["goal"] == "ratio ≥ 0.7"


def test_a_percentile_of_few_values_is_one_that_was_seen_or_lies_between():
    assert percentile([3.0], 99) == 3.0
    assert percentile([1.0, 2.0, 3.0], 50) == 2.0


async def test_the_reference_transaction_writes_the_rows_that_the_service_writes(fresh_database: Any, tmp_path: Path):
    url = fresh_database.owner_url
    reference = await reference_in(url)
    plain, one_call = (await Sent.by(reference, drafts(reference, 5))).write(tmp_path)
    ways = {
        "one call": lambda: pgbench_rate(url, one_call, 2, "-t", "10"),
        "plain": lambda: pgbench_rate(url, plain, 2, "-t", "10"),
    }
    said = await asyncio.to_thread(same_rows, url, ways)
    assert "same rows" in said
    async with connected(url) as connection:
        codes = await connection.fetchval("SELECT count(DISTINCT code) FROM dossier")
        numbers = await connection.fetchval("SELECT sum(last) FROM dossier_number")
    assert codes == numbers == 40


async def test_made_dossiers_are_counted_as_straight_sql_counts_them(fresh_database: Any):
    url = fresh_database.owner_url
    counted = "SELECT count(*) FROM pg_indexes WHERE tablename = 'dossier'"
    async with connected(url) as connection:
        indexes = await connection.fetchval(counted)
    steps: list[float] = []
    for upto in (3_000, 5_000):
        await asyncio.to_thread(fill, url, upto, steps.append, applicants=True)
    events, _ = await folded(url, steps.append)
    assert events > 9_000
    assert HALF_YEAR[1] <= civil_day(now())
    await timed(url, 1)  # raises where a figure differs
    named = [one.name for one in [*await index_766.measured(url), *await on_demand.measured(url)]]  # and so do these
    assert named == [
        "index 766, the province",
        "report by a definition, on demand",
        "report as recorded then, from events",
    ]
    async with connected(url) as connection:
        assert await connection.fetchval(counted) == indexes
        await connection.execute("INSERT INTO dossier_number VALUES ('after', 1)")


def test_a_run_keeps_its_figures(tmp_path: Path):
    main(["--small", "--only", "log", "intake", "--results", str(tmp_path / "results"), "--dir", str(tmp_path)])
    kept = orjson.loads((tmp_path / "results" / "latest.json").read_bytes())
    assert kept["scale"] == "small"
    assert kept["machine"]["cores"] > 0
    assert kept["failed"] == []
    named = {row: [one["name"] for one in kept["figures"] if one["row"] == row] for row in ("log", "intake")}
    assert named["log"] == ["log per intake", "log per intake, calm"]
    assert named["intake"][:2] == ["intake", "intake, one call"]
    assert all(one["ours"] > 0 for one in kept["figures"])


def _run(failed: Sequence[str] = (), dirty: bool = False, **rows: Sequence[tuple[str, float]]) -> dict[str, Any]:
    figures = [{"row": row, "name": name, "ours": ours} for row, found in rows.items() for name, ours in found]
    return {"dirty": dirty, "seconds": dict.fromkeys([*rows, *failed], 1.0), "failed": [*failed], "figures": figures}


def _told(run: dict[str, Any]) -> list[tuple[str, str, float]]:
    return [(one["row"], one["name"], one["ours"]) for one in run["figures"]]


def test_some_rows_measured_again_leave_the_others_as_they_were():
    before = _run(log=[("a", 1), ("gone", 2)], report=[("b", 3)], failed=["bulk"])
    after = joined(before, _run(log=[("a", 4)], bulk=[("c", 5)], dirty=True))
    assert _told(after) == [("log", "a", 4), ("report", "b", 3), ("bulk", "c", 5)]
    assert (after["failed"], after["dirty"]) == ([], True)
    assert set(after["seconds"]) == {"log", "report", "bulk"}


def test_a_row_that_fails_the_second_time_keeps_what_it_had_and_is_named():
    after = joined(_run(log=[("a", 1)]), _run(failed=["log"]))
    assert (_told(after), after["failed"]) == ([("log", "a", 1)], ["log"])


def test_a_run_of_some_rows_joins_the_file_of_its_day_and_commit_and_a_whole_run_replaces_it(tmp_path: Path):
    keep(tmp_path, "day-commit", _run(log=[("a", 1)]))
    keep(tmp_path, "day-other", _run(log=[("a", 9)]))
    keep(tmp_path, "day-commit", _run(report=[("b", 2)]), only=True)
    for name in ("day-commit", "latest"):
        assert _told(orjson.loads((tmp_path / f"{name}.json").read_bytes())) == [("log", "a", 1), ("report", "b", 2)]
    keep(tmp_path, "day-commit", _run(report=[("b", 3)]))
    assert _told(orjson.loads((tmp_path / "day-commit.json").read_bytes())) == [("report", "b", 3)]


def test_blocks_are_all_numbers_once_and_the_last_are_kept():
    kept, rest = blocks(10_001)
    numbers = sorted(n for block in [*kept, *rest] for n in range(block.first, block.first + block.count))
    assert numbers == list(range(1, 10_002))
    assert max(block.first for block in kept) > max(block.first for block in rest)
    assert 0 < sum(block.count for block in kept) < 500


def test_a_great_database_says_what_it_cost_and_its_report_is_straight_sql(tmp_path: Path):
    results = tmp_path / "results"
    hundred(["--dossiers", "40000", "--results", str(results), "--dir", str(tmp_path), "--note", "of a test"])
    (path,) = results.iterdir()  # and no latest.json: that is a run of all rows
    kept = orjson.loads(path.read_bytes())
    assert path.name.endswith("-0.04m.json")
    assert (kept["note"], kept["failed"]) == ("of a test", [])
    built = kept["build"]
    assert built["tables"]["dossier"]["bytes"] > 40_000 * 100
    assert built["indexes"]["pk_dossier"]["bytes"] > 0
    assert built["kept"]["cells_equal"] > 0
    assert built["kept"]["dossiers_with_events"] < 2_000
    names = {one["name"] for one in kept["figures"]}
    assert {"report, times faster", "report by agency", "report by procedure, one agency"} <= names
    assert "overdue p99, province 45, deep page" in names
    assert [each for each in tmp_path.iterdir() if each != results] == []
