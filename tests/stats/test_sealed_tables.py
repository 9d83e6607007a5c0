"""Sealed official tables: Biểu II.06a and its kind, and the annex of the letter, say what the tables said, are computed
again from raw events to the byte, and print as they were sealed."""

import asyncio
import csv
import json
import random
import re
from dataclasses import replace
from datetime import timedelta
from io import BytesIO, StringIO
from typing import Any

import pytest
from docx import Document
from pypdf import PdfReader

from shared.web import clock
from stats_service.counts.usecases import fold_once
from stats_service.editions.formats import FORMATS
from stats_service.official_tables.rules import ANNEX, II_06A
from tests.builders_log import write
from tests.stats.editions import (
    EDITIONS,
    A,
    B,
    a_room,
    again,
    content,
    demand_the_same,
    halves,
    refusal,
    sealed,
    verified,
    write_each,
)
from tests.stats.scenes import OLD_PROVINCE, Scene
from tests.stats.sheets import Sheet, cells_of_word
from tests.support import PROVINCE, bearer

#: (report, what is asked of it alone)
TABLES: list[tuple[str, dict[str, Any]]] = [
    ("ii-06a", {}),
    ("ii-06a", {"awaiting_supplement_column": 9}),
    ("ii-06a", {"rows": "sector"}),
    ("ii-06a", {"rows": "sector", "awaiting_supplement_column": 9, "form": "07a-btp", "receiver": "Bộ Tư pháp"}),
    ("annex", {}),
]


def a_table(report: str, **more: Any) -> dict[str, Any]:
    asked = {"agency": OLD_PROVINCE, "from": A.isoformat(), "to": B.isoformat(), **more}
    return {"report": report, "parameters": {name: value for name, value in asked.items() if value is not None}}


async def table_now(scene: Scene, report: str, **more: Any) -> dict[str, Any]:
    asked = {"agency": OLD_PROVINCE, "from": A.isoformat(), "to": B.isoformat(), **more}
    answer = await scene.client.get(f"/v1/reports/official-tables/{report}", params=asked)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def all_changes(scene: Scene, edition: dict[str, Any]) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await scene.client.get(f"{EDITIONS}/{edition['id']}/changes", params=cursor)).json()
        told += page["items"]
        if page["next"] is None:
            return told
        cursor = {"cursor": page["next"]}


@pytest.mark.parametrize("seed", [41, 42])
async def test_it_says_what_the_table_said_and_is_computed_again_to_the_byte(database, issuer, seed):
    async with a_room(database, issuer, seed=seed, dossiers=200) as scene:
        rng = random.Random(seed)
        parts = halves(rng, scene.histories)
        await write_each(scene.owner, [(history, before) for history, before, _ in parts])
        await fold_once(scene.stats, limit=150)
        editions = []
        for report, more in TABLES:
            table = await table_now(scene, report, **more)
            edition = await sealed(scene.client, a_table(report, **more))
            told = json.loads(await content(scene.client, edition))
            assert (edition["report"], edition["format"]) == (report, FORMATS[report])
            assert told["rows"] == table["rows"]
            assert (told["agency_name"], told["synthetic"]) == (table["agency_name"], table["synthetic"])
            if report == "annex":
                assert told["non_users"] == [[one["key"], one["name"], one["level"]] for one in table["non_users"]]
            else:
                assert told["form"] == table["form"]
                assert told["parameters"]["receiver"] == table["receiver"]
                assert told["parameters"]["awaiting_supplement_column"] == table["awaiting_supplement_column"]
                assert told["moved_to_column_9"] == table["moved_to_column_9"]
            editions.append(edition)
        moved = [json.loads(await content(scene.client, each)).get("moved_to_column_9") for each in editions]
        assert moved[0] == 0
        assert moved[1] == moved[3] > 0, "some wait for their applicant in term, or the test says nothing"
        await demand_the_same(scene.client, editions)
        later = clock.now() + timedelta(seconds=1)
        await write_each(
            scene.owner, [(history, [replace(e, recorded_at=later) for e in after]) for history, _, after in parts]
        )
        assert (await table_now(scene, "annex"))["rows"] != json.loads(await content(scene.client, editions[-1]))[
            "rows"
        ]
        await demand_the_same(scene.client, editions)
        assert await verified(database) == []


