"""What the second wall is for: a check that the code forgot. Each is taken out here, on a running service; without the
policies the dossier would be shown, and that is tried as well."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from intake_service.dossiers import store as dossiers
from intake_service.lifecycle import store as lifecycle
from routing_service.cases.rules import CaseRow
from shared.tables.policies import switched
from tests.conftest import Database
from tests.rights.conftest import STRANGER, Province

_ANY = "($2::int[] IS NOT NULL)"


@asynccontextmanager
async def no_policies(database: Database) -> AsyncIterator[None]:
    """The tables as they were before there were any."""
    owner = await asyncpg.connect(database.owner_url)
    for statement in switched(False):
        await owner.execute(statement)
    try:
        yield
    finally:
        for statement in switched(True):
            await owner.execute(statement)
        await owner.close()


async def test_a_dossier_that_is_found_by_its_code_alone(
    province: Province, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = await province.dossier("held")
    monkeypatch.setattr(dossiers, "_SEEN", _ANY)
    as_stranger = province.as_("handler", STRANGER)
    for path in (f"/v1/dossiers/{code}", f"/v1/dossiers/{code}/events", f"/v1/dossiers/{code}/deadline"):
        assert (await province.intake.get(path, headers=as_stranger)).status_code == 404
    async with no_policies(database):
        answer = await province.intake.get(f"/v1/dossiers/{code}", headers=as_stranger)
        assert answer.json()["code"] == code, "the check was taken out"


async def test_a_list_without_its_condition(
    province: Province, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await province.dossier("held", applicant={"kind": "person", "name": "Nguyễn Thị Mận", "phone": "0905 777 123"})
    listed = dossiers.listed

    async def unconditional(connection: object, wanted: dossiers.Filter, **page: object) -> object:
        everywhere = dossiers.Filter(range(1, 2000), name=wanted.name, phone=wanted.phone)
        return await listed(connection, everywhere, **page)  # type: ignore[arg-type]

    monkeypatch.setattr(dossiers, "listed", unconditional)
    as_stranger = province.as_("supervisor", STRANGER)
    for query in ("", "?name=man", "?phone=0905777123"):
        answer = await province.intake.get(f"/v1/dossiers{query}", headers=as_stranger)
        assert answer.json()["items"] == [], query
    async with no_policies(database):
        for query in ("", "?name=man", "?phone=0905777123"):
            answer = await province.intake.get(f"/v1/dossiers{query}", headers=as_stranger)
            assert answer.json()["items"], query


async def test_an_act_that_does_not_ask_whose_it_is(
    province: Province, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = await province.dossier("held")
    locked = lifecycle.locked

    async def of_anybody(connection: object, named: str, _: frozenset[int]) -> object:
        return await locked(connection, named, frozenset(range(1, 2000)))  # type: ignore[arg-type]

    monkeypatch.setattr(lifecycle, "locked", of_anybody)
    monkeypatch.setattr(dossiers, "_SEEN", _ANY)  # the answer shows what became of it
    path, as_stranger = f"/v1/dossiers/{code}/payment-requests", province.as_("handler", STRANGER)
    answer = await province.intake.post(path, json={"reason": "Lệ phí"}, headers=as_stranger)
    assert answer.status_code == 404
    async with no_policies(database):
        answer = await province.intake.post(path, json={"reason": "Lệ phí"}, headers=as_stranger)
        assert answer.status_code == 200, answer.text


async def test_a_case_that_is_shown_to_anybody(
    province: Province, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = await province.dossier("held")
    monkeypatch.setattr(CaseRow, "visible", lambda *_: True)
    path, as_stranger = f"/v1/cases/{code}", province.as_("handler", STRANGER)
    assert (await province.routing.get(path, headers=as_stranger)).status_code == 404
    async with no_policies(database):
        assert (await province.routing.get(path, headers=as_stranger)).json()["code"] == code
