"""Biểu II.06a, the annex of the letter, the list of what is late: their sums hold, and in every file stands what is in
the JSON."""

import csv
from datetime import date
from io import BytesIO, StringIO
from typing import Any

import httpx
import pytest
from docx import Document
from pypdf import PdfReader

from shared.contracts.official_tables import Annex, FormTable, LateList, OfficialForms
from shared.domain.agencies import Level
from stats_service.exports.rules import Provenance
from stats_service.exports.table import Kind, printed
from stats_service.exports.usecases import MOST_PRINTED_ROWS
from stats_service.figures.rules import Figures
from stats_service.official_tables.rules import (
    ANNEX,
    II_06A,
    LATE_COLUMNS,
    BrokenTable,
    Header,
    OfficialForm,
    Subject,
    broken_sums,
    ii_06a,
    in_columns,
)
from tests.builders_log import write
from tests.stats.scenes import PERIODS, Scene, a_scene
from tests.stats.sheets import Sheet, cells_of_word, sheet_of
from tests.support import PROVINCE, at, bearer

A, B = PERIODS[0]
ASKED = {"agency": "45", "from": A.isoformat(), "to": B.isoformat(), "as_of": "2020-05-31T08:00:00+07:00"}
NUMBERS = dict(zip(("3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13"), II_06A, strict=True))


async def asked(scene: Scene, table: str, **more: str) -> dict[str, Any]:
    answer = await scene.client.get(f"/v1/reports/official-tables/{table}", params={**ASKED, **more})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def file(scene: Scene, table: str, format: str, **more: str) -> httpx.Response:
    answer = await scene.client.get(f"/v1/reports/official-tables/{table}", params={**ASKED, **more, "format": format})
    assert answer.status_code == 200, answer.text
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.headers["content-disposition"] == f'attachment; filename="{table}.{format}"'
    return answer


def demand_sums(row: dict[str, Any]) -> None:
    of = {number: row[name] for number, name in NUMBERS.items()}
    assert of["3"] == of["4"] + of["5"] + of["6"] == of["7"] + of["11"], row
    assert of["7"] == of["8"] + of["9"] + of["10"], row
    assert of["11"] == of["12"] + of["13"], row


@pytest.mark.parametrize("column", ["12", "9"])
@pytest.mark.parametrize("rows", ["agency", "sector"])
async def test_the_sums_of_the_form_hold_in_every_row(database, issuer, column, rows):
    async with a_scene(database, issuer, seed=11) as scene:
        await write(scene.owner, scene.histories)
        table = await asked(scene, "ii-06a", awaiting_supplement_column=column, rows=rows)
        FormTable.model_validate(table)
        report = await scene.report(first=A, last=B, group_by=rows, as_of=ASKED["as_of"])
        lines = {row["key"]: row for row in table["rows"] if row["row"] == "line"}
        assert set(lines) == {row["key"] for row in report["rows"]}
        moved = table["moved_to_column_9"]
        for row in table["rows"]:
            demand_sums(row)
        if column == "12":
            assert moved == 0
            for row in report["rows"]:
                shared_names = [name for name in II_06A if name != "received_counter_or_post"]
                assert {name: lines[row["key"]][name] for name in shared_names} == {
                    name: row[name] for name in shared_names
                }
                counter_or_post = row["received_counter"] + row["received_post"]
                assert lines[row["key"]]["received_counter_or_post"] == counter_or_post
        else:
            assert moved > 0
        total, whole = table["rows"][-1], report["total"]
        assert total["to_handle"] == whole["to_handle"]
        assert total["resolved"] == whole["resolved"] + moved
        assert total["resolved_on_day"] == whole["resolved_on_day"] + moved
        assert total["pending"] == whole["pending"] - moved
        assert total["pending_in_term"] == whole["pending_in_term"] - moved
        assert total["pending_overdue"] == whole["pending_overdue"]
        note = table["notes"][0]
        assert ("được tính vào cột (9)" in note) == (column == "9")
        assert table["awaiting_supplement_column"] == int(column)