async def test_a_correction_tells_columns_rows_and_the_words_of_the_form(database, issuer):
    async with a_room(database, issuer, seed=43, dossiers=80) as scene:
        await write(scene.owner, scene.histories[:-30])
        made = {report: await sealed(scene.client, a_table(report)) for report in ("ii-06a", "annex")}
        for report, edition in made.items():
            body = {**a_table(report), "corrects": edition["id"], "reason": "Nhập bổ sung"}
            assert (await refusal(scene.client, body))[2] == {("corrects", "changes_nothing")}
        await write(scene.owner, scene.histories[-30:])
        for report, columns in (("ii-06a", II_06A), ("annex", ANNEX)):
            body = {**a_table(report), "corrects": made[report]["id"], "reason": "Nhập bổ sung"}
            second = await sealed(scene.client, body)
            old, new = [json.loads(await content(scene.client, each)) for each in (made[report], second)]
            expected = set()
            rows = {(row["row"], row["key"]): row for row in old["rows"]}
            for row in new["rows"]:
                before = rows.get((row["row"], row["key"]))
                if before is not None:
                    key = None if row["row"] == "total" else row["key"]
                    expected |= {(key, name, before[name], row[name]) for name in columns if before[name] != row[name]}
            told = await all_changes(scene, second)
            changed = [(t["key"], t["figure"], t["before"], t["after"]) for t in told if t["kind"] == "changed"]
            assert (set(changed), len(changed)) == (expected, len(set(changed)))
            made[report] = second
        forms = "/v1/reports/official-tables/forms"
        form = next(one for one in (await scene.client.get(forms)).json()["items"] if one["form"] == "ii-06a")
        draft = {name: value for name, value in form.items() if name != "form"} | {"receiver": "Văn phòng khác"}
        draft["headings"] = [*form["headings"][:-1], "Quá hạn rồi"]
        admin = bearer(issuer, "admin", PROVINCE)
        assert (await scene.client.put(f"{forms}/ii-06a", json=draft, headers=admin)).status_code == 200
        try:
            await demand_the_same(scene.client, list(made.values()))
            body = {**a_table("ii-06a", receiver="Văn phòng Chính phủ"), "corrects": made["ii-06a"]["id"]}
            third = await sealed(scene.client, {**body, "reason": "Biểu mẫu mới"})
            items = await all_changes(scene, third)
            assert {(one["figure"], one["key"]) for one in items} == {("form.headings", None), ("form.receiver", None)}
            await demand_the_same(scene.client, [*made.values(), third])
        finally:
            draft = {name: value for name, value in form.items() if name != "form"}
            await scene.client.put(f"{forms}/ii-06a", json=draft, headers=admin)


async def test_it_prints_as_it_was_sealed_whatever_is_known_since(database, issuer):
    async with a_room(database, issuer, seed=46, dossiers=120) as scene:
        parts = halves(random.Random(46), scene.histories)
        await write_each(scene.owner, [(history, before) for history, before, _ in parts])
        prints: dict[tuple[int, str], bytes] = {}
        editions = {}
        for report, more in [
            *TABLES,
            ("resolution", {"group_by": "tree"}),
            ("resolution", {"group_by": "level,month"}),
        ]:
            edition = await sealed(scene.client, a_table(report, **more))
            editions[edition["id"]] = edition
            kind = "resolution" if report == "resolution" else f"official-tables/{report}"
            asked = {"agency": OLD_PROVINCE, "from": A.isoformat(), "to": B.isoformat(), **more}
            for format in ("csv", "xlsx", "docx", "pdf"):
                now = await scene.client.get(f"/v1/reports/{kind}", params={**asked, "format": format})
                sent = await scene.client.get(f"{EDITIONS}/{edition['id']}/print", params={"format": format})
                assert (now.status_code, sent.status_code) == (200, 200), sent.text
                prints[edition["id"], format] = sent.content
                if format == "xlsx":
                    one, other = Sheet(sent.content), Sheet(now.content)
                    assert one.rows == other.rows
                    places = [(row, column) for row in range(len(one.rows)) for column in range(len(one.rows[0]))]
                    assert [one.formula(*place) for place in places] == [other.formula(*place) for place in places]
                    assert one.said(f"Bản chốt số {edition['id']} (lần 1)")
                    assert one.said(edition["sha256"])
                if format == "docx":
                    width = len(Sheet(prints[edition["id"], "xlsx"]).rows[0])
                    one_, other_ = (cells_of_word(Document(BytesIO(each.content)), width) for each in (sent, now))
                    assert one_ == other_
                if format == "pdf":
                    pages = PdfReader(BytesIO(sent.content)).pages
                    text = re.sub(r"[\s\u200b]", "", "".join(page.extract_text() for page in pages))
                    assert f"Bảnchốtsố{edition['id']}(lần1)" in text
                    assert edition["sha256"] in text
                if format == "csv":
                    lines = [list(csv.reader(StringIO(each.text.removeprefix("\ufeff")))) for each in (sent, now)]
                    assert len(lines[0]) == len(lines[1])
                    (held, *others) = csv.DictReader(StringIO(sent.text.removeprefix("\ufeff")))
                    for line in (held, *others):  # copied into another sheet, each still says of which edition it is
                        assert (line["edition"], line["sha256"]) == (str(edition["id"]), edition["sha256"])
                        assert line["link.number"] == str(edition["link"]["number"])
                        assert line["link.seal"] == edition["link"]["seal"]
                        assert line.get("receiver") == edition["parameters"].get("receiver")
        later = clock.now() + timedelta(seconds=1)
        await write_each(
            scene.owner, [(history, [replace(e, recorded_at=later) for e in after]) for history, _, after in parts]
        )
        for (number, format), before in prints.items():
            again_ = await scene.client.get(f"{EDITIONS}/{number}/print", params={"format": format})
            assert again_.content == before
        number = next(iter(editions))
        wrong = await scene.client.get(f"{EDITIONS}/{number}/print", params={"format": "json"})
        assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (422, "not_one_of")
        assert (await scene.client.get(f"{EDITIONS}/999999/print")).status_code == 404
        await scene.owner.execute("SET session_replication_role = replica")
        await scene.owner.execute("UPDATE report_edition SET content = content || ' '::bytea")
        changed = await scene.client.get(f"{EDITIONS}/{number}/print")
        assert (changed.status_code, changed.json()["errors"][0]["code"]) == (409, "edition_was_changed")


