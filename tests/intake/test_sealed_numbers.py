"""Số định danh được niêm phong: at rest nobody reads an identity number without the key, and everything goes on as it
did; keys can be changed while the services serve."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from intake_service.app import create_app
from intake_service.numbers import usecases
from intake_service.persons import usecases as persons
from intake_service.verification.usecases import Dossiers, Notes
from migrations.apply import downgrade, migrate
from services.local_issuer import LocalIssuer
from shared.domain.personal import number_key
from shared.web.checks import one_moment, walked
from shared.web.keyring import MARK, KeyMissing, Keyring, KeysMalformed
from tests.conftest import Database
from tests.intake.importing import NDJSON, a_record, ndjson
from tests.intake.lives import received
from tests.support import IDENTITY_KEYS, PROVINCE, WARD, a_draft, bearer, serving, settings_for

NUMBER, OTHER, RIGHT = "045190765432", "045190111222", "045190999888"
OLD, NEW = f"7:{'5a' * 32}", f"8:{'a5' * 32}"
BOTH = f"{NEW},{OLD}"
SUBMITTER = {"name": "Trần Văn Bình", "id_number": OTHER, "phone": "0905 000 002"}


@pytest_asyncio.fixture(loop_scope="session")
async def owner(emptied: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(emptied.owner_url)
    yield connection
    await connection.close()


async def stored(owner: asyncpg.Connection) -> str:
    """All that the database holds of applicants and of words, as text."""
    tables = ("applicant", "event_note", "import_reject", "import_identity", "dossier", "dossier_event")
    rows = [row[0] for table in tables for row in await owner.fetch(f"SELECT t::text FROM {table} t")]
    return "\n".join(rows)


async def found(intake: httpx.AsyncClient, number: str, **more: Any) -> list[str]:
    items = (await intake.get("/v1/dossiers", params={"id_number": number}, **more)).json()["items"]
    return [item["code"] for item in items]


async def sealed(database: Database, ring: str, *, undo: bool = False) -> usecases.Sealed:
    """What `motcua seal-numbers` does."""
    connection = await asyncpg.connect(database.owner_url)
    try:
        return await usecases.seal_all(connection, Keyring.of(ring), lambda _: None, undo=undo)
    finally:
        await connection.close()


def room(database: Database, issuer: LocalIssuer, keys: str | None) -> Any:
    return serving(create_app(settings_for(database, issuer, identity_keys=keys)))


async def test_nothing_at_rest_tells_a_number(
    intake: httpx.AsyncClient, issuer: LocalIssuer, owner: asyncpg.Connection
) -> None:
    dossier = await received(intake, id_number=NUMBER, submitted_by=SUBMITTER)
    right = {
        "reason": "Nhập nhầm",
        "decision": "07/BB",
        "applicant": {"id_number": RIGHT},
        "submitted_by": None,
    }
    admin = bearer(issuer, "admin", PROVINCE)
    answer = await intake.post(f"/v1/dossiers/{dossier['code']}/corrections", json=right, headers=admin)
    assert answer.status_code == 200, answer.text
    record = {**a_record(), "applicant": {"kind": "person", "name": "An", "id_number": OTHER}}
    run = await intake.post("/v1/imports", content=ndjson([record]), headers={**admin, "Content-Type": NDJSON})
    assert run.json()["created"] == 1, run.text
    held = await stored(owner)
    for number in (NUMBER, OTHER, RIGHT):
        assert number not in held
    read = (await intake.get(f"/v1/dossiers/{dossier['code']}")).json()
    assert (read["applicant"]["id_number"], read["submitted_by"]) == (RIGHT, None)
    assert await found(intake, RIGHT) == [dossier["code"]]
    assert await found(intake, NUMBER) == []
    assert len(await found(intake, OTHER)) == 1


async def test_equal_numbers_are_sealed_differently_and_found_together(
    intake: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    codes = {(await received(intake, id_number=spelled))["code"] for spelled in (NUMBER, NUMBER, "045 190 765 432")}
    rows = await owner.fetch("SELECT id_number, id_index FROM applicant")
    assert len({row["id_number"] for row in rows}) == 3
    assert len({row["id_index"] for row in rows}) == 1
    assert all(row["id_number"].startswith(MARK) for row in rows)
    assert set(await found(intake, NUMBER)) == codes


@pytest.mark.parametrize("ring", [IDENTITY_KEYS, None], ids=["sealed", "open"])
async def test_a_number_is_one_however_it_is_written(
    emptied: Database, issuer: LocalIssuer, owner: asyncpg.Connection, ring: str | None
) -> None:
    """Or whoever is to be erased is found in part."""
    written = ["045190765432", "045 190 765 432", "045.190.765.432", "045-190-765-432"]
    async with room(emptied, issuer, ring) as client:
        client.headers.update(bearer(issuer, "counter", WARD))
        codes = {(await received(client, id_number=number))["code"] for number in written}
        branch = (await received(client, id_number="0100109106-001"))["code"]
        for number in written:
            assert set(await found(client, number)) == codes
            assert {
                code for code, _ in (await persons.by_number(owner, number, Keyring.of(ring))).whole.values()
            } == codes
            seen = bearer(issuer, "citizen", "", id_number=number)
            for code in codes:
                assert "status" in (await client.get(f"/v1/track/{code}", headers=seen)).json()
        assert await found(client, "0100109106-001") == [branch]
        assert await found(client, "0100109106001") == []


async def test_an_old_receipt_shows_the_number_of_then(
    intake: httpx.AsyncClient, issuer: LocalIssuer, emptied: Database
) -> None:
    from tests.intake.test_form_press import text_of

    dossier = await received(intake, id_number=NUMBER)
    right = {"reason": "Nhập nhầm", "decision": "07/BB", "applicant": {"id_number": OTHER}}
    where = f"/v1/dossiers/{dossier['code']}"
    admin = bearer(issuer, "admin", PROVINCE)
    assert (await intake.post(f"{where}/corrections", json=right, headers=admin)).status_code == 200
    first, second = [
        text_of((await intake.get(f"{where}/forms/receipt.pdf", params={"edition": edition})).content)
        for edition in ("1", "2")
    ]
    assert (NUMBER in first, OTHER in first) == (True, False)
    assert (NUMBER in second, OTHER in second) == (False, True)


@pytest.mark.usefixtures("owner")
async def test_the_applicant_is_known_by_a_sealed_number(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    dossier = await received(intake, id_number=NUMBER)
    for number, sees in ((NUMBER, True), (OTHER, False)):
        headers = bearer(issuer, "citizen", "", id_number=number)
        answer = await intake.get(f"/v1/track/{dossier['code']}", headers=headers)
        assert ("status" in answer.json()) is sees


async def test_an_installation_without_keys_goes_on_and_gets_keys_later(
    emptied: Database, issuer: LocalIssuer, owner: asyncpg.Connection
) -> None:
    counter = bearer(issuer, "counter", WARD)
    async with room(emptied, issuer, None) as plain:
        plain.headers.update(counter)
        before = await received(plain, id_number=NUMBER, submitted_by=SUBMITTER)
        assert await found(plain, NUMBER) == [before["code"]]
        assert NUMBER in await stored(owner)
    async with room(emptied, issuer, OLD) as keyed:
        keyed.headers.update(counter)
        after = await received(keyed, id_number=NUMBER)
        both = [after["code"], before["code"]]
        assert await found(keyed, NUMBER) == both, "what is there is found before it is sealed"
        done = await sealed(emptied, OLD)
        assert done.applicants == 1
        assert {number for number in (NUMBER, OTHER) if number in await stored(owner)} == set()
        assert await found(keyed, NUMBER) == both
        read = (await keyed.get(f"/v1/dossiers/{before['code']}")).json()
        assert (read["applicant"]["id_number"], read["submitted_by"]) == (NUMBER, SUBMITTER)


async def test_a_key_is_changed_while_the_services_serve(
    emptied: Database, issuer: LocalIssuer, owner: asyncpg.Connection
) -> None:
    counter = bearer(issuer, "counter", WARD)
    async with room(emptied, issuer, OLD) as old, room(emptied, issuer, BOTH) as both:
        for client in (old, both):
            client.headers.update(counter)
        codes = [(await received(old, id_number=NUMBER, submitted_by=SUBMITTER))["code"] for _ in range(3)]
        codes.append((await received(both, id_number=NUMBER))["code"])
        assert set(await found(both, NUMBER)) == set(codes)
        done = await sealed(emptied, BOTH)
        assert done.applicants == 3
        assert set(await found(both, NUMBER)) == set(codes)
        assert (await sealed(emptied, BOTH)).applicants == 0, "what is done is passed over"
    async with room(emptied, issuer, NEW) as new:
        new.headers.update(counter)
        assert set(await found(new, NUMBER)) == set(codes)
        for code in codes:
            read = (await new.get(f"/v1/dossiers/{code}")).json()
            assert read["applicant"]["id_number"] == NUMBER
    assert await owner.fetchval("SELECT count(*) FROM applicant WHERE starts_with(id_number, $1)", f"{MARK}7:") == 0


async def a_correction(intake: httpx.AsyncClient, issuer: LocalIssuer) -> str:
    """Where a dossier is whose applicant, and who handed it in, had another number."""
    dossier = await received(intake, id_number=NUMBER, submitted_by=SUBMITTER)
    right = {"reason": "Nhập nhầm", "decision": "07/BB", "applicant": {"id_number": RIGHT}, "submitted_by": None}
    where = f"/v1/dossiers/{dossier['code']}"
    admin = bearer(issuer, "admin", PROVINCE)
    assert (await intake.post(f"{where}/corrections", json=right, headers=admin)).status_code == 200
    return where


async def receipts(client: httpx.AsyncClient, where: str) -> list[str]:
    from tests.intake.test_form_press import text_of

    found = [await client.get(f"{where}/forms/receipt.pdf", params={"edition": edition}) for edition in (1, 2)]
    assert {each.status_code for each in found} == {200}, found[-1].text
    return [text_of(each.content) for each in found]


async def words_differ(database: Database) -> list[str]:
    async with (
        one_moment(database.url) as moment,
        aclosing(walked(moment, [Notes(), Dossiers()], lambda _: None)) as found,
    ):
        return [each.what async for each in found]


async def test_words_of_corrections_are_sealed_anew(
    emptied: Database, intake: httpx.AsyncClient, issuer: LocalIssuer, owner: asyncpg.Connection
) -> None:
    where = await a_correction(intake, issuer)
    done = await sealed(emptied, BOTH)
    assert (done.corrections, done.words) == (1, {})
    assert f"{MARK}7:" not in await stored(owner)
    assert (await sealed(emptied, BOTH)).corrections == 0, "what is done is passed over"
    async with room(emptied, issuer, NEW) as new:
        new.headers.update(bearer(issuer, "counter", WARD))
        first, second = await receipts(new, where)
        assert (NUMBER in first, RIGHT in second) == (True, True)
    for number in (NUMBER, OTHER):
        found_again = await persons.by_number(owner, number, Keyring.of(NEW))
        assert (found_again.whole, found_again.submitted, len(found_again.noted)) == ({}, {}, 1)
    assert await words_differ(emptied) == []
    held = await stored(owner)
    assert not any(number in held for number in (NUMBER, OTHER, RIGHT))


async def test_words_from_before_there_were_keys_are_sealed_too(
    emptied: Database, issuer: LocalIssuer, owner: asyncpg.Connection
) -> None:
    async with room(emptied, issuer, None) as plain:
        plain.headers.update(bearer(issuer, "counter", WARD))
        where = await a_correction(plain, issuer)
        assert NUMBER in (await receipts(plain, where))[0]
    assert (await sealed(emptied, OLD)).corrections == 1
    assert [row[0][:3] for row in await owner.fetch("SELECT numbers_key FROM event_note")] == [f"{MARK}7:"]
    async with room(emptied, issuer, OLD) as keyed:
        keyed.headers.update(bearer(issuer, "counter", WARD))
        assert NUMBER in (await receipts(keyed, where))[0]
    assert (await sealed(emptied, OLD, undo=True)).corrections == 1
    async with room(emptied, issuer, None) as plain:
        plain.headers.update(bearer(issuer, "counter", WARD))
        assert NUMBER in (await receipts(plain, where))[0]
    with pytest.raises(Exception, match="nobody could open"):
        await downgrade(emptied.owner_url, to="0020")
    assert await words_differ(emptied) == []


async def test_words_of_before_they_had_keys_of_their_own_keep_theirs_and_it_is_told(
    emptied: Database, intake: httpx.AsyncClient, issuer: LocalIssuer, owner: asyncpg.Connection
) -> None:
    where = await a_correction(intake, issuer)
    then = sealed_as_before({"id_number": NUMBER, "submitted_by": None})
    detail = orjson.dumps({"was": then}).decode()
    await owner.execute("UPDATE event_note SET detail = $1, numbers_key = NULL", detail)
    done = await sealed(emptied, BOTH)
    assert (done.corrections, done.words) == (0, {7: 1})
    async with room(emptied, issuer, BOTH) as both:
        both.headers.update(bearer(issuer, "counter", WARD))
        assert NUMBER in (await receipts(both, where))[0]
    assert len((await persons.by_number(owner, NUMBER, Keyring.of(BOTH))).noted) == 1


def sealed_as_before(columns: dict[str, Any]) -> dict[str, Any]:
    ring = Keyring.of(IDENTITY_KEYS)
    index = ring.index(columns["id_number"])
    assert index is not None
    return {**columns, "id_number": ring.seal(columns["id_number"]), "id_index": index.hex()}


async def test_it_goes_on_where_it_was_stopped(
    emptied: Database, issuer: LocalIssuer, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usecases, "BATCH", 3)
    async with room(emptied, issuer, None) as plain:
        plain.headers.update(bearer(issuer, "counter", WARD))
        for n in range(10):
            await received(plain, id_number=f"0451900{n:05d}")
    seen: list[float] = []

    def stop(share: float) -> None:
        seen.append(share)
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await usecases.seal_all(owner, Keyring.of(OLD), stop, undo=False)
    assert await owner.fetchval("SELECT count(*) FROM applicant WHERE id_index IS NOT NULL") == 6
    assert (await sealed(emptied, OLD)).applicants == 4
    assert seen == sorted(seen)
    assert await owner.fetchval("SELECT count(*) FROM applicant WHERE id_index IS NULL") == 0


async def test_on_the_way_down_nothing_may_be_sealed(fresh_database: Database, issuer: LocalIssuer) -> None:
    async with room(fresh_database, issuer, OLD) as keyed:
        keyed.headers.update(bearer(issuer, "counter", WARD))
        await received(keyed, id_number=NUMBER, submitted_by=SUBMITTER)
    with pytest.raises(Exception, match="seal-numbers --undo"):
        await downgrade(fresh_database.owner_url, to="0019")
    assert (await sealed(fresh_database, OLD, undo=True)).applicants == 1
    await downgrade(fresh_database.owner_url, to="0019")
    owner = await asyncpg.connect(fresh_database.owner_url)
    row = await owner.fetchrow("SELECT id_number, submitted_by ->> 'id_number' AS submitter FROM applicant")
    await owner.close()
    assert row is not None
    assert tuple(row) == (NUMBER, OTHER)
    await migrate(fresh_database.owner_url)
    assert (await sealed(fresh_database, OLD)).applicants == 1


async def test_a_key_that_is_not_there_shows_nothing(
    emptied: Database, issuer: LocalIssuer, owner: asyncpg.Connection
) -> None:
    counter = bearer(issuer, "counter", WARD)
    async with room(emptied, issuer, NEW) as new, room(emptied, issuer, OLD) as old:
        for client in (old, new):
            client.headers.update(counter)
        code = (await received(old, id_number=NUMBER))["code"]
        answer = await new.get(f"/v1/dossiers/{code}")
        assert answer.status_code == 500
        assert NUMBER not in answer.text
        assert MARK not in answer.text
        assert await found(new, NUMBER) == []
    with pytest.raises(KeyMissing):
        await sealed(emptied, NEW)
    with pytest.raises(KeyMissing):  # to find nobody would be to erase nobody
        await persons.by_number(owner, NUMBER, Keyring.of(NEW))
    assert (await persons.by_number(owner, NUMBER, Keyring.of(BOTH))).open() == [code]


@pytest.mark.parametrize("keys", [None, NEW, f"7:{'00' * 32}", f"{NEW},7:{'00' * 32}"])
async def test_with_other_keys_than_it_was_sealed_under_nothing_begins(
    emptied: Database, issuer: LocalIssuer, owner: asyncpg.Connection, keys: str | None
) -> None:
    async with room(emptied, issuer, OLD) as old:
        old.headers.update(bearer(issuer, "counter", WARD))
        await received(old, id_number=NUMBER)
    kept = await stored(owner)
    with pytest.raises(RuntimeError, match=r"MOTCUA_IDENTITY_KEYS.*key 7 is missing") as refused:
        async with room(emptied, issuer, keys):
            pass
    assert "00" * 32 not in str(refused.value)
    for undo in (False, True):
        with pytest.raises(KeyMissing):
            await sealed(emptied, keys or NEW, undo=undo)
    assert await stored(owner) == kept


async def test_one_damaged_number_keeps_no_service_from_its_start(
    emptied: Database, issuer: LocalIssuer, owner: asyncpg.Connection
) -> None:
    async with room(emptied, issuer, OLD) as old:
        old.headers.update(bearer(issuer, "counter", WARD))
        codes = [(await received(old, id_number=f"04519000{n:04d}"))["code"] for n in range(6)]
    first = "dossier_id = (SELECT dossier_id FROM applicant ORDER BY id_index LIMIT 1)"
    for damaged in (f"{MARK}7:AAAA", f"{MARK}7:***", f"{MARK}x:AAAA", f"{MARK}999:AAAA", MARK):
        await owner.execute(f"UPDATE applicant SET id_number = $1 WHERE {first}", damaged)
        async with room(emptied, issuer, OLD) as old:
            old.headers.update(bearer(issuer, "counter", WARD))
            answers = [await old.get(f"/v1/dossiers/{code}") for code in codes]
            assert sorted(answer.status_code for answer in answers) == [200] * 5 + [500]
            assert not any(damaged[1:] in answer.text for answer in answers if damaged != MARK)


async def test_whoever_handed_in_is_not_passed_over_for_want_of_a_key(
    emptied: Database, issuer: LocalIssuer, owner: asyncpg.Connection
) -> None:
    async with room(emptied, issuer, OLD) as old:
        old.headers.update(bearer(issuer, "counter", WARD))
        await received(old, submitted_by=SUBMITTER)
    with pytest.raises(KeyMissing):
        await persons.by_number(owner, OTHER, Keyring.of(NEW))


async def test_a_mark_cannot_come_in(intake: httpx.AsyncClient) -> None:
    answer = await intake.post("/v1/dossiers", json=a_draft(id_number=f"{MARK}7:AAAA"))
    assert answer.status_code == 422


async def test_corrections_meet_the_sealing(emptied: Database, intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    """Both lock the row: neither undoes the other."""
    async with room(emptied, issuer, BOTH) as both:
        both.headers.update(bearer(issuer, "admin", PROVINCE))
        codes = [(await received(intake, id_number=NUMBER))["code"] for _ in range(5)]
        body = {"reason": "Nhập nhầm", "decision": "07/BB", "applicant": {"id_number": OTHER}}
        answers = await asyncio.gather(
            *(both.post(f"/v1/dossiers/{code}/corrections", json=body) for code in codes), sealed(emptied, BOTH)
        )
        assert {answer.status_code for answer in answers[:-1]} == {200}
        await sealed(emptied, BOTH)
        assert set(await found(both, OTHER)) == set(codes)
        assert await found(both, NUMBER) == []


_NUMBERS = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=60).filter(number_key)


@given(_NUMBERS, _NUMBERS)
def test_what_is_sealed_opens_and_is_found_by_its_key_alone(number: str, other: str) -> None:
    ring, later, without = Keyring.of(OLD), Keyring.of(BOTH), Keyring()
    kept = ring.seal(number)
    assert kept is not None
    assert number not in kept or len(number) < 4
    assert ring.unseal(kept) == later.unseal(kept) == number
    assert (ring.index(number) in later.indexes(other)) is (number_key(number) == number_key(other))
    assert later.index(number) not in ring.indexes(number)
    assert without.seal(number) == without.unseal(number) == number
    assert without.index(number) is None
    with pytest.raises(KeyMissing):
        without.unseal(kept)
    with pytest.raises(KeyMissing):
        Keyring.of(f"7:{'00' * 32}").unseal(kept)
    with pytest.raises(KeyMissing):
        later.unseal(kept.replace(f"{MARK}7:", f"{MARK}8:"))


@pytest.mark.parametrize("text", ["1", "1:ab", f"0:{'00' * 32}", f"256:{'00' * 32}", f"{OLD},{OLD}", f"x:{'00' * 32}"])
def test_malformed_keys_are_refused(database: Database, issuer: LocalIssuer, text: str) -> None:
    with pytest.raises(KeysMalformed):
        Keyring.of(text)
    with pytest.raises(ValidationError) as refusal:
        settings_for(database, issuer, identity_keys=text)
    assert "00" * 32 not in str(refusal.value), "a key is shown to nobody"


def test_the_tests_have_a_key() -> None:
    assert Keyring.of(IDENTITY_KEYS).prefix == f"{MARK}7:"
