"""What the command prints, and how it ends."""

import orjson

from services.verification import NAMES, WORDS
from tests.conftest import Database
from tests.stats.verify.grounds import Ground, motcua_verify


async def test_the_command_prints_all_and_exits_1_and_shows_no_person(written: tuple[Ground, str]) -> None:
    ground, code = written
    await ground.plants("UPDATE event_note SET reason = 'Bà Trần Thị Dần'")
    await ground.plants("UPDATE dossier_event SET actor = 'Lê Văn Mão' WHERE seq = 2")
    status, printed = await motcua_verify(ground.database)
    assert status == 1
    assert "Chuỗi sự kiện" in printed
    assert "nội dung không khớp mã băm" in printed
    assert "lời ghi đã bị thay đổi" in printed
    assert printed.count(code) == 2
    for person in ("Sửu", "Dần", "Mão", "Đào"):
        assert person not in printed


async def test_a_long_list_is_complete(ground: Ground) -> None:
    await ground.plants(
        "INSERT INTO count_day (agency_id, day, channel, received) SELECT 1, '2030-01-01'::date + n, 1, 1"
        " FROM generate_series(1, 1234) n"
    )
    status, printed = await motcua_verify(ground.database)
    assert status == 1
    assert printed.count("thừa ô số đếm") == 1234
    status, printed = await motcua_verify(ground.database, "--format", "json")
    told = orjson.loads(printed)
    assert (status, len(told["differences"]), told["found"]) == (1, 1234, {"day": 1234})
    assert told["differences"][0].keys() == {"check", "what", "where", "expected", "found"}


async def test_wrong_use_exits_2(ground: Ground) -> None:
    assert (await motcua_verify(ground.database, "--format", "xml"))[0] == 2


async def test_a_database_that_is_not_prepared_is_no_difference(empty_database: Database) -> None:
    assert (await motcua_verify(empty_database))[0] == 2


async def test_a_login_that_is_not_the_owners_is_no_difference(ground: Ground) -> None:
    of_stats = Database(ground.database.url("motcua_stats"))
    status, _ = await motcua_verify(of_stats)
    assert status == 2


def test_every_check_has_a_name() -> None:
    of_intake = {"chain", "dossier", "note", "anchor", "access_chain"}
    assert of_intake | {"position", "day", "checkpoint", "edition", "edition_chain"} == set(NAMES)
    assert {"gap", "hash", "mark", "cell"} < set(WORDS)