async def test_the_same_table_to_another_receiver_is_the_same_report(database, issuer):
    async with a_room(database, issuer, seed=47, dossiers=60) as scene:
        await write(scene.owner, scene.histories[:-20])
        bodies = [a_table("ii-06a", receiver=office) for office in ("Văn phòng Chính phủ", "Bộ Tư pháp", "Bộ Nội vụ")]
        answers = await asyncio.gather(*(scene.client.post(EDITIONS, json=body) for body in bodies))
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
        edition = next(answer.json() for answer in answers if answer.status_code == 201)
        for answer in answers:
            if answer.status_code == 409:
                assert answer.json()["errors"][0]["code"] == "sealed_as_edition"
        other = {**a_table("ii-06a", receiver="Sở Nội vụ"), "corrects": edition["id"], "reason": "Nơi nhận khác"}
        assert (await refusal(scene.client, other))[2] == {("corrects", "changes_nothing")}
        await write(scene.owner, scene.histories[-20:])
        second = await sealed(scene.client, other)
        assert (second["number"], second["corrects"]) == (2, edition["id"])
        assert second["parameters"] == {**edition["parameters"], "receiver": "Sở Nội vụ"}
        assert (await scene.client.get(f"{EDITIONS}/{edition['id']}")).json()["corrected_by"] == second["id"]
        await demand_the_same(scene.client, [edition, second])
        assert await verified(database) == []


async def test_a_print_is_sent_to_another_receiver_and_says_whom_the_edition_names(database, issuer):
    async with a_room(database, issuer, seed=48, dossiers=20) as scene:
        edition = await sealed(scene.client, a_table("ii-06a", receiver="Văn phòng Chính phủ"))
        address, named = f"{EDITIONS}/{edition['id']}/print", "Đơn vị nhận báo cáo ghi trong bản chốt: "
        for receiver, said in ((None, ""), ("Văn phòng Chính phủ", ""), ("Bộ Tư pháp", f"{named}Văn phòng Chính phủ")):
            asked = {"format": "xlsx", **({"receiver": receiver} if receiver else {})}
            sheet = Sheet((await scene.client.get(address, params=asked)).content)
            assert sheet.said(f"Đơn vị nhận báo cáo: {receiver or 'Văn phòng Chính phủ'}")
            assert sheet.said(said or named) is bool(said)
            assert sheet.said(edition["sha256"]), "it is held against the same edition"
            lines = csv.DictReader(StringIO((await scene.client.get(address, params={**asked, "format": "csv"})).text))
            assert {line["receiver"] for line in lines} == {receiver or "Văn phòng Chính phủ"}
        annex = await sealed(scene.client, a_table("annex"))
        wrong = await scene.client.get(f"{EDITIONS}/{annex['id']}/print", params={"receiver": "Bộ Tư pháp"})
        assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (422, "of_another_report")
        assert "ii-06a" in wrong.json()["errors"][0]["reason"]