async def test_what_waits_is_moved_as_a_recount_says(database, issuer):
    """Of what waits for its applicant, only what is in term moves: what is overdue stays in column 13."""
    async with a_scene(database, issuer, seed=12) as scene:
        await write(scene.owner, scene.histories)
        params = {key: value for key, value in ASKED.items() if key != "as_of"}
        answer = await scene.client.get(
            "/v1/reports/official-tables/ii-06a", params={**params, "awaiting_supplement_column": "9"}
        )
        listed = await scene.listed(first=A, last=B, figure="pending_paused")
        overdue = {item["code"] for item in await scene.listed(first=A, last=B, figure="pending_overdue")}
        assert answer.json()["moved_to_column_9"] == sum(item["code"] not in overdue for item in listed) > 0


async def test_units_stand_under_their_levels(database, issuer):
    async with a_scene(database, issuer, seed=13, dossiers=60) as scene:
        await write(scene.owner, scene.histories)
        table = await asked(scene, "ii-06a")
        groups = [row for row in table["rows"] if row["row"] == "group"]
        assert [(row["number"], row["key"]) for row in groups] == [
            ("I", "province"),
            ("II", "district"),
            ("III", "commune"),
        ]
        under: dict[str, list[dict[str, Any]]] = {}
        for row in table["rows"][:-1]:
            if row["row"] == "group":
                here = under.setdefault(row["key"], [])
            else:
                here.append(row)
        for group in groups:
            members = under[group["key"]]
            assert [row["number"] for row in members] == [str(n + 1) for n in range(len(members))]
            assert {name: sum(row[name] for row in members) for name in II_06A} == {
                name: group[name] for name in II_06A
            }
        assert {name: sum(row[name] for row in groups) for name in II_06A} == {
            name: table["rows"][-1][name] for name in II_06A
        }
        assert len(under["commune"]) > 120, "zeros included"


async def test_a_table_says_what_it_is(database, issuer):
    async with a_scene(database, issuer, seed=0, dossiers=0) as scene:
        await scene.owner.execute(
            "INSERT INTO import_run (id, started_at, state, format, actor, agency_id, synthetic)"
            " VALUES (gen_random_uuid(), now(), 'done', 'csv', 'test', 1, true)"
        )
        whole = {"from": "2019-01-01", "to": "2019-06-30"}
        table = await asked(scene, "ii-06a", **whole)
        assert (table["agency_name"], table["receiver"]) == ("UBND tỉnh Quảng Trị", "Văn phòng Chính phủ")
        assert (table["period_name"], table["unit"]) == ("6 tháng đầu năm 2019", "Số hồ sơ TTHC")
        assert table["form"]["number"] == "II.06a/VPCP/KSTT"
        assert [column["number"] for column in table["columns"]][2] == "(3)=4+5+6"
        assert any("có từ ngày 21/10/2020, sau kỳ báo cáo này" in note for note in table["notes"])
        text = text_of_pdf((await file(scene, "ii-06a", "pdf", **whole)).content)
        for said in (
            "Biểu số II.06a/VPCP/KSTT",
            "Đơn vị báo cáo: UBND tỉnh Quảng Trị",
            "Đơn vị nhận báo cáo: Văn phòng Chính phủ",
            "6 tháng đầu năm 2019 (từ ngày 01/01/2019 đến ngày 30/06/2019)",
            "Số liệu như đã được ghi nhận đến 08:00:00 ngày 31/05/2020",
            "SỐ LIỆU MÔ PHỎNG",
            "Đơn vị tính: Số hồ sơ TTHC",
            "NGƯỜI LẬP BIỂU",
        ):
            assert said in text, said
        assert sheet_of((await file(scene, "annex", "xlsx", **whole)).content).said("SỐ LIỆU MÔ PHỎNG")
        district = await asked(scene, "ii-06a", agency="461", **whole)
        assert district["receiver"] == "UBND tỉnh Quảng Trị"
        sent = await asked(scene, "ii-06a", receiver="Sở Nội vụ", **whole)
        assert sent["receiver"] == "Sở Nội vụ"
        now = await scene.client.get(
            "/v1/reports/official-tables/annex",
            params={"agency": "45", **whole, "format": "pdf"},
        )
        assert "Số liệu theo dữ liệu hiện có, lấy lúc" in text_of_pdf(now.content)
        await scene.owner.execute("TRUNCATE import_run CASCADE")


