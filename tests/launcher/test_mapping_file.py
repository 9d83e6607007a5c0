"""A mapping file that is wrong says where, and what stands there instead; whatever it is, nothing else happens."""

import os
from pathlib import Path

import pytest

from services.move.mapping_file import MappingFile, read_mapping
from services.refusals import Mistyped
from tests.launcher.test_export import MAPPING


def mapped(directory: Path, text: str | bytes) -> MappingFile:
    file = directory / "anh-xa.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_mapping(file)


def above(line: str) -> str:
    return MAPPING.replace("[columns]", f"{line}\n[columns]", 1)


@pytest.mark.parametrize(
    ("mapping", "word"),
    [
        ("nothing = [", "TOML"),
        ("", "system"),
        ('{"system": "x"}', "TOML.*docs/move.md"),
        ("---\nsystem: x\ncolumns:\n  agency: a\n", "TOML"),
        ("system;x\nagency;Đơn vị\n", "TOML"),
        (MAPPING.replace('system = "motcuadientu"', ""), "system"),
        (MAPPING.replace("motcuadientu", "…"), "system"),
        (MAPPING.replace("motcuadientu", ""), "system"),
        (f"secret = 1\n{MAPPING}", "secret"),
        (MAPPING.replace('"counter"', '"window"'), "channels.*counter, online, post"),
        (MAPPING.replace("[fixed]", "[fixed]\nagency = '19333'"), "agency"),
        (MAPPING.replace('"person"', '"người"'), "fixed"),
        (MAPPING.replace("[fixed]", '[fixed]\noutcome = "xong"'), "fixed.outcome"),
        (MAPPING.replace("[fixed]", '[fixed]\ncase = "hai"'), "fixed.case"),
        (MAPPING.replace("[fixed]", '[fixed]\nsubmitted_at = "04/03/2019"'), "fixed.submitted_at.*07:00"),
        (MAPPING.replace("[fixed]", '[fixed]\nsubmitted_at = "2019-03-04T08:00:00"'), "fixed.submitted_at.*07:00"),
        (MAPPING.replace("[fixed]", '[fixed]\n"supplements.0.requested_at" = "x"'), "fixed.supplements.0.requested_at"),
        (MAPPING.replace("[fixed]", '[fixed]\ncode = "1"'), "fixed.code"),
        (MAPPING.replace("legacy_code", "legacy"), "legacy"),
        (MAPPING.replace('accepted_at = "Ngày tiếp nhận"\n', ""), "accepted_at"),
        (MAPPING.replace('"Ngày tiếp nhận"', '"  "'), "accepted_at"),
        (MAPPING.replace('"Ngày tiếp nhận"', "2019-03-04"), 'columns.accepted_at.*"…"'),
        (MAPPING.replace("[columns]", "[column]"), "columns"),
        (MAPPING.replace("[statuses]", '[statuses]\n"đang  XỬ LÝ" = "granted"'), "statuses"),
        (MAPPING.replace('"Đã trả" = "granted"', '"Đã trả" = "xong"'), "statuses.*withdrawn"),
        (MAPPING.replace('= "19333"', "= 19333"), 'agencies.*"…"'),
        (MAPPING.replace('"Khai sinh" = "1.001193"', "1.001193 = 1.001193"), 'procedures.*"…"'),
        (MAPPING.replace("[statuses]", "[statuses]\ncutover = 2026-12-01"), "statuses.cutover.*(head|đầu tệp)"),
        (MAPPING.replace("[fixed]", 'encoding = "utf-8"\n[fixed]'), "encoding.*(head|đầu tệp)"),
        (MAPPING.replace('"Trực tiếp" = "counter"', '"Trực tiếp" = "counter"\n"Trực tiếp" = "post"'), r"TOML.*\d\d"),
        (f"{MAPPING}\n[columns]\n", "TOML.*(twice|hai lần)"),
        (MAPPING.replace('"counter"', "“counter”"), 'TOML.*"…"'),
        (MAPPING.replace('"Trực tiếp"', "Trực tiếp"), 'TOML.*"Trực tiếp"'),
        (MAPPING.replace('"counter"', '"counter'), "TOML.*(quote|nháy)"),
        (MAPPING.replace('"applicant.name" = "Chủ hồ sơ"', 'applicant.name.first = "Chủ hồ sơ"'), "applicant.name"),
        (MAPPING.replace("[columns]", '[columns]\napplicant.name = "Tên"'), "applicant.name.*(twice|hai lần)"),
        (above('encoding = "tcvn3"'), "encoding.*windows-1258"),
        (above('encoding = "UTF-8"'), "encoding.*utf-8"),
        (above('cutover = "hôm nay"'), "cutover.*2026-12-01"),
        (above("cutover = 20261201"), "cutover.*2026-12-01"),
        (above("cutover = 0"), "cutover.*2026-12-01"),
        (above("cutover = 2026-12-01T08:00:00"), "cutover.*2026-12-01"),
        (above("cutover = 2026-13-01"), "TOML.*(day|ngày)"),
        (above("cutover = 01/12/2026"), "TOML"),
        (above('dates = ["ngày"]'), "dates"),
        (above("dates = []"), "dates"),
        (above('dates = "%d/%m/%Y"'), "dates.*\\["),
        (above('dates = ["%d/%m/%Y %H:%m"]'), "dates.*(no day|ngày)"),
        (above('dates = ["%d/%d/%Y"]'), "dates"),
        (above('dates = ["%m/%Y"]'), "dates"),
        (above('dates = ["%"]'), "dates"),
        (above('dates = ["%d/%m/%Y", "%m/%d/%Y"]'), "dates.*(two|hai)"),
        (above('dates = ["%d/%m/%y", "excel", "%y/%m/%d"]'), "dates.*(two|hai)"),
        (above("x = " + "[" * 100_000), "TOML"),
        (above("x = " + "9" * 10_000), "TOML|x:"),
        (above("a." * 50_000 + "a = 1"), "TOML.*(within|lồng)"),
        (above("x = {" + "a . " * 50_000 + "a = 1}"), "TOML.*(within|lồng)"),
        (above("[" + '"a".' * 50_000 + "a]"), "TOML.*(within|lồng)"),
        (MAPPING.replace("[fixed]", "a." * 7 + "a = 1\n[fixed]"), "a.a.a"),
        (above('"' + "k" * 1_000_000 + '" = 1'), "k…"),
        (MAPPING + "".join(f'"lạ {number}" = "lạ"\n' for number in range(1000)), "(990|992) "),
        (b"\xff\xfe\x00", "UTF-8"),
        (MAPPING.encode("utf-16"), "UTF-8"),
        (MAPPING.encode("cp1258", "replace"), "UTF-8"),
        (MAPPING.encode() + b"\0", "TOML"),
        (b" " * 5_000_000, "large|lớn"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, mapping: str | bytes, word: str) -> None:
    with pytest.raises(Mistyped, match=f"(?s){word}") as told:
        mapped(tmp_path, mapping)
    lines = str(told.value).splitlines()
    assert len(lines) < 15, "not everything that is wrong with a file of another kind"
    assert max(map(len, lines)) < 400
    assert str(told.value).replace("\n", "").isprintable()


def test_what_is_no_file_to_read(tmp_path: Path) -> None:
    with pytest.raises(Mistyped, match=r"gone.toml"):
        read_mapping(tmp_path / "gone.toml")
    with pytest.raises(Mistyped, match=r"large|lớn"):
        read_mapping(Path(os.devnull).with_name("zero"))


def test_it_is_told_in_vietnamese_unless_the_terminal_speaks_english(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapping = MAPPING.replace('= "19333"', "= 19333").replace('system = "motcuadientu"', "").replace('"counter"', "1")
    for language, words in (("vi_VN.UTF-8", "phải nêu"), ("en_US.UTF-8", "is required")):
        monkeypatch.setenv("LC_ALL", language)
        with pytest.raises(Mistyped, match=words) as told:
            mapped(tmp_path, mapping)
        assert "Input should" not in str(told.value)
    monkeypatch.setenv("LC_ALL", "vi_VN.UTF-8")
    with pytest.raises(Mistyped, match=r"dòng 26, cột") as told:
        mapped(tmp_path, MAPPING.replace('"Trực tiếp" = "counter"', "x = y"))
    assert "Invalid" not in str(told.value)


@pytest.mark.parametrize(
    "same",
    [
        MAPPING.encode("utf-8-sig"),
        MAPPING.replace("\n", "\r\n"),
        MAPPING.replace('"applicant.name" =', "applicant.name ="),
        MAPPING.replace("[fixed]", '[fixed]\napplicant.kind = "person"').replace('"applicant.kind" = "person"', "", 1),
        MAPPING.replace('"applicant.kind" = "person"', "").replace("[fixed]", '[fixed.applicant]\nkind = "person"'),
    ],
)
def test_other_ways_to_write_the_same(tmp_path: Path, same: str | bytes) -> None:
    told, other = mapped(tmp_path, MAPPING), mapped(tmp_path, same)
    assert (other.columns, other.fixed, other.tables) == (told.columns, told.fixed, told.tables)


def test_supplements_may_be_named_without_quotes(tmp_path: Path) -> None:
    told = mapped(tmp_path, MAPPING.replace("[columns]", '[columns]\nsupplements.0.requested_at = "Ngày yêu cầu"'))
    assert told.columns["supplements.0.requested_at"] == "Ngày yêu cầu"


def test_a_cut_over_may_be_quoted(tmp_path: Path) -> None:
    assert (
        mapped(tmp_path, above('cutover = "2026-12-01"')).cutover
        == mapped(tmp_path, above("cutover = 2026-12-01")).cutover
    )