async def test_what_is_asked_of_another_report_is_refused(database, issuer):
    async with a_room(database, issuer, seed=44, dossiers=10) as scene:
        for body, field, code in (
            (a_table("annex", group_by="tree"), "parameters.group_by", "of_another_report"),
            (a_table("annex", form="ii-06a"), "parameters.form", "of_another_report"),
            (a_table("ii-06a", group_by="none"), "parameters.group_by", "of_another_report"),
            (a_table("resolution", rows="agency"), "parameters.rows", "of_another_report"),
            (a_table("resolution", receiver="Bộ"), "parameters.receiver", "of_another_report"),
            (a_table("resolution", awaiting_supplement_column=9), "parameters.awaiting_supplement_column", None),
            (a_table("ii-06a", form="khác"), "parameters.form", "unknown_form"),
            (a_table("ii-06a", rows="tree"), "parameters.rows", "not_one_of"),
            (a_table("ii-06a", awaiting_supplement_column=11), "parameters.awaiting_supplement_column", "not_one_of"),
            (a_table("ii-06a", receiver=""), "parameters.receiver", None),
            (a_table("late-list"), "report", "not_one_of"),
        ):
            status, problem, reasons = await refusal(scene.client, body)
            assert (status, problem) == (422, "invalid_request"), body
            assert field in {name for name, _ in reasons}, reasons
            assert code is None or (field, code) in reasons, reasons
        assert (await scene.client.get(EDITIONS)).json()["items"] == []
        edition = await sealed(scene.client, a_table("ii-06a"))
        assert edition["parameters"] == {
            **{"agency": OLD_PROVINCE, "from": A.isoformat(), "to": B.isoformat(), "units": "then"},
            **{"form": "ii-06a", "rows": "agency", "awaiting_supplement_column": 12, "receiver": "Văn phòng Chính phủ"},
        }
        said = a_table("ii-06a", rows="agency", awaiting_supplement_column=12, receiver="Văn phòng Chính phủ")
        assert (await refusal(scene.client, said))[2] == {("corrects", "sealed_as_edition")}
        other = {**a_table("annex"), "corrects": edition["id"], "reason": "Sai"}
        assert (await refusal(scene.client, other))[2] == {("corrects", "edition_of_another_report")}


@pytest.mark.parametrize(
    ("statement", "findings"),
    [
        ("UPDATE report_edition SET content = convert_to(replace(convert_from(content, 'UTF8'), '\"number\":\"1\"', "
         "'\"number\":\"7\"'), 'UTF8'), sha256 = 'x'", ["content", "figures"]),
        ("UPDATE report_edition SET parameters = replace(parameters, ':9', ':12')", ["figures"]),
        ("UPDATE report_edition SET parameters = replace(parameters, ':9', ':10')", ["parameters"]),
        ("UPDATE report_edition SET parameters = replace(parameters, 'ii-06a', '07a-btp')", ["parameters"]),
        ("UPDATE report_edition SET parameters = replace(parameters, '\"agency\",\"to\"', '5,\"to\"')", ["parameters"]),
        ("UPDATE report_edition SET report = 'annex'", ["parameters"]),
        ("UPDATE reference_picture SET content = convert_to(replace(convert_from(content, 'UTF8'), 'Quá hạn', 'Trễ'), "
         "'UTF8')", ["picture"]),
        ("UPDATE dossier_event SET paused = false", ["figures"]),
        ("UPDATE dossier_event SET late_day = received_day", ["figures"]),
    ],
)  # fmt: skip
async def test_tampering_is_found(database, issuer, statement, findings):
    async with a_room(database, issuer, seed=45, dossiers=120) as scene:
        parts = halves(random.Random(45), scene.histories)
        await write_each(scene.owner, [(history, before) for history, before, _ in parts])
        edition = await sealed(scene.client, a_table("ii-06a", awaiting_supplement_column=9))
        await demand_the_same(scene.client, [edition])
        await scene.owner.execute("SET session_replication_role = replica")
        await scene.owner.execute(statement)
        assert (await again(scene.client, edition))["findings"] == findings
        assert [*dict.fromkeys(difference.what for difference in await verified(database))] == findings
