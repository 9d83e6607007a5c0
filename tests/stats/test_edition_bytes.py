"""The bytes of an edition are for good, hold no person, and whoever touches them is found."""

import json
from dataclasses import replace
from datetime import date

import asyncpg
import pytest

from shared.contracts.editions import SealedReport
from shared.domain.agencies import Agency, AgencyTree, Level
from stats_service.editions import usecases
from stats_service.editions.formats import EVER, FORMATS, Counted, written
from stats_service.editions.pictures import Picture, Procedure, picture_of, read_picture
from stats_service.editions.rules import Parameters, Position, Sealing, digest
from stats_service.figures.rules import Sums
from stats_service.groupings.rules import Cell, Part, Splitter
from stats_service.official_tables.rules import OfficialForm
from stats_service.periods.rules import Period
from stats_service.units.rules import as_they_were
from tests.builders_log import write
from tests.stats.editions import (
    EDITIONS,
    GROUPINGS,
    a_report,
    a_room,
    again,
    content,
    demand_the_same,
    sealed,
    verified,
)
from tests.support import at


async def test_the_bytes_are_for_good(database, issuer):
    async with a_room(database, issuer, seed=22, dossiers=20) as scene:
        await write(scene.owner, scene.histories)
        edition = await sealed(scene.client)
        where = f"{EDITIONS}/{edition['id']}/content"
        body = await content(scene.client, edition)
        assert json.dumps(json.loads(body), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() == body
        known = await scene.client.get(where, headers={"If-None-Match": f'"x", W/"{edition["sha256"]}"'})
        assert (known.status_code, known.content) == (304, b"")
        assert known.headers["ETag"] == f'"{edition["sha256"]}"'
        assert "immutable" in known.headers["Cache-Control"]
        assert (await scene.client.get(where, headers={"If-None-Match": '"x"'})).status_code == 200
        for statement in (
            "UPDATE report_edition SET note = ''",
            "DELETE FROM report_edition",
            "DELETE FROM reference_picture",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await scene.stats.execute(statement)


async def test_editions_made_from_the_same_share_their_picture(database, issuer):
    async with a_room(database, issuer, seed=23, dossiers=20) as scene:
        await write(scene.owner, scene.histories)
        made = [await sealed(scene.client, a_report(group_by=group_by)) for group_by in ("tree", "agency", "month")]
        made.append(await sealed(scene.client, a_report(group_by="procedure")))
        assert len({each["picture"] for each in made}) == 2, "that of procedures holds procedures too"
        assert await scene.owner.fetchval("SELECT count(*) FROM reference_picture") == 2


@pytest.mark.parametrize(
    ("statement", "findings"),
    [
        ("UPDATE report_edition SET content = convert_to(replace(convert_from(content, 'UTF8'), '\"pending\":', "
         "'\"pending\": '), 'UTF8')", ["content", "figures"]),
        ("UPDATE report_edition SET content = content || '\\x20', sha256 = sha256(content || '\\x20')", ["figures"]),
        ("UPDATE report_edition SET content = '\\x7b', sha256 = sha256('\\x7b')", ["figures"]),
        ("UPDATE report_edition SET sha256 = sha256('x')", ["content"]),
        ("UPDATE report_edition SET snapshot = pg_current_snapshot()::text", ["figures"]),
        ("UPDATE report_edition SET snapshot = '9:3:'", ["position"]),
        ("UPDATE report_edition SET snapshot = 'of a summer''s day'", ["position"]),
        ("UPDATE report_edition SET last_event_id = last_event_id - 1", ["figures"]),
        ("UPDATE report_edition SET sealed_at = sealed_at + interval '1 microsecond'", ["figures"]),
        ("UPDATE report_edition SET note = 'khác'", ["figures"]),
        ("UPDATE report_edition SET synthetic = NOT synthetic", ["figures"]),
        ("UPDATE report_edition SET parameters = replace(parameters, '2020-03-17', '2020-03-16')", ["figures"]),
        ("UPDATE report_edition SET parameters = replace(parameters, '\"45\"', '\"46\"')", ["parameters"]),
        ("UPDATE report_edition SET parameters = 'x'", ["parameters"]),
        ("UPDATE report_edition SET parameters = replace(parameters, 'tree', 'colour')", ["parameters"]),
        ("UPDATE report_edition SET agency_id = (SELECT id FROM agency WHERE code = '44' AND valid_to IS NULL)",
         ["parameters"]),
        ("UPDATE report_edition SET format = 'resolution/9'", ["parameters"]),
        ("UPDATE reference_picture SET content = content || ' '::bytea", ["picture"]),
        ("DELETE FROM dossier_event WHERE seq > 1", ["figures"]),
        ("UPDATE dossier_event SET verdict = 3 WHERE verdict = 1", ["figures"]),
    ],
)  # fmt: skip
async def test_tampering_is_found(database, issuer, statement, findings):
    async with a_room(database, issuer, seed=24, dossiers=40) as scene:
        await write(scene.owner, scene.histories)
        edition = await sealed(scene.client)
        await write(scene.owner, [replace(history, id=0, code=f"{history.code}-2") for history in scene.histories])
        await demand_the_same(scene.client, [edition])
        await scene.owner.execute("SET session_replication_role = replica")
        await scene.owner.execute(statement)
        found = await again(scene.client, edition)
        assert (found["equal"], found["findings"]) == (False, findings)
        told = await verified(database)
        assert {difference.check for difference in told} == {"edition"}
        assert [*dict.fromkeys(difference.what for difference in told)] == findings
        assert all(difference.where.startswith(f"#{edition['id']} · ") for difference in told)
        if "dossier_event" in statement or "snapshot = pg" in statement:
            assert found["changes"], "what differs is told"


async def test_nothing_of_a_person_is_in_it(database, issuer):
    async with a_room(database, issuer, seed=25, dossiers=30) as scene:
        await write(scene.owner, scene.histories)
        for group_by in GROUPINGS:
            edition = await sealed(scene.client, a_report(group_by=group_by))
            text = (await content(scene.client, edition)).decode()
            assert "TEST-" not in text
            assert edition["sealed_by"] not in text


FORM = OfficialForm(
    "ii-06a", "II.06a/VPCP/KSTT", "Tình hình giải quyết", None, "Văn phòng Chính phủ", date(2020, 10, 21), None, False,
    "mẫu", tuple(f"Cột {n}" for n in range(1, 14)),
)  # fmt: skip


#: Of the name of the unit that it is in, as the province of old within its successor.
NAMESAKE = Agency(4, "461", "UBND tỉnh Quảng Trị", Level.DISTRICT, "", 1, None, None, None, "quang tri")


def _old_bytes(format: str, group_by: str, column: int | None = None, *more: Agency) -> bytes:
    """A tiny report of 2019, made by rules alone: two communes of a province, one of them gone."""
    report: SealedReport = format.split("/")[0]  # type: ignore[assignment]
    form = FORM if report == "ii-06a" else None
    units = [
        Agency(1, "45", "UBND tỉnh Quảng Trị", Level.PROVINCE, "", None, None, None, None, "quang tri"),
        Agency(2, "19333", "Phường 1", Level.COMMUNE, "", 1, date(2020, 1, 1), None, None, "phuong 1"),
        Agency(3, "19334", "Phường \"Đông\" 2", Level.COMMUNE, "", 1, None, date(2019, 12, 31), None, "phuong 2"),
        *more,
    ]  # fmt: skip
    procedures = {7: Procedure("1.001193", "Khai sinh", "Hộ tịch", None, None)}
    kept = picture_of(Picture(AgencyTree.of(units, [(3, 2)]), procedures, form), units[0])
    picture = read_picture(kept)
    assert picture is not None
    assert picture_of(picture, picture.agencies.by_id[1]) == kept
    parameters = Parameters(
        *(report, "45", date(2019, 12, 1), date(2020, 1, 31), group_by, "calendar"),
        *(("ii-06a", column, "Bộ Tư pháp") if form else (None, None, None)),
    )
    position = Position("812:815:813", "811", 4711)
    sealing = Sealing(
        report, format, 2, parameters, at("Monday 2020-02-03 08:00"), position, digest(kept),
        False, "Tháng 12 và 1", "Nhập bổ sung", digest(b"before"),
    )  # fmt: skip
    through = Sums(9, 4, 2, 1, 1, 3, 1, 1, 2, 1)
    cells = {
        Cell(2, 1, 7): [Sums(), Sums(3, 1, 1), through],
        Cell(3, 2, 7): [Sums(1, received_online=1), Sums(2, 1, received_online=2), Sums(2, 2, 0, 1, received_online=2)],
    }
    months = list(Period(parameters.first, parameters.last).months()) if "month" in group_by else []
    if not months:
        cells = {cell: [sums[0], sums[2]] for cell, sums in cells.items()}
    landscape = as_they_were(picture.agencies, picture.agencies.by_id[1], parameters.last)
    whole = Part(cells, landscape.units, 0, 2 if months else 1)
    rows = Splitter(months, picture.procedures).rows(whole, parameters.groupings)
    return written(sealing, Counted("UBND tỉnh Quảng Trị", landscape.units, whole.figures(), rows), picture)


@pytest.mark.parametrize(
    ("format", "group_by", "column", "expected"),
    [
        ("resolution/1", "none", None, "88051e4b21902ea0d3d848c2588726022ad2b13999902e484d7b4cc64d5a3aea"),
        ("resolution/1", "tree", None, "632beb32ca639cbd781efc2696edb75912e69bea1b09f3b490cb850301f64875"),
        ("resolution/1", "agency,month", None, "70fc236fdedb9804509f5e89622dba6f8ded4f9167ef8812881ca10d498b63e2"),
        ("resolution/1", "procedure", None, "402e6efcad7c4db9e8d0aaaf94db8a9f119aa93d03701c896319a0fa5cd01c29"),
        ("ii-06a/1", "agency", 12, "0cb75475cbf9ceab68f1c8ed56e01e153eb7b10488f69cc3df15bb418501bc09"),
        ("ii-06a/1", "agency", 9, "0ee8d73a3653d0abf442d79b4000104ae954b883835ec40f889fca88efb6a28d"),
        ("ii-06a/1", "sector", 12, "e32516d5189c88a4c4a9ffa329b303762405eda4f3cde3412863365e0850e3b0"),
        ("annex/1", "agency", None, "3434e8cf83bedf1c644c722c6b53195daf6e7637d6ae5388b86399b8825b740a"),
    ],
)
def test_what_was_sealed_long_ago_gives_the_bytes_of_then(
    format: str, group_by: str, column: int | None, expected: str
) -> None:
    """A format is for good. If this fails, do not change the hash: make a format of its own beside it."""
    assert digest(_old_bytes(format, group_by, column)).hex() == expected


@pytest.mark.parametrize(
    ("format", "column", "printed", "expected"),
    [
        (
            "ii-06a/1",
            12,
            "UBND tỉnh Quảng Trị (UBND tỉnh Quảng Trị)",
            "7f66453adbe01a688a5153f502a5a6e8559acff92b8fa4145b2df659c374865e",
        ),
        (
            "ii-06a/2",
            12,
            "UBND tỉnh Quảng Trị (461)",
            "7c247be0b62a24b842c2a63c9fd521bad5bd4c8769d294b8f4a79d748d57cfc0",
        ),
        (
            "annex/1",
            None,
            "UBND tỉnh Quảng Trị (UBND tỉnh Quảng Trị)",
            "447fcbfe5163e6b000d2e1736f4cf4ac578e912c177c4b333018c4326f7c7fc2",
        ),
        (
            "annex/2",
            None,
            "UBND tỉnh Quảng Trị (461)",
            "e0ded4122ed956cdfb9360de17ca63c906dd12980827ff18dca6dd3dc58d98e6",
        ),
    ],
)
def test_names_that_are_told_apart_otherwise_are_another_format(
    format: str, column: int | None, printed: str, expected: str
) -> None:
    """What is printed stands in the bytes. If this fails, names are told apart by a new rule: give it formats of its
    own, as the second ones are beside the first."""
    made = _old_bytes(format, "agency", column, NAMESAKE)
    assert [row["name"] for row in json.loads(made)["rows"] if row["key"] == "461"] == [printed]
    assert digest(made).hex() == expected


async def test_what_was_sealed_in_an_older_format_is_computed_again(database, issuer, monkeypatch):
    assert {format for formats in EVER.values() for format in formats} > set(FORMATS.values())
    async with a_room(database, issuer, seed=26, dossiers=200) as scene:
        await write(scene.owner, scene.histories)
        asked = {"agency": "44", "from": "2025-07-01", "to": "2025-09-30"}
        old: dict[str, dict[str, object]] = {}
        for report in ("ii-06a", "annex"):
            with monkeypatch.context() as then:
                then.setattr(usecases, "FORMATS", {report: f"{report}/1"})
                old[report] = await sealed(scene.client, {"report": report, "parameters": asked})
            rows = json.loads(await content(scene.client, old[report]))["rows"]
            (within,) = (row["name"] for row in rows if row["key"] == "45")
            assert (old[report]["format"], within) == (f"{report}/1", "UBND tỉnh Quảng Trị (UBND tỉnh Quảng Trị)")
            assert (await again(scene.client, old[report]))["equal"]
        assert await verified(database) == []
        late = [replace(history, id=0, code=f"{history.code}-2") for history in scene.histories]
        await write(scene.owner, late)
        for report, edition in old.items():
            corrected = {"report": report, "parameters": asked, "corrects": edition["id"], "reason": "Nhập muộn"}
            new = await sealed(scene.client, corrected)
            assert new["format"] == FORMATS[report]
            await demand_the_same(scene.client, [edition, new])
        assert await verified(database) == []
