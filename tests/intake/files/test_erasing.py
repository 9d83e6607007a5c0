"""Xóa tệp, giao tệp: with the person whose they are."""

import asyncio
from hashlib import sha256
from typing import Any

import asyncpg
import orjson

from intake_service.files import usecases
from intake_service.files.storage import storage_at
from intake_service.persons import usecases as persons
from tests.intake.bodies import a_pdf
from tests.intake.files.counters import DECISION, Counter, reason
from tests.intake.lives import received


async def erased(counter: Counter, owner: asyncpg.Connection, dossier: dict[str, Any]) -> None:
    """As `motcua erase-person` does it."""
    found = await persons.by_codes(owner, [dossier["code"]])
    async with owner.transaction():
        await persons.erase(owner, found, DECISION)
    assert counter.settings.files_place is not None
    contents = await usecases.erased_contents(owner, list(found.whole))
    await usecases.release(owner, storage_at(counter.settings.files_place), contents)


async def test_erasing_takes_names_and_contents_but_nobody_elses(
    counter: Counter, dossier: dict[str, Any], owner: asyncpg.Connection
) -> None:
    shared, own = a_pdf(seed=20), a_pdf(seed=21)
    other = await received(counter.client)
    for content in (shared, own):
        await counter.sent(dossier, content, "CCCD Nguyễn Thị Đào.pdf", component="của Đào")
    kept = await counter.sent(other, shared)
    for _ in range(2):  # it may be done again
        await erased(counter, owner, dossier)
    assert sha256(own).hexdigest() not in counter.contents()
    assert (await counter.client.get(kept["content"])).content == shared
    listed = await counter.listed(dossier)
    assert [(each["name"], each["component"], each["content"]) for each in listed] == [("(đã xóa)", None, None)] * 2
    assert all(each["erased_at"] for each in listed)
    for each in listed:
        gone = await counter.client.get(f"/v1/dossiers/{dossier['code']}/files/{each['id']}/content")
        assert reason(gone) == (404, "not_found", [])
    answer = await counter.send(dossier, own)
    assert reason(answer) == (409, "conflict", [("", "personal_data_erased")])
    assert sha256(own).hexdigest() not in counter.contents()
    await erased(counter, owner, other)
    assert sha256(shared).hexdigest() not in counter.contents()


async def test_erasing_while_the_same_comes_in(counter: Counter, owner: asyncpg.Connection) -> None:
    """Whichever is first: a row that is there has its content."""
    content = a_pdf(size=100_000, seed=22)
    for _ in range(5):
        gone, stays = await received(counter.client), await received(counter.client)
        await counter.sent(gone, content)
        _, made = await asyncio.gather(erased(counter, owner, gone), counter.sent(stays, content))
        read = await counter.client.get(made["content"])
        assert read.status_code == 200, read.text
        assert read.content == content
        await erased(counter, owner, stays)
    assert sha256(content).hexdigest() not in counter.contents()


async def test_handed_over_with_their_hashes(
    counter: Counter, dossier: dict[str, Any], owner: asyncpg.Connection
) -> None:
    made = await counter.sent(dossier, a_pdf(seed=23), component="Tờ khai")
    found = await persons.by_codes(owner, [dossier["code"]])
    async with owner.transaction():
        told = await persons.export(owner, found, DECISION, counter.settings.keyring)
    names = ("name", "component", "media_type", "size", "sha256", "uploaded_at", "erased_at")
    assert orjson.loads(orjson.dumps(told["dossiers"][0]["files"])) == [{name: made[name] for name in names}]