async def test_the_form_of_2026_says_that_its_columns_were_not_read(database, issuer):
    async with a_scene(database, issuer, seed=0, dossiers=0) as scene:
        table = await asked(scene, "ii-06a", form="07a-btp", **{"from": "2019-01-01", "to": "2019-06-30"})
        assert (table["form"]["number"], table["receiver"]) == ("07a/BTP", "Bộ Tư pháp")
        assert table["form"]["confirmed"] is False
        assert any("chưa được đối chiếu với văn bản ban hành" in note for note in table["notes"])


async def test_an_operator_enters_a_form(database, issuer):
    async with a_scene(database, issuer, seed=0, dossiers=0) as scene:
        known = (await scene.client.get("/v1/reports/official-tables/forms")).json()
        OfficialForms.model_validate(known)
        assert [one["form"] for one in known["items"]] == ["ii-06a", "07a-btp"]
        draft = {key: value for key, value in known["items"][0].items() if key != "form"}
        draft |= {"number": "08/XYZ", "headings": [*draft["headings"][:12], "Đang giải quyết > Trễ hạn"]}
        path = "/v1/reports/official-tables/forms/08-xyz"
        refused = await scene.client.put(path, json=draft)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        admin = bearer(issuer, "admin", PROVINCE)
        for _ in range(2):
            entered = await scene.client.put(path, json=draft, headers=admin)
            assert entered.status_code == 200, entered.text
        table = await asked(scene, "ii-06a", form="08-xyz", **{"from": "2019-01-01", "to": "2019-06-30"})
        assert table["columns"][-1]["heading"] == ["Đang giải quyết", "Trễ hạn"]
        read = await scene.client.get(path)
        assert (read.json(), read.headers["ETag"]) == (entered.json(), entered.headers["ETag"])
        assert (await scene.client.get(f"{path}-9")).json()["code"] == "not_found"
        changed = {**draft, "title": "Tên khác"}
        now = await scene.client.put(path, json=changed, headers={**admin, "If-Match": read.headers["ETag"]})
        assert (now.status_code, now.headers["ETag"] == read.headers["ETag"]) == (200, False)
        for tag in (read.headers["ETag"], '"0"'):
            late = await scene.client.put(path, json=draft, headers={**admin, "If-Match": tag})
            assert (late.status_code, late.json()["code"]) == (412, "version_changed")
        for tag in ('"0"', "*"):
            none_yet = await scene.client.put(f"{path}-9", json=draft, headers={**admin, "If-Match": tag})
            assert (none_yet.status_code, none_yet.json()["code"]) == (412, "version_changed"), "there is none to match"
            assert "Hồ sơ" not in none_yet.json()["title"], "it is no dossier"
        assert (await scene.client.get(f"{path}-9")).status_code == 404
        anyone = await scene.client.put(path, json=changed, headers={**admin, "If-Match": "*"})
        assert anyone.status_code == 200
        for name in ("X1", "-a", "a" * 41, "a_b"):
            misnamed = await scene.client.put(f"/v1/reports/official-tables/forms/{name}", json=draft, headers=admin)
            error = misnamed.json()["errors"][0]
            assert (misnamed.status_code, error["field"], error["code"]) == (422, "form", "malformed"), name
            assert "chữ cái thường không dấu" in error["reason"]
        for heading in ("Đang giải quyết > ", ">", "> Trễ hạn", "A >> B", "A > > B"):
            headings = [*draft["headings"][:12], heading]
            blank = await scene.client.put(path, json={**draft, "headings": headings}, headers=admin)
            error = blank.json()["errors"][0]
            assert (blank.status_code, error["field"], error["code"]) == (422, "headings.12", "malformed"), heading
        malformed = await scene.client.put(path, json=draft, headers={**admin, "If-Match": "0"})
        assert malformed.json()["errors"][0] | {"reason": ""} == {
            "field": "If-Match",
            "code": "malformed",
            "reason": "",
        }
        assert (await scene.client.get(path)).json()["title"] == "Tên khác"
        short = await scene.client.put(path, json={**draft, "headings": ["TT"]}, headers=admin)
        assert short.json()["errors"][0]["code"] == "headings_count"
        back = {**draft, "valid_from": "2026-02-01", "valid_to": "2026-01-01"}
        assert (await scene.client.put(path, json=back, headers=admin)).json()["errors"][0]["code"] == "period_reversed"
        await scene.owner.execute("DELETE FROM official_form WHERE form = '08-xyz'")


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"form": "nope"}, ("form", "unknown_form")),
        ({"awaiting_supplement_column": "10"}, ("awaiting_supplement_column", "not_one_of")),
        ({"rows": "officer"}, ("rows", "not_one_of")),
        ({"format": "ods"}, ("format", "not_one_of")),
        ({"from": "2020-04-01"}, ("from", "period_reversed")),
        ({"cursor": "x"}, ("query", "unknown_parameter")),
        ({"limit": "5"}, ("query", "unknown_parameter")),
        ({"nope": "1"}, ("query", "unknown_parameter")),
        ({"receiver": "a\nb"}, ("receiver", "control_characters")),
    ],
)
async def test_what_cannot_be_asked_is_told(database, issuer, changes, place):
    async with a_scene(database, issuer, seed=0, dossiers=0) as scene:
        answer = await scene.client.get("/v1/reports/official-tables/ii-06a", params={**ASKED, **changes})
        assert answer.status_code == 422
        error = answer.json()["errors"][0]
        assert (error["field"], error["code"]) == place


