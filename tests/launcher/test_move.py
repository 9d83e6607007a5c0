"""`motcua move`: from an export of another system to dossiers here, tried, done, compared and signed off."""

import hashlib
import json
import os
import re
import socket
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import orjson
import pytest

from tests.journeys.conftest import Running, await_running, command, eventually, start_up, stop

HEAD = "Số biên nhận;Thủ tục;Đơn vị;Kênh;Chủ hồ sơ;Ngày tiếp nhận;Ngày hẹn trả;Ngày kết thúc;Trạng thái\n"
ROWS = [
    "HT-{n};Đăng ký khai sinh;UBND phường 1, Đông Hà;Trực tiếp;Nguyễn Thị Đào {n};04/03/2019 08:10;05/03/2019 17:00;"
    "04/03/2019 10:00;Đã trả\n",
    "HT-{n};Đăng ký khai sinh;UBND phường 1, Đông Hà;Trực tiếp;Trần Văn Bình {n};08/04/2019 09:00;09/04/2019 17:00;"
    "12/04/2019 10:00;Đã trả\n",
    "HT-{n};Đăng ký khai sinh;UBND phường 1, Đông Hà;Qua mạng;Lê Thị Hoa {n};08/04/2019 09:00;09/04/2019 17:00;;"
    "Đang xử lý\n",
]
MEANT = {
    "UBND phường 1, Đông Hà": "19333",
    "Đăng ký khai sinh": "1.001193",
    "Trực tiếp": "counter",
    "Qua mạng": "online",
    "Đã trả": "granted",
    "Đang xử lý": "open",
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data_dir = tmp_path_factory.mktemp("moved")
    made = await_running(start_up(data_dir, "--replay", "none"), data_dir)
    yield made
    stop(made)


def motcua(running: Running, *words: str) -> tuple[int, str]:
    done = subprocess.run(
        command(*words, "--data-dir", str(running.installation.data_dir)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "LC_ALL": "en_US.UTF-8", "COLUMNS": "200"},
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


def received(running: Running) -> int:
    with running.client("intake", "admin", "44") as client:
        items = client.get("/v1/imports/totals").json()["items"]
    return sum(one["received"] for one in items)


SMALL = """
system = "cũ"
[columns]
legacy_code = "MaHoSo"
procedure = "ThuTuc"
agency = "DonVi"
channel = "Kenh"
"applicant.name" = "Ten"
accepted_at = "NgayNhan"
status = "TrangThai"
[fixed]
"applicant.kind" = "person"
[channels]
"quầy" = "counter"
[statuses]
"mở" = "open"
"""
SMALL_HEAD = "MaHoSo,ThuTuc,DonVi,Kenh,Ten,NgayNhan,TrangThai\n"


def small(code: str, **more: str) -> str:
    cells = {"procedure": "1.001193", "agency": "19333", "channel": "quầy", "name": "Đào", "day": "04/03/2019"}
    return ",".join([code, *(cells | {"status": "mở"} | more).values()]) + "\n"


def small_files(directory: Path, *rows: str, mapping: str = SMALL, name: str = "cu.csv") -> tuple[str, str, str]:
    """An export and its mapping, as the commands take them."""
    export, told = directory / name, directory / "anh-xa.toml"
    export.write_text(SMALL_HEAD + "".join(rows), encoding="utf-8")
    told.write_text(mapping, encoding="utf-8")
    return str(export), "--mapping", str(told)


def test_where_nothing_is_there_nothing_is_equal(running: Running, tmp_path: Path) -> None:
    """The first of this module: the installation is empty. An export without lines is mostly one that failed."""
    signed = tmp_path / "ky.json"
    odd = [(), (small("XX-1", day="hôm qua"),), (small(""),)]
    for rows in odd:
        files = small_files(tmp_path, *rows)
        status, printed = motcua(running, "move", "compare", *files)
        assert (status, "nothing to compare" in printed) == (1, True), printed
        status, printed = motcua(running, "move", "sign", *files, "--by", "An", "--output", str(signed))
        assert (status, signed.exists()) == (1, False), printed
    status, printed = motcua(running, "import", *small_files(tmp_path))
    assert (status, "has no line under its columns" in printed) == (1, True), printed
    files = small_files(tmp_path, small("XX-1"), mapping=f"cutover = 2019-03-04\n{SMALL}")
    status, printed = motcua(running, "import", *files)
    assert (status, "day of the cut-over or later" in printed, received(running)) == (1, True, 0), printed
    files = small_files(tmp_path, small("XX-1"))
    assert motcua(running, "move", "compare", *files)[0] == 3, "one line there, none here"


def test_from_an_export_to_a_signed_comparison(running: Running, tmp_path: Path) -> None:
    export, columns, mapping = tmp_path / "cu.csv", tmp_path / "cot.toml", tmp_path / "anh-xa.toml"
    export.write_text(HEAD + "".join(row.format(n=n) for n, row in enumerate(ROWS * 800)), encoding="utf-8-sig")

    status, printed = motcua(running, "move", "draft", str(export), "--output", str(columns))
    assert status == 0, printed
    text = columns.read_text()
    assert '"accepted_at" = "Ngày tiếp nhận"' in text, "what is plain is filled in"
    assert '"returned_at" = ""' in text, "and nothing else is"
    columns.write_text(text.replace('"…"', '"motcuadientu"').replace("[fixed]", '[fixed]\n"applicant.kind" = "person"'))

    status, printed = motcua(running, "move", "draft", str(export), "--mapping", str(columns), "--output", str(mapping))
    assert status == 0, printed
    text = mapping.read_text()
    assert "1.001193 Thủ tục đăng ký khai sinh" in text, "what looks alike stands beside it"
    assert (status := motcua(running, "move", "draft", str(export), "--output", str(mapping))[0]) == 1, status
    again = tmp_path / "lan-nua.toml"
    words = ("move", "draft", str(export), "--mapping", str(mapping), "--output", str(again))
    status, printed = motcua(running, *words)
    assert status == 0, printed
    assert again.read_text() == mapping.read_text().rstrip() + "\n", "what stands there blank is not listed again"

    status, printed = motcua(running, "import", str(export), "--mapping", str(mapping))
    assert status == 1, printed
    assert "Words that are not mapped" in printed
    assert "1.600" in printed or "2.400" in printed, "how many lines each of them costs"
    assert received(running) == 0

    for word, code in MEANT.items():
        text = text.replace(f'"{word}" = ""', f'"{word}" = "{code}"')
    mapping.write_text(text)

    status, printed = motcua(running, "import", str(export), "--mapping", str(mapping), "--dry-run")
    assert status == 0, printed
    assert "On trial: nothing was imported" in printed
    assert "2019-04" in printed
    assert "2.400" in printed
    assert received(running) == 0

    for created in ("2.400", "0"):
        status, printed = motcua(running, "import", str(export), "--mapping", str(mapping))
        assert status == 0, printed
        assert created in printed
    assert received(running) == 2400

    with running.client("intake", "admin", "44") as client:
        found = client.get("/v1/dossiers/HT-2").json()
        assert (found["legacy_code"], found["channel"]) == ("HT-2", "online"), "the old code still finds it"
    followed = httpx.get(f"{running.addresses.intake}/v1/track/HT-2")
    assert (followed.status_code, followed.json()["code"]) == (200, found["code"]), "anybody follows it by that"

    status, printed = motcua(running, "move", "compare", str(export), "--mapping", str(mapping))
    assert status == 0, printed
    assert "As many were received and finished" in printed
    assert "2.400 received, 1.600 finished" in printed, "as many as what is signed"
    assert "Month" not in printed, "a table without lines says nothing"

    signed = tmp_path / "ky.json"
    words = ("move", "sign", str(export), "--mapping", str(mapping), "--by", "Lê Văn An, Sở Nội vụ")
    status, printed = motcua(running, *words, "--output", str(signed))
    assert status == 0, printed
    told = json.loads(signed.read_text())
    assert (told["differing"], told["lines"], told["signed_by"]) == (0, 2400, "Lê Văn An, Sở Nội vụ")
    assert told["by_agency_and_month"][0]["here"] == {"received": 800, "finished": 800, "on_time": 800, "late": 0}

    check = ("move", "check", str(signed), str(export), "--mapping", str(mapping))
    status, printed = motcua(running, *check)
    assert (status, "As it was signed: Lê Văn An" in printed) == (0, True), printed
    signed.write_text(signed.read_text().replace('"received": 800', '"received": 801', 1))
    status, printed = motcua(running, *check)
    assert (status, "the file itself was changed" in printed) == (3, True), printed

    whole = signed.read_text().replace('"received": 801', '"received": 800', 1)
    other = told | {"province": "46"}
    del other["sha256"]
    other["sha256"] = hashlib.sha256(orjson.dumps(other, option=orjson.OPT_SORT_KEYS)).hexdigest()
    older = whole.replace("motcua-move/1", "motcua-move/0")
    for odd, expected, reason in (
        ("[]", 1, "is not what `motcua move sign` wrote"),
        ("{", 1, "is not what `motcua move sign` wrote"),
        ("\x00", 1, "is not what `motcua move sign` wrote"),
        ("", 1, "is not what `motcua move sign` wrote"),
        ("[" * 100_000, 1, "is not what `motcua move sign` wrote"),
        ('{"sha256": "x", "format": "motcua-move/1", "by_agency_and_month": []}', 1, "is not what"),
        (whole[:-100], 1, "or was cut off"),
        (whole.replace('"format"', '"form"'), 1, "is not what"),
        (whole.replace('"received": 800', '"received": []', 1), 3, "the file itself was changed"),
        (whole.replace('"agency": "19333"', '"agency": []', 1), 1, "is not what"),
        (older, 1, "by another version"),
        (whole.replace("Lê Văn An", "[/b] Lê Văn An"), 3, "the file itself was changed"),
        (whole.replace('"signed_by"', '"signed_by": "Người khác",\n  "signed_by"'), 3, "the file itself was changed"),
        (json.dumps(told, ensure_ascii=False), 3, "the file itself was changed"),
        (orjson.dumps(other, option=orjson.OPT_INDENT_2).decode() + "\n", 3, "for another province"),
    ):
        signed.write_text(odd)
        status, printed = motcua(running, *check)
        assert (status, reason in printed) == (expected, True), (odd[:100], printed)
    signed.write_text(whole.replace("\n", "\r\n"))
    assert motcua(running, *check)[0] == 0, "as it comes from a mail"

    export.write_text(export.read_text("utf-8-sig") + ROWS[0].format(n=9999), encoding="utf-8")
    status, printed = motcua(running, "move", "compare", str(export), "--mapping", str(mapping))
    assert (status, "801 · 800" in printed) == (3, True), printed
    differs = tmp_path / "khac.json"
    words = ("move", "sign", str(export), "--mapping", str(mapping), "--by", "Lê Văn An")
    status, printed = motcua(running, *words, "--output", str(differs))
    assert (status, "Signed with 1 lines" in printed, json.loads(differs.read_text())["differing"]) == (0, True, 1)
    for place in ("khong-co/ky.json", "dai" * 100, str(differs), "."):
        status, printed = motcua(running, *words, "--output", str(tmp_path / place))
        assert status in (1, 2), printed
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(
        ["cu.csv", "cot.toml", "anh-xa.toml", "lan-nua.toml", "ky.json", "khac.json"]
    )


def test_lines_that_are_refused_are_told_by_their_numbers(running: Running, tmp_path: Path) -> None:
    export, mapping = tmp_path / "cu.csv", tmp_path / "anh-xa.toml"
    row = "{code},1.001193,{agency},counter,person,Đào,{day},{status}\n"
    export.write_text(
        "MaHoSo,ThuTuc,DonVi,Kenh,Loai,Ten,NgayNhan,TrangThai\n"
        + row.format(code="XX-1", agency="19333", day="04/03/2019", status="mở")
        + row.format(code="XX-2", agency="nowhere", day="04/03/2019", status="mở")
        + row.format(code="XX-3", agency="19333", day="hôm qua", status="mở")
        + row.format(code="XX-4", agency="19333", day="05/03/2019", status="=HYPERLINK(1)")
    )
    mapping.write_text(
        'system = "cũ"\n[columns]\nlegacy_code = "MaHoSo"\nprocedure = "ThuTuc"\nagency = "DonVi"\nchannel = "Kenh"\n'
        '"applicant.kind" = "Loai"\n"applicant.name" = "Ten"\naccepted_at = "NgayNhan"\nstatus = "TrangThai"\n'
        '[channels]\ncounter = "counter"\n[kinds]\nperson = "person"\n[statuses]\n"mở" = "open"\n'
    )
    status, printed = motcua(running, "import", str(export), "--mapping", str(mapping), "--pass-over")
    assert status == 3, printed
    rejects = [json.loads(line) for line in (tmp_path / "cu.csv.rejects.ndjson").read_text().splitlines()]
    assert [(one["line"], one["reasons"][0]["code"]) for one in rejects if "reasons" in one] == [(3, "unknown_agency")]
    assert [(one["lines"], one["code"]) for one in rejects if "count" in one] == [
        ([4], "not_a_date"),
        ([5], "unmapped"),
    ]
    with running.client("intake", "admin", "44") as client:
        assert client.get("/v1/dossiers/XX-1").status_code == 200


def test_what_is_tried_adds_up(running: Running, tmp_path: Path) -> None:
    """The months hold what goes in, and not what the service rejects."""
    files = small_files(tmp_path, small("TR-1"), small("TR-2", agency="nowhere"), small("TR-3", day="04/03/2999"))
    status, printed = motcua(running, "import", *files, "--dry-run")
    assert status == 3, printed
    assert re.findall(r"│ (\d{4}-\d\d) +│ +(\d+) │", printed) == [("2019-03", "1")], printed
    assert re.search(r"│ +3 │ +1 │ +0 │ +0 │ +2 │", printed), printed
    status, printed = motcua(running, "import", *small_files(tmp_path, small("TR-2", agency="nowhere")), "--dry-run")
    assert (status, "By agency and month" in printed) == (3, False), printed


def test_of_two_columns_that_look_alike_none_is_filled_in(running: Running, tmp_path: Path) -> None:
    export, mapping = tmp_path / "cu.csv", tmp_path / "cot.toml"
    export.write_text("Mã hồ sơ,MÃ HỒ SƠ,Đơn vị\n1,2,3\n", encoding="utf-8")
    status, printed = motcua(running, "move", "draft", str(export), "--output", str(mapping))
    assert status == 0, printed
    columns = tomllib.loads(mapping.read_text())["columns"]
    assert (columns["legacy_code"], columns["agency"]) == ("", "Đơn vị")


def test_agencies_that_a_terminal_would_obey(running: Running, tmp_path: Path) -> None:
    for words in (("import", "--dry-run"), ("move", "compare", "--every")):
        files = small_files(tmp_path, small("ES-1", agency="\x1b[31m\u202e[red]"))
        _, printed = motcua(running, *words, *files)
        assert "\x1b" not in printed
        assert "\u202e" not in printed


def test_names_that_a_terminal_might_obey(running: Running, tmp_path: Path) -> None:
    """Signs that are colours to the terminal's library, in a name of the export and in the name of its file."""
    name = "cu [red].csv"
    files = small_files(tmp_path, small("NN-1"), small("NN-2", status="Đã trả [/b] \x1b[31m"), name=name)
    status, printed = motcua(running, "import", *files)
    assert (status, "Đã trả [/b]" in printed, "\x1b[31m" in printed) == (1, True, False), printed
    status, printed = motcua(running, "import", *files, "--pass-over")
    assert (status, f"{name}.rejects.ndjson" in printed) == (3, True), printed
    status, printed = motcua(running, "move", "draft", files[0], "--output", str(tmp_path / "[red].toml"))
    assert (status, "[red].toml is written" in printed) == (0, True), printed


def test_no_file_of_the_operators_is_lost(running: Running, tmp_path: Path) -> None:
    """Neither what is read, by a slip after --rejects, nor what was named there in a run that rejected nothing."""
    files = small_files(tmp_path, small("RR-1"), small("RR-2", agency="nowhere"))
    for lost in (files[0], files[2]):
        before = Path(lost).read_bytes()
        status, printed = motcua(running, "import", *files, "--rejects", lost)
        assert (status, "is what is read" in printed) == (2, True), printed
        assert Path(lost).read_bytes() == before
    kept = tmp_path / "kept.ndjson"
    kept.write_text("mine")
    files = small_files(tmp_path, small("RR-1"))
    assert motcua(running, "import", *files, "--rejects", str(kept))[0] == 0
    assert kept.read_text() == "mine"


def test_where_a_link_leads_is_written(running: Running, tmp_path: Path) -> None:
    files = small_files(tmp_path, small("LL-1", agency="nowhere"))
    link, led_to = tmp_path / "link.ndjson", tmp_path / "there.ndjson"
    link.symlink_to(led_to)
    for _ in range(2):
        assert motcua(running, "import", *files, "--rejects", str(link))[0] == 3
        assert link.is_symlink()
        assert json.loads(led_to.read_text())["line"] == 2


def test_all_words_are_drafted_whatever_stands_in_them(running: Running, tmp_path: Path) -> None:
    odd = "thủ tục [/b] \x7f\x01\\ {n}"
    export, columns, mapping = small_files(
        tmp_path, *(small(f"WW-{n}", procedure=odd.format(n=n)) for n in range(2_500))
    )
    drafted = tmp_path / "nhap.toml"
    status, printed = motcua(running, "move", "draft", export, columns, mapping, "--output", str(drafted))
    assert status == 0, printed
    assert len(tomllib.loads(drafted.read_text())["procedures"]) == 2_500


def test_old_codes_of_any_form_go_on_working(running: Running, tmp_path: Path) -> None:
    """Most of the codes that receipts bear have slashes, some have blanks and signs."""
    codes = ["123/BN-UBND", "000.00.16.H50-190304-0001", "HS 7/2019 (bổ sung)", "A+B#1?x=y&z"]
    files = small_files(tmp_path, *map(small, codes))
    status, printed = motcua(running, "import", *files)
    assert status == 0, printed
    with running.client("intake", "admin", "44") as client:
        for code in codes:
            part = quote(code, safe="")
            found = client.get(f"/v1/dossiers/{part}")
            assert (found.status_code, found.json()["legacy_code"]) == (200, code)
            assert client.get(f"/v1/dossiers/{part}/events").status_code == 200
            followed = httpx.get(f"{running.addresses.intake}/v1/track/{part}")
            assert (followed.status_code, followed.json()["code"]) == (200, found.json()["code"])
        assert client.get("/v1/dossiers/123/BN-UBND").status_code == 404
        assert client.get("/v1%2Fdossiers").status_code == 404


def test_nothing_is_signed_while_an_import_runs(running: Running, tmp_path: Path) -> None:
    files = small_files(tmp_path, small("SS-1"))
    words = ("move", "sign", *files, "--by", "An", "--output", str(tmp_path / "ky.json"))
    place = urlsplit(running.addresses.intake)
    assert place.hostname is not None
    with running.client("intake", "admin", "44") as client:
        head = (
            "POST /v1/imports HTTP/1.1\r\nHost: intake\r\nContent-Type: application/x-ndjson\r\n"
            f"Authorization: {client.headers['Authorization']}\r\nContent-Length: 100\r\n\r\n"
        )
        with socket.create_connection((place.hostname, place.port)) as wire:
            wire.sendall(head.encode() + b"\n")
            eventually(lambda: client.get("/v1/imports").json()["items"][0]["state"] == "running")
            status, printed = motcua(running, *words)
            assert (status, "An import runs" in printed) == (1, True), printed
        eventually(lambda: client.get("/v1/imports").json()["items"][0]["state"] != "running")
    status, printed = motcua(running, *words)
    assert status == 0, printed


def test_the_page_is_right(running: Running, tmp_path: Path) -> None:
    """Its export goes in by its mapping."""
    page = (Path(__file__).parents[2] / "docs" / "move.md").read_text(encoding="utf-8")
    export, mapping = tmp_path / "cu.csv", tmp_path / "anh-xa.toml"
    for file, form in ((export, "csv"), (mapping, "toml")):
        found = re.search(rf"^```{form}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
        assert found
        file.write_text(found[1].replace("HT-", "TR-"), encoding="utf-8")
    status, printed = motcua(running, "import", str(export), "--mapping", str(mapping))
    assert status == 0, printed
    with running.client("intake", "admin", "44") as client:
        assert client.get("/v1/dossiers/TR-2").json()["legacy_code"] == "TR-2"
