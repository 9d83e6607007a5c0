"""Thành phần hồ sơ của thủ tục: dated lists that an operator enters; what was handed in keeps the list of its day."""

from datetime import date, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from intake_service.app import create_app
from intake_service.components.rules import ListRow, holding
from services.local_issuer import LocalIssuer
from shared.contracts.components import Components
from shared.domain.civil_time import civil_day
from shared.web.clock import now
from tests.conftest import Database
from tests.intake.lives import reasons
from tests.support import BIRTH, JUSTICE, PROVINCE, bearer, serving, settings_for

TODAY = civil_day(now())
TOMORROW, LATER = TODAY + timedelta(days=1), TODAY + timedelta(days=30)
PATH = f"/v1/procedures/{BIRTH}/components"
PAPERS = [
    {"code": "GT.01", "name": "Tờ khai", "required": True, "forms": [{"kind": "original", "count": 1}]},
    {
        "code": "GT.02",
        "name": "Giấy chứng sinh",
        "required": False,
        "forms": [{"kind": "original", "count": 1}, {"kind": "copy", "count": 2}],
    },
]


@pytest_asyncio.fixture(loop_scope="session")
async def room(fresh_database: Database, issuer: LocalIssuer):
    """Intake on a database of the test's own, speaking as the province's admin."""
    async with serving(create_app(settings_for(fresh_database, issuer))) as client:
        client.headers.update(bearer(issuer, "admin", PROVINCE))
        yield client


def a_list(begin: date = TOMORROW, papers: Any = PAPERS, **more: Any) -> dict[str, Any]:
    return {
        **{"valid_from": begin.isoformat(), "components": papers, "decision": "163/QĐ-BTP", "reason": "Công bố"},
        **more,
    }


async def entered(room: httpx.AsyncClient, *given: Any, **more: Any) -> dict[str, Any]:
    answer = await room.put(PATH, json=a_list(*given, **more))
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def asked(room: httpx.AsyncClient, day: date) -> dict[str, Any]:
    """What is asked for on a day; read without a token."""
    answer = await room.get(PATH, params={"as_of": day.isoformat()}, headers={"Authorization": ""})
    assert answer.status_code == 200, answer.text
    Components.model_validate(answer.json())
    body: dict[str, Any] = answer.json()
    return body


async def test_until_somebody_enters_a_list_nothing_is_known(room: httpx.AsyncClient) -> None:
    found = await asked(room, TODAY)
    assert (found["entered"], found["components"], found["valid_from"]) == (False, [], None)


async def test_a_list_holds_from_its_day_on_and_repeating_it_changes_nothing(room: httpx.AsyncClient) -> None:
    made = await entered(room)
    assert (made["entered"], made["components"], made["valid_to"]) == (True, PAPERS, None)
    assert await entered(room) == made
    before = await asked(room, TODAY)
    assert (before["entered"], before["changes_on"]) == (False, [TOMORROW.isoformat()])
    after = await entered(room, LATER, PAPERS[:1])
    assert after["components"] == PAPERS[:1]
    first = await asked(room, TOMORROW)
    assert (first["components"], first["valid_to"]) == (PAPERS, (LATER - timedelta(days=1)).isoformat())


async def test_what_was_to_begin_later_is_replaced(room: httpx.AsyncClient) -> None:
    await entered(room, LATER)
    made = await entered(room, TOMORROW, [])
    assert (made["entered"], made["components"], made["changes_on"]) == (True, [], [])
    assert (await asked(room, LATER))["components"] == []


async def test_days_gone_by_are_filled_only_where_no_list_held(room: httpx.AsyncClient) -> None:
    begin = date(2026, 3, 2)
    refused = await room.put(PATH, json=a_list(begin))
    assert reasons(refused) == {("valid_from", "back_dated")}
    await entered(room, begin, retroactive=True)
    assert (await entered(room, begin, retroactive=True))["components"] == PAPERS
    for day in (begin, TODAY):
        over = await room.put(PATH, json=a_list(day, [], retroactive=True))
        assert reasons(over) == {("valid_from", "listed_then")}
    earlier = await entered(room, date(2026, 1, 5), [], retroactive=True)
    assert earlier["valid_to"] == "2026-03-01"
    assert (await asked(room, TODAY))["components"] == PAPERS


async def test_what_was_changed_since_it_was_read_is_not_replaced(room: httpx.AsyncClient) -> None:
    read = (await room.get(PATH)).headers["ETag"]
    answer = await room.put(PATH, json=a_list(), headers={"If-Match": read})
    assert answer.status_code == 200
    assert answer.headers["ETag"] == (await room.get(PATH)).headers["ETag"] != read
    stale = await room.put(PATH, json=a_list(LATER), headers={"If-Match": read})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_changed")


@pytest.mark.parametrize(
    ("papers", "refused"),
    [
        ([PAPERS[0], {**PAPERS[1], "code": "gt.01"}], {("components.1.code", "component_twice")}),
        ([PAPERS[0], {**PAPERS[1], "name": "tờ  khai"}], {("components.1.name", "component_twice")}),
        ([PAPERS[0], {**PAPERS[1], "code": "Tờ khai"}], {("components.1.code", "component_twice")}),
        ([{**PAPERS[0], "code": "Result"}], {("components.0.code", "component_of_results")}),
        (
            [{**PAPERS[0], "forms": [{"kind": "copy"}, {"kind": "copy", "count": 2}]}],
            {("components.0.forms.1.kind", "component_form_twice")},
        ),
        ([{**PAPERS[0], "forms": []}], {("components.0.forms", "too_few")}),
        ([{**PAPERS[0], "forms": [{"kind": "copy", "count": 0}]}], {("components.0.forms.0.count", "out_of_range")}),
    ],
)
async def test_a_list_is_clear(room: httpx.AsyncClient, papers: Any, refused: set[tuple[str, str]]) -> None:
    answer = await room.put(PATH, json=a_list(papers=papers))
    found = reasons(answer)
    assert answer.status_code == 422
    assert {field for field, _ in found} == {field for field, _ in refused}
    if all(code.startswith("component") for _, code in refused):
        assert found == refused


async def test_who_may(room: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    for role, agency, status in (("admin", JUSTICE, 403), ("supervisor", PROVINCE, 403), ("citizen", PROVINCE, 403)):
        answer = await room.put(PATH, json=a_list(), headers=bearer(issuer, role, agency))
        assert answer.status_code == status, (role, agency)
    unknown = "/v1/procedures/9.999999/components"
    assert (await room.put(unknown, json=a_list())).status_code == 404
    assert (await room.get(unknown)).status_code == 404


def test_each_day_has_the_list_that_began_last() -> None:
    lists = [ListRow(n, date(2026, n, 1), [], "1/QĐ", "Vì thế") for n in (2, 4)]
    assert holding(lists, date(2026, 1, 31)) is None
    first, last = holding(lists, date(2026, 3, 31)), holding(lists, date(2026, 4, 1))
    assert first is not None
    assert (first.row.id, first.valid_to) == (2, date(2026, 3, 31))
    assert last is not None
    assert (last.row.id, last.valid_to) == (4, None)