async def test_what_has_no_pages_says_what_it_takes(database, issuer):
    async with a_scene(database, issuer, seed=0, dossiers=0) as scene:
        for table, own in (("ii-06a", "receiver"), ("annex", "units")):
            answer = await scene.client.get(f"/v1/reports/official-tables/{table}", params={**ASKED, "cursor": "x"})
            reason = answer.json()["errors"][0]["reason"]
            assert f'"{own}"' in reason
            assert '"cursor"' not in reason
        for form in ("csv", "xlsx", "docx"):
            params = {**ASKED, "format": form, "cursor": "x"}
            answer = await scene.client.get("/v1/reports/official-tables/late-list", params=params)
            assert [(e["field"], e["code"]) for e in answer.json()["errors"]] == [("cursor", "pages_in_json_only")]


async def test_the_annex_has_the_rates_and_names_who_does_not_use_it(database, issuer):
    async with a_scene(database, issuer, seed=14) as scene:
        await write(scene.owner, scene.histories)
        table = await asked(scene, "annex")
        Annex.model_validate(table)
        report = await scene.report(first=A, last=B, group_by="agency", as_of=ASKED["as_of"])
        lines = {row["key"]: row for row in table["rows"] if row["row"] == "line"}
        idle = []
        for row in report["rows"]:
            line = lines[row["key"]]
            for name in ("to_handle", "resolved", "resolved_on_time", "resolved_late", "received", "on_time_rate"):
                assert line[name] == row[name]
            assert line["late_rate"] == row["late_rate"]
            online = row["received_online"]
            whole = row["received"]
            share = f"{(20000 * online + whole) // (2 * whole) / 100:.2f}" if whole else None
            assert (line["received_online"], line["online_rate"]) == (online, share)
            if not row["to_handle"]:
                idle.append(row["key"])
        assert [one["key"] for one in table["non_users"]] == idle
        assert len(idle) > 100
        assert {row["online_rate"] for row in table["rows"] if row["key"] in idle} == {None}
        assert any(f"trong kỳ: {len(idle)}." in note for note in table["notes"])


async def test_the_late_list_is_as_long_as_the_figures(database, issuer):
    async with a_scene(database, issuer, seed=15) as scene:
        await write(scene.owner, scene.histories)
        pages: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = await asked(scene, "late-list", limit="7", **cursor)
            LateList.model_validate(page)
            pages.append(page)
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        items = [item for page in pages for item in page["items"]]
        assert [item["number"] for item in items] == [str(n + 1) for n in range(len(items))]
        report = await scene.report(first=A, last=B, as_of=ASKED["as_of"], group_by="agency")
        assert len(items) == pages[0]["dossiers"]
        assert len(items) == report["total"]["resolved_late"] + report["total"]["pending_overdue"] > 20
        expected = {
            item["code"]
            for figure in ("resolved_late", "pending_overdue")
            for item in await scene.listed(first=A, last=B, figure=figure, as_of=ASKED["as_of"])
        }
        assert {item["code"] for item in items} == expected
        units = {unit["key"]: unit["resolved_late"] + unit["pending_overdue"] for unit in pages[0]["units"]}
        assert units == {
            row["key"]: row["resolved_late"] + row["pending_overdue"]
            for row in report["rows"]
            if row["resolved_late"] + row["pending_overdue"]
        }
        counted: dict[str, int] = {}
        for item in items:
            counted[item["key"]] = counted.get(item["key"], 0) + 1
        assert counted == units
        assert list(counted) == list(units), "unit by unit, in the order of the reports"
        for item in items:
            if item["finished_day"] is None:
                assert item["note"].startswith("Chưa có kết quả")
            else:
                assert A.isoformat() <= item["finished_day"] <= B.isoformat()


