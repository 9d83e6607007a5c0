"""`motcua move`: from an export of another system to dossiers here, tried, done, compared and signed off."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.journeys.conftest import Running, await_running, command, start_up, stop

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

    for odd in ("[]", "{", '{"sha256": "x", "format": "motcua-move/1", "by_agency_and_month": []}', "\x00"):
        signed.write_text(odd)
        status, printed = motcua(running, *check)
        assert (status, "was not signed here" in printed) == (1, True), printed

    export.write_text(export.read_text("utf-8-sig") + ROWS[0].format(n=9999), encoding="utf-8")
    status, printed = motcua(running, "move", "compare", str(export), "--mapping", str(mapping))
    assert (status, "801 · 800" in printed) == (3, True), printed


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
