"""Changed words are found and named; erased ones are told."""

import orjson
import pytest

from tests.stats.verify.grounds import Ground, differences, motcua_verify


@pytest.mark.parametrize("change", ["reason = 'Khác'", "reason = NULL", "detail = '{}'", "salt = 'x'"])
async def test_changed_words(written: tuple[Ground, str], change: str) -> None:
    ground, code = written
    assert await differences(ground.database) == []
    await ground.plants(f"UPDATE event_note SET {change}")
    assert [d[:3] for d in await differences(ground.database)] == [("note", "words", f"{code} · 2")]


async def test_words_of_no_event(written: tuple[Ground, str]) -> None:
    ground, code = written
    await ground.plants("UPDATE event_note SET seq = 7")
    assert [d[:4] for d in await differences(ground.database)] == [("note", "words", f"{code} · 7", None)]


async def test_erased_words_are_no_difference_and_are_told(written: tuple[Ground, str]) -> None:
    ground, _ = written
    await ground.plants("DELETE FROM event_note")
    status, printed = await motcua_verify(ground.database, "--format", "json")
    assert status == 0
    assert orjson.loads(printed)["seen"]["words_gone"] == 1


@pytest.mark.parametrize("change", ["original_due_at", "due_at"])
async def test_a_changed_date_that_an_event_says(written: tuple[Ground, str], change: str) -> None:
    ground, code = written
    await ground.plants(f"UPDATE dossier SET {change} = {change} + interval '1 hour'")
    assert [d[:3] for d in await differences(ground.database)] == [("dossier", change, code)]