async def test_the_same_numbers_stand_in_every_file(database, issuer):
    async with a_scene(database, issuer, seed=16) as scene:
        await write(scene.owner, scene.histories)
        for name, more in (
            ("ii-06a", {}),
            ("ii-06a", {"rows": "sector", "awaiting_supplement_column": "9"}),
            ("annex", {}),
            ("late-list", {"limit": "1000"}),
        ):
            table = await asked(scene, name, **more)
            rows = table.get("rows") or table["items"]
            names = [column["name"] for column in table["columns"]]
            kinds = [kind_of(column) for column in names]

            lines = list(csv.DictReader(StringIO((await file(scene, name, "csv", **more)).text)))
            assert len(lines) == len(rows)
            for line, row in zip(lines, rows, strict=True):
                for column in ("row", "key", *names):
                    assert line[column] == ("" if row[column] is None else str(row[column]))
                assert (line["from"], line["basis"], line["agency"]) == (A.isoformat(), "as_recorded_then", "45")

            sheet = sheet_of((await file(scene, name, "xlsx", **more)).content)
            demand_sheet(sheet, rows, names, kinds)

            printed_rows = [
                [printed(kind, as_value(kind, row[column])) for kind, column in zip(kinds, names, strict=True)]
                for row in rows
            ]
            word = (await file(scene, name, "docx", **more)).content
            assert cells_of_word(Document(BytesIO(word)), len(names))[-len(rows) :] == printed_rows

            text = text_of_pdf((await file(scene, name, "pdf", **more)).content)
            for cells in printed_rows:
                said = " ".join(" ".join(cells).split())
                assert said in text, said


def demand_sheet(sheet: Sheet, rows: list[dict[str, Any]], names: list[str], kinds: list[Kind]) -> None:
    """The cached values are the JSON's, and what the formulas come to, summed here, is the cached value."""
    assert len(sheet.rows) == len(rows)
    formulas = 0
    for place, row in enumerate(rows):
        for n, (name, kind) in enumerate(zip(names, kinds, strict=True)):
            cell = sheet.rows[place][n]
            if kind is Kind.PERCENT:
                expected: Any = "–" if row[name] is None else float(row[name]) / 100
                assert cell == (expected if isinstance(expected, str) else pytest.approx(expected, abs=1e-12))
            elif kind is Kind.DAY:
                assert (cell and cell.date().isoformat()) == row[name]
            elif kind is Kind.COUNT:
                assert type(cell) is int
                assert cell == row[name]
            else:
                assert str(cell or "") == row[name]
            if sheet.formula(place, n):
                formulas += 1
                assert sheet.worked_out(place, n) == (cell if isinstance(cell, str) else pytest.approx(cell, abs=1e-9))
    if Kind.COUNT in kinds:
        assert formulas > len(rows)
        total = [sheet.formula(len(rows) - 1, n) for n, kind in enumerate(kinds) if kind is Kind.COUNT]
        assert all(formula.startswith("=SUM(") for formula in total)


def kind_of(name: str) -> Kind:
    known = {column.name: column.kind for column in LATE_COLUMNS}
    if name in known:
        return known[name]
    if name in ("name",):
        return Kind.TEXT
    if name in (*II_06A, *ANNEX):
        return Kind.PERCENT if name.endswith("_rate") else Kind.COUNT
    return Kind.ORDINAL


def as_value(kind: Kind, value: Any) -> Any:
    return date.fromisoformat(value) if kind is Kind.DAY and value else value


def text_of_pdf(content: bytes) -> str:
    reader = PdfReader(BytesIO(content))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).replace("\u200b", "").split())


async def test_the_same_content_is_the_same_bytes(database, issuer):
    async with a_scene(database, issuer, seed=17, dossiers=60) as scene:
        await write(scene.owner, scene.histories)
        for table in ("ii-06a", "annex", "late-list"):
            for format in ("csv", "xlsx", "docx", "pdf"):
                first = (await file(scene, table, format)).content
                assert (await file(scene, table, format)).content == first, (table, format)


