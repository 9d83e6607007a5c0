"""A mapping file and an export: what they say, and what is wrong with them."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from services.legacy import Cell, Export, Problem, Seen, lines_of, read_mapping
from services.moving import compared, differing
from services.refusals import Mistyped

MAPPING = """
system = "motcuadientu"
delimiter = ";"

[columns]
legacy_code = "Số biên nhận"
procedure = "Thủ tục"
agency = "Đơn vị"
channel = "Kênh"
"applicant.name" = "Chủ hồ sơ"
accepted_at = "Ngày tiếp nhận"
due_at = "Ngày hẹn trả"
finished_at = "Ngày kết thúc"
status = "Trạng thái"

[fixed]
"applicant.kind" = "person"

[agencies]
"UBND phường 1" = "19333"

[procedures]
"Khai sinh" = "1.001193"

[channels]
"Trực tiếp" = "counter"
"Trực tuyến" = "online"

[statuses]
"Đang xử lý" = "open"
"Đã trả" = "granted"
"Rút" = "withdrawn"
"""
HEAD = "Số biên nhận;Thủ tục;Đơn vị;Kênh;Chủ hồ sơ;Ngày tiếp nhận;Ngày hẹn trả;Ngày kết thúc;Trạng thái\n"
GOOD = "HT-1;Khai sinh;UBND phường 1;Trực tiếp;Nguyễn Thị Đào;04/03/2019 08:10;05/03/2019;04/03/2019 10:00;Đã trả\n"


def export(
    directory: Path, rows: str = GOOD, *, mapping: str = MAPPING, head: str = HEAD, encoding: str = "utf-8"
) -> Export:
    file, told = directory / "cu.csv", directory / "anh-xa.toml"
    file.write_bytes((head + rows).encode(encoding))
    told.write_text(mapping, encoding="utf-8")
    return Export(file, read_mapping(told))


def read(made: Export) -> tuple[list[Any], Seen]:
    seen = Seen()
    return [one for _, one in made.records(seen)], seen


def test_a_line_becomes_a_record(tmp_path: Path) -> None:
    (record,), seen = read(export(tmp_path))
    assert record == {
        "legacy_code": "HT-1",
        "procedure": "1.001193",
        "agency": "19333",
        "channel": "counter",
        "applicant": {"name": "Nguyễn Thị Đào", "kind": "person"},
        "accepted_at": "2019-03-04T08:10:00+07:00",
        "due_at": "2019-03-05T23:59:59+07:00",
        "finished_at": "2019-03-04T10:00:00+07:00",
        "outcome": "granted",
    }
    assert seen.cells() == {("19333", "2019-03"): Cell(1, 1, 1, 0)}
    assert (seen.lines, seen.records, seen.without_code) == (1, 1, 0)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("Trực tiếp", "Qua bạn"), Problem(2, "channel", "unmapped")),
        (("Khai sinh", "Khai tử"), Problem(2, "procedure", "unmapped")),
        (("04/03/2019 08:10", "2019/03/04"), Problem(2, "accepted_at", "not_a_date")),
        (("04/03/2019 08:10", "31/02/2019"), Problem(2, "accepted_at", "not_a_date")),
        (("Đã trả", "Đang xử lý"), Problem(2, "status", "open_with_an_end")),
        ((";04/03/2019 10:00;", ";;"), Problem(2, "finished_at", "ended_without_a_date")),
        (("Đã trả", "Đã trả;x"), Problem(2, "", "too_many_cells")),
    ],
)
def test_a_line_that_does_not_go_in_says_why(tmp_path: Path, change: tuple[str, str], problem: Problem) -> None:
    (made,), seen = read(export(tmp_path, GOOD.replace(*change)))
    assert made == problem
    assert seen.problems == {(problem.field, problem.code): 1}
    assert seen.records == 0


def test_a_day_without_an_hour_begins_what_begins_and_ends_what_ends(tmp_path: Path) -> None:
    """Accepted, finished and promised on one day: it was in time, and in order."""
    row = "HT-1;Khai sinh;UBND phường 1;Trực tiếp;Đào;05/03/2019;05/03/2019;05/03/2019;Đã trả\n"
    for dates, cell in (('["%d/%m/%Y"]', "05/03/2019"), ('["excel"]', "43529")):
        mapping = MAPPING.replace("[columns]", f"dates = {dates}\n[columns]", 1)
        (record,), seen = read(export(tmp_path, row.replace("05/03/2019", cell), mapping=mapping))
        assert record["accepted_at"] == "2019-03-05T00:00:00+07:00"
        assert record["finished_at"] == record["due_at"] == "2019-03-05T23:59:59+07:00"
        assert seen.cells() == {("19333", "2019-03"): Cell(1, 1, 1, 0)}


def test_words_are_compared_without_case_and_blanks(tmp_path: Path) -> None:
    (record,), _ = read(export(tmp_path, GOOD.replace("UBND phường 1", "  ubnd  PHƯỜNG 1")))
    assert record["agency"] == "19333"


def test_a_word_that_is_not_mapped_is_told_with_its_lines(tmp_path: Path) -> None:
    _, seen = read(export(tmp_path, GOOD + GOOD.replace("Khai sinh", "Khai tử") * 5))
    assert seen.unmapped == {("procedure", "Khai tử"): 5}
    assert seen.unmapped_lines["procedure", "Khai tử"] == [3, 4, 5]


def test_codes_that_are_ours_need_no_table(tmp_path: Path) -> None:
    mapping = MAPPING.replace('[procedures]\n"Khai sinh" = "1.001193"\n', "")
    (record,), _ = read(export(tmp_path, GOOD.replace("Khai sinh", "1.001193"), mapping=mapping))
    assert record["procedure"] == "1.001193"


def test_what_was_accepted_after_the_cut_over_stays_out(tmp_path: Path) -> None:
    for day, out in (("2019-03-04", True), ("2019-03-05", False)):
        (made,), _ = read(export(tmp_path, mapping=f"cutover = {day}\n{MAPPING}"))
        assert (made == Problem(2, "accepted_at", "after_the_cutover")) is out


@pytest.mark.parametrize(
    ("cell", "at"), [("43528,5", "2019-03-04T12:00:00+07:00"), ("43528", "2019-03-04T00:00:00+07:00")]
)
def test_days_of_a_spreadsheet_are_numbers(tmp_path: Path, cell: str, at: str) -> None:
    mapping = MAPPING.replace("[columns]", 'dates = ["excel"]\n[columns]', 1)
    row = f"HT-1;Khai sinh;UBND phường 1;Trực tiếp;Đào;{cell};;;Đang xử lý\n"
    (record,), _ = read(export(tmp_path, row, mapping=mapping))
    assert record["accepted_at"] == at


@pytest.mark.parametrize(
    ("name", "encoding"), [("utf-8", "utf-8-sig"), ("utf-16", "utf-16"), ("windows-1258", "cp1258")]
)
def test_an_export_in_another_encoding(tmp_path: Path, name: str, encoding: str) -> None:
    plain = {"Số biên nhận": "SoBN", "Thủ tục": "TT", "Đơn vị": "DV", "Kênh": "K", "Chủ hồ sơ": "CHS"}
    plain |= {"Ngày tiếp nhận": "NTN", "Ngày hẹn trả": "NHT", "Ngày kết thúc": "NKT", "Trạng thái": "T"}
    mapping, head = MAPPING.replace("[columns]", f'encoding = "{name}"\n[columns]', 1), HEAD
    for theirs, short in plain.items():
        mapping, head = mapping.replace(f'"{theirs}"', f'"{short}"'), head.replace(theirs, short)
    mapping = mapping.replace('"Trực tiếp"', '"TT"').replace('"Đã trả"', '"DT"').replace('"UBND phường 1"', '"P1"')
    row = "HT-1;Khai sinh;P1;TT;Đào;04/03/2019;;04/03/2019;DT\n"
    (record,), _ = read(export(tmp_path, row, mapping=mapping, head=head, encoding=encoding))
    assert record["applicant"]["name"] == "Đào"


def test_records_stand_on_the_lines_of_the_export(tmp_path: Path) -> None:
    """A quoted cell over lines, a blank line and a line that does not go in: what intake refuses is found there."""
    long = GOOD.replace("Nguyễn Thị Đào", '"Nguyễn\nThị Đào"').replace("HT-1", "HT-2")
    rows = long + "\n" + GOOD.replace("Khai sinh", "Khai tử") + GOOD.replace("HT-1", "HT-3")
    body = b"".join(lines_of(export(tmp_path, rows), Seen())).split(b"\n")
    found = {number: orjson.loads(line)["legacy_code"] for number, line in enumerate(body, 1) if line}
    assert found == {2: "HT-2", 6: "HT-3"}


@pytest.mark.parametrize(
    ("mapping", "word"),
    [
        ("nothing = [", "TOML"),
        (MAPPING.replace('system = "motcuadientu"', ""), "system"),
        (f"secret = 1\n{MAPPING}", "secret"),
        (MAPPING.replace('"counter"', '"window"'), "channels"),
        (MAPPING.replace("[fixed]", "[fixed]\nagency = '19333'"), "agency"),
        (MAPPING.replace('"person"', '"người"'), "fixed"),
        (MAPPING.replace("legacy_code", "legacy"), "legacy"),
        (MAPPING.replace('accepted_at = "Ngày tiếp nhận"\n', ""), "accepted_at"),
        (MAPPING.replace("[statuses]", '[statuses]\n"đang  XỬ LÝ" = "granted"'), "statuses"),
        (MAPPING.replace("[columns]", 'dates = ["ngày"]\n[columns]', 1), "dates"),
        (MAPPING.replace('"Trực tiếp" = "counter"', '"Trực tiếp" = "counter"\n"Trực tiếp" = "post"'), "TOML"),
        (MAPPING.replace("[columns]", 'encoding = "tcvn3"\n[columns]', 1), "encoding"),
        (MAPPING.replace("[columns]", 'cutover = "hôm nay"\n[columns]', 1), "cutover"),
    ],
)
def test_a_mapping_that_is_none_says_where(tmp_path: Path, mapping: str, word: str) -> None:
    with pytest.raises(Mistyped, match=word):
        export(tmp_path, mapping=mapping)


def test_a_mapping_that_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "anh-xa.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Mistyped, match="UTF-8"):
        read_mapping(file)


@pytest.mark.parametrize(
    ("head", "rows", "word"),
    [
        (HEAD.replace("Đơn vị", "Phòng"), GOOD, "Đơn vị"),
        (HEAD.replace("Chủ hồ sơ", "Đơn vị"), GOOD, "Chủ hồ sơ"),
        (HEAD.strip() + ";Đơn vị\n", GOOD, "Đơn vị"),
        ("", "", "columns|cột"),
        (HEAD, GOOD + 'HT-2;"Khai sinh', "3"),
        (HEAD, GOOD + "x" * 1_100_000 + "\n", "3"),
    ],
)
def test_an_export_that_cannot_be_read_says_where(tmp_path: Path, head: str, rows: str, word: str) -> None:
    with pytest.raises(Mistyped, match=word):
        read(export(tmp_path, rows, head=head))


def test_an_export_that_is_no_utf_8_says_so(tmp_path: Path) -> None:
    made = export(tmp_path, GOOD)
    made.file.write_bytes((HEAD + GOOD).encode() + GOOD.replace("Đào", "Dao").encode("latin-1", "replace") + b"\xff\n")
    with pytest.raises(Mistyped, match="utf-8"):
        read(made)


def test_both_sides_are_compared_by_agency_and_month(tmp_path: Path) -> None:
    _, seen = read(export(tmp_path, GOOD + GOOD.replace("HT-1", "HT-2")))
    one = {"agency": "19333", "month": "2019-03", "received": 1, "finished": 1, "on_time": 1, "late": 0}
    other = {**one, "agency": "44"}
    lines = compared(seen, [one, other])
    assert [(line.agency, line.export.received, line.ours.received) for line in lines] == [
        ("19333", 2, 1),
        ("44", 0, 1),
    ]
    assert differing(lines) == 2
    assert differing(compared(seen, [{**one, "received": 2, "finished": 2}])) == 0, "what is in time each side reckons"
