"""Bản chốt lớn: great editions are written and compared row by row, beside the event loop, and mean the same."""

import asyncio
import json
import threading
import tracemalloc
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.agencies import AgencyTree
from shared.press import threads
from stats_service.editions import usecases
from stats_service.editions.changes import differing
from stats_service.editions.formats import FIGURES_1, Counted, written
from stats_service.editions.pictures import Picture
from stats_service.editions.rules import Parameters, Position, Sealing, canonical
from stats_service.figures.rules import ZERO
from stats_service.groupings.rules import Row
from tests.builders_log import write
from tests.stats.editions import EDITIONS, a_report, a_room, sealed

PATIENCE = 60
ROWS = 4000
#: What might be taken for the seams between rows.
SEAMS = ('},{"a', '}],"b', '"rows":[{"c', "}]}", '\\"},{\\"', "ệ", "")
NAMES = st.lists(st.sampled_from(SEAMS), max_size=3).map("".join)
EDITION = st.dictionaries(
    st.tuples(st.sampled_from(["19333", "19342", "x"]), NAMES), st.tuples(NAMES, st.integers(0, 2)), max_size=6
)


def an_edition(rows: dict[tuple[str, str], tuple[str, int]], form: Callable[[Any], bytes]) -> bytes:
    """Rows by key and the key they stand in, each with its name and a figure."""
    told = [
        {
            **dict.fromkeys(FIGURES_1, 0),
            "key": key,
            "within": [outer],
            "by": "month",
            "name": name,
            "received": received,
        }
        for (outer, key), (name, received) in rows.items()
    ]
    total = dict.fromkeys(FIGURES_1, sum(received for _, received in rows.values()))
    return form({"agency_name": "A", "note": '"rows":[{"', "synthetic": False, "total": total, "rows": told})


def with_blanks(value: Any) -> bytes:
    """No canonical form: it is read as a whole."""
    return json.dumps(value, indent=1, sort_keys=True).encode()


@given(EDITION, EDITION)
def test_row_by_row_the_same_changes_are_found(before: Any, after: Any) -> None:
    found = differing(an_edition(before, canonical), an_edition(after, canonical))
    assert found == differing(an_edition(before, with_blanks), an_edition(after, with_blanks))
    assert (found == []) == (before == after)


def _many(rows: int) -> tuple[Sealing, Counted, Picture]:
    days = (date(2019, 1, 1), date(2019, 6, 30))
    sealing = Sealing(
        report="resolution",
        format="resolution/1",
        number=1,
        parameters=Parameters("resolution", "45", *days, "agency,month"),
        sealed_at=datetime(2019, 7, 24, 1, tzinfo=UTC),
        position=Position("1:1:", None, None),
        picture=b"\0" * 32,
        synthetic=True,
        note=None,
        reason=None,
        corrected=None,
    )
    figures = [Row(str(n), f"UBND xã số {n}", ZERO._replace(received=n), {}, "agency") for n in range(rows)]
    return sealing, Counted("UBND tỉnh", [], ZERO, figures), Picture(AgencyTree.of([], []), {}, None, None)


def _peak(work: Callable[[], Any]) -> tuple[int, Any]:
    tracemalloc.start()
    made = work()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak, made


def test_a_great_edition_is_written_and_compared_in_little_more_memory_than_its_bytes() -> None:
    """Rows as dictionaries are six times their bytes."""
    made = _many(ROWS)
    peak, content = _peak(lambda: written(*made))
    assert json.loads(content) == json.loads(canonical(json.loads(content)))
    assert canonical(json.loads(content)) == content
    assert peak < 3 * len(content)
    changed = content.replace(b'"received":7,', b'"received":8,')
    peak, found = _peak(lambda: differing(content, changed))
    assert [(one.key, one.figure, one.before, one.after) for one in found] == [("7", "received", 7, 8)]
    assert peak < len(content)


async def test_others_are_answered_while_great_editions_are_compared(database: Any, issuer: Any) -> None:
    """What a correction changed is worked out in a thread, and that is held."""
    async with a_room(database, issuer, seed=8, dossiers=60) as scene:
        body = a_report(group_by="agency,month")
        first = await sealed(scene.client, body)
        await write(scene.owner, scene.histories)
        second = await sealed(scene.client, body, corrects=first["id"], reason="Nhập muộn")
        assert (first["size"] + second["size"]) / 500 > threads.FEW, "they are great"
        usecases._known_changes.clear()  # as in a process that did not seal them
        ways = [f"{EDITIONS}/{second['id']}", f"{EDITIONS}/{second['id']}/changes", f"{EDITIONS}/{first['id']}/print"]
        hold, answered = threading.Event(), list[str]()

        async def get(path: str) -> int:
            answer = await scene.client.get(path, params={"format": "csv"} if path.endswith("print") else {})
            answered.append(path)
            return answer.status_code

        async with asyncio.timeout(PATIENCE):
            holding = asyncio.create_task(threads.worked_out(lambda: hold.wait(PATIENCE), of=threads.FEW + 1))
            asked = [asyncio.create_task(get(path)) for path in ways]
            try:
                while threads._for_figures._under_way <= len(ways) and not any(one.done() for one in asked):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                assert await get("/healthz") == 200
                assert await get(f"{EDITIONS}/{first['id']}") == 200, "which changed nothing"
            finally:
                hold.set()
            assert [await one for one in asked] == [200, 200, 200]
            await holding
        assert answered[:2] == ["/healthz", f"{EDITIONS}/{first['id']}"]


async def test_how_much_a_correction_changed_is_worked_out_once(database: Any, issuer: Any) -> None:
    """The same is told where it was sealed, by a process that has to work it out, and when it is known."""
    async with a_room(database, issuer, seed=9, dossiers=60) as scene:
        body = a_report(group_by="agency,month")
        first = await sealed(scene.client, body)
        await write(scene.owner, scene.histories)
        second = await sealed(scene.client, body, corrects=first["id"], reason="Nhập muộn")
        usecases._known_changes.clear()
        path = f"{EDITIONS}/{second['id']}"
        assert (await scene.client.get(path)).json() == second
        # What is known is not looked up again: not even where somebody has broken what is kept.
        await scene.owner.execute("SET session_replication_role = replica")
        await scene.owner.execute("UPDATE report_edition SET content = '{}'")
        assert (await scene.client.get(path)).json()["changes"] == second["changes"]
        assert second["changes"]["figures"] > 0