async def test_print_that_is_too_long_names_what_can_hold_it(database, issuer):
    async with a_scene(database, issuer, seed=18, dossiers=9000) as scene:
        await write(scene.owner, scene.histories)
        whole = {"from": "2019-06-01", "to": "2020-05-31", "as_of": "2020-06-01T08:00:00+07:00"}
        count = (await asked(scene, "late-list", **whole))["dossiers"]
        assert count > MOST_PRINTED_ROWS
        for format in ("docx", "pdf"):
            answer = await scene.client.get(
                "/v1/reports/official-tables/late-list", params={**ASKED, **whole, "format": format}
            )
            assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
            error = answer.json()["errors"][0]
            assert (error["field"], error["code"]) == ("format", "too_long_for_format")
            assert "2000" in error["reason"]
            assert "csv" in error["reason"]
            assert "xlsx" in error["reason"]
        assert len((await file(scene, "late-list", "csv", **whole)).text.splitlines()) == count + 1
        sheet = sheet_of((await file(scene, "late-list", "xlsx", **whole)).content)
        assert len(sheet.rows) == count
        assert [row[0] for row in sheet.rows] == [n + 1 for n in range(count)]


def test_columns_that_do_not_add_up_are_not_given_out():
    good = in_columns(Subject("k", "n", a_figure()), 12)
    assert broken_sums(good) == []
    for n, wrong in ((0, {"3 = 4 + 5 + 6", "3 = 7 + 11"}), (5, {"7 = 8 + 9 + 10"}), (9, {"11 = 12 + 13"})):
        changed = list(good)
        changed[n] += 1
        assert set(broken_sums(changed)) == wrong
    moved = in_columns(Subject("k", "n", a_figure(), awaiting=3), 9)
    assert broken_sums(moved) == []
    alone = list(good)
    alone[6] += 3  # column 9, and neither 7, 11 nor 12
    assert broken_sums(alone) == ["7 = 8 + 9 + 10"]


def test_a_broken_table_is_refused():
    form = OfficialForm("f", "F", "T", None, "R", None, None, True, "b", ["x"] * 13)
    header = Header("A", None, "R", form, 12)
    broken = Subject("k", "n", a_figure()._replace(resolved=11), Level.COMMUNE)
    with pytest.raises(BrokenTable):
        ii_06a([broken], header, a_provenance(), by_sector=False)


def a_figure() -> Figures:
    return Figures(
        carried_over=4,
        received=16,
        received_online=6,
        received_counter=7,
        received_post=3,
        to_handle=20,
        resolved=12,
        resolved_early=5,
        resolved_on_day=4,
        resolved_late=3,
        resolved_on_time=9,
        resolved_without_term=0,
        pending=8,
        pending_in_term=6,
        pending_overdue=2,
        pending_paused=3,
    )


def a_provenance() -> Any:
    instant = at("Wednesday 2019-07-24 08:00")
    return Provenance("45", date(2019, 1, 1), date(2019, 6, 30), None, instant, "resolution/1", False)


async def test_on_todays_map_the_lists_stand_with_the_heirs(database, issuer):
    async with a_scene(database, issuer, seed=19) as scene:
        await write(scene.owner, scene.histories)
        today = {"agency": "44", "from": A.isoformat(), "to": B.isoformat(), "units": "today"}
        answer = await scene.client.get("/v1/reports/resolution", params={**today, "group_by": "agency"})
        report = answer.json()
        answer = await scene.client.get("/v1/reports/official-tables/late-list", params={**today, "limit": "1000"})
        late = answer.json()
        counted: dict[str, int] = {}
        for item in late["items"]:
            counted[item["key"]] = counted.get(item["key"], 0) + 1
        assert counted == {
            row["key"]: row["resolved_late"] + row["pending_overdue"]
            for row in report["rows"]
            if row["resolved_late"] + row["pending_overdue"]
        }
        assert sum(counted.values()) == late["dossiers"] > 20
        answer = await scene.client.get(
            "/v1/reports/official-tables/ii-06a", params={**today, "awaiting_supplement_column": "9"}
        )
        table = answer.json()
        for row in table["rows"]:
            demand_sums(row)
        assert table["rows"][-1]["to_handle"] == report["total"]["to_handle"]
