"""A mapping file and an export: what they say, and what is wrong with them."""

import os
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.move.comparison import compared, differing
from services.move.mapping_file import read_mapping
from services.move.records import Export, lines_of
from services.move.scanning import scanned
from services.move.seen import Cell, Problem, Seen
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
        ((";Đã trả", ""), Problem(2, "", "too_few_cells")),
        ((";04/03/2019 10:00;Đã trả", ""), Problem(2, "", "too_few_cells")),
        (("HT-1", "#N/A"), Problem(2, "legacy_code", "spoilt")),
        (("HT-1", "1,23457E+12"), Problem(2, "legacy_code", "spoilt")),
        (("HT-1", "=A1&B1"), Problem(2, "legacy_code", "spoilt")),
        (("Nguyễn Thị Đào", "#REF!"), Problem(2, "applicant.name", "spoilt")),
        (("04/03/2019 08:10", "########"), Problem(2, "accepted_at", "spoilt")),
        (("Khai sinh", '="Khai tử"'), Problem(2, "procedure", "unmapped")),
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
    made.source.path.write_bytes(
        (HEAD + GOOD).encode() + GOOD.replace("Đào", "Dao").encode("latin-1", "replace") + b"\xff\n"
    )
    with pytest.raises(Mistyped, match=r"utf-8"):
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


def test_two_units_of_one_code_in_a_month_are_added_up(tmp_path: Path) -> None:
    """One ended within the month, and the other took its code: the export knows the code alone."""
    seen = Seen()
    list(export(tmp_path, GOOD + GOOD.replace("HT-1", "HT-2")).records(seen))
    one = {"agency": "19333", "month": "2019-03", "received": 1, "finished": 1, "on_time": 1, "late": 0}
    (line,) = compared(seen, [one, one])
    assert line.export == line.ours == Cell(2, 2, 2, 0)


def test_a_fixed_instant_is_of_the_day_that_it_was_in_vietnam(tmp_path: Path) -> None:
    fixed = MAPPING.replace('accepted_at = "Ngày tiếp nhận"\n', "").replace(
        "[fixed]\n", '[fixed]\naccepted_at = "2019-03-31T20:00:00+00:00"\n'
    )
    open_one = "HT-1;Khai sinh;UBND phường 1;Trực tiếp;Nguyễn Thị Đào;;;;Đang xử lý\n"
    seen = Seen()
    ((_, record),) = export(tmp_path, open_one, mapping=fixed).records(seen)
    assert isinstance(record, dict)
    assert (record["accepted_at"], list(seen.cells())) == ("2019-04-01T03:00:00+07:00", [("19333", "2019-04")])
    cut = export(tmp_path, open_one, mapping=f"cutover = 2019-04-01\n{fixed}")
    assert [made for _, made in cut.records(Seen())] == [Problem(2, "accepted_at", "after_the_cutover")]


def test_lines_that_are_rejected_are_in_no_month(tmp_path: Path) -> None:
    april = GOOD.replace("HT-1", "HT-2").replace("/03/", "/04/")
    broken = GOOD.replace("HT-1", "HT-3").replace("Khai sinh", "?")
    three = export(tmp_path, GOOD + april + broken + GOOD.replace("HT-1", "HT-4"))
    assert scanned(three, [3, 4, 5]).cells() == {("19333", "2019-03"): Cell(1, 1, 1, 0)}
    assert scanned(three).cells()["19333", "2019-03"] == Cell(2, 2, 2, 0)


def test_a_text_that_a_spreadsheet_was_kept_from_counting(tmp_path: Path) -> None:
    (record,), _ = read(export(tmp_path, GOOD.replace("HT-1", '="000123"').replace("Khai sinh", '="Khai sinh"')))
    assert (record["legacy_code"], record["procedure"]) == ("000123", "1.001193")


def test_a_code_that_stands_again_is_one_dossier(tmp_path: Path) -> None:
    """However far apart the lines are, and whether they say the same: the first that can goes in."""
    odd = GOOD.replace("04/03/2019 08:10", "hôm qua")
    rows = odd + GOOD + GOOD.replace("HT-1", "HT-2") + GOOD + GOOD.replace("HT-1", " ht-1 ").replace("ht-1", "HT-1")
    _, seen = read(export(tmp_path, rows))
    assert seen.problems == {("accepted_at", "not_a_date"): 1, ("legacy_code", "repeated"): 2}
    assert seen.first["legacy_code", "repeated"] == [5, 6]
    assert seen.to_compare() == {("19333", "2019-03"): Cell(2, 2, 2, 0)}


def test_what_has_no_code_of_the_other_system_is_not_compared(tmp_path: Path) -> None:
    _, seen = read(export(tmp_path, GOOD + GOOD.replace("HT-1", "")))
    assert seen.without_code == 1
    assert seen.cells() == {("19333", "2019-03"): Cell(2, 2, 2, 0)}
    assert seen.to_compare() == {("19333", "2019-03"): Cell(1, 1, 1, 0)}


def test_instants_with_an_offset_are_of_the_day_that_it_was_in_vietnam(tmp_path: Path) -> None:
    """The month of the comparison, and the day of the cut-over."""
    mapping = MAPPING.replace("[columns]", 'dates = ["%Y-%m-%dT%H:%M:%S%z"]\ncutover = 2019-04-01\n[columns]', 1)
    row = "HT-1;Khai sinh;UBND phường 1;Trực tiếp;Đào;2019-03-31T{hour}:00:00+0000;;;Đang xử lý\n"
    (record,), _ = read(export(tmp_path, row.format(hour="16"), mapping=mapping))
    assert record["accepted_at"] == "2019-03-31T23:00:00+07:00"
    (made,), _ = read(export(tmp_path, row.format(hour="17"), mapping=mapping))
    assert made == Problem(2, "accepted_at", "after_the_cutover")
    _, seen = read(export(tmp_path, row.format(hour="17"), mapping=mapping.replace("2019-04-01", "2020-01-01")))
    assert list(seen.cells()) == [("19333", "2019-04")]
    (made,), _ = read(export(tmp_path, row.replace("2019-03-31T{hour}:00:00+0000", "0001-01-01T00:00:00+1400")))
    assert isinstance(made, Problem)


@pytest.mark.parametrize(
    ("cell", "hour"), [("8:10 SA", 8), ("2:30 CH", 14), ("2:30 ch", 14), ("12:05 SA", 0), ("2:30 PM", 14)]
)
def test_halves_of_the_day_are_vietnamese_too(tmp_path: Path, cell: str, hour: int) -> None:
    mapping = MAPPING.replace("[columns]", 'dates = ["%d/%m/%Y %I:%M %p"]\n[columns]', 1)
    row = f"HT-1;Khai sinh;UBND phường 1;Trực tiếp;Đào;04/03/2019 {cell};;;Đang xử lý\n"
    (record,), _ = read(export(tmp_path, row, mapping=mapping))
    assert record["accepted_at"].startswith(f"2019-03-04T{hour:02}:")


@pytest.mark.parametrize("cell", ["1e4", "4.35E+04", "nan", "inf", "1_000", "٤٣٥٢٨", "0", "300000", "-5", "1,2,3"])
def test_what_is_no_number_of_a_day(tmp_path: Path, cell: str) -> None:
    mapping = MAPPING.replace("[columns]", 'dates = ["excel"]\n[columns]', 1)
    row = f'HT-1;Khai sinh;UBND phường 1;Trực tiếp;Đào;"{cell}";;;Đang xử lý\n'
    (made,), _ = read(export(tmp_path, row, mapping=mapping))
    assert made in (Problem(2, "accepted_at", "not_a_date"), Problem(2, "accepted_at", "spoilt"))


def test_a_case_that_is_no_number_is_left_to_intake_to_refuse(tmp_path: Path) -> None:
    mapping = MAPPING.replace("[columns]", '[columns]\ncase = "Trường hợp"', 1)
    head, row = HEAD.strip() + ";Trường hợp\n", GOOD.strip() + ";{case}\n"
    for case, made in (("2", 2), ("9" * 5000, "9" * 5000), ("hai", "hai")):
        (record,), _ = read(export(tmp_path, row.format(case=case), mapping=mapping, head=head))
        assert record["case"] == made


def test_a_blank_cell_means_what_the_mapping_says(tmp_path: Path) -> None:
    rows = GOOD.replace("Trực tiếp", "")
    (record,), _ = read(export(tmp_path, rows))
    assert "channel" not in record
    mapping = MAPPING.replace('"Trực tiếp" =', '"" = "post"\n"Trực tiếp" =')
    (record,), _ = read(export(tmp_path, rows, mapping=mapping))
    assert record["channel"] == "post"


@pytest.mark.parametrize("separator", ["sep=;\r\n", '"sep=;"\n', "SEP=;\n"])
def test_a_first_line_that_says_how_cells_are_parted(tmp_path: Path, separator: str) -> None:
    mapping = MAPPING.replace('delimiter = ";"\n', "")
    body = b"".join(lines_of(export(tmp_path, GOOD, head=separator + HEAD, mapping=mapping), Seen())).split(b"\n")
    assert [number for number, line in enumerate(body, 1) if line] == [3], "and lines are counted with it"


@pytest.mark.parametrize("ends", ["\r\n", "\r"])
def test_lines_that_end_otherwise(tmp_path: Path, ends: str) -> None:
    made = export(tmp_path, (GOOD + GOOD.replace("HT-1", "HT-2")).replace("\n", ends), head=HEAD.replace("\n", ends))
    records, _ = read(made)
    assert [one["legacy_code"] for one in records] == ["HT-1", "HT-2"]


def test_lines_that_do_not_go_in_are_sent_as_blank_ones(tmp_path: Path) -> None:
    """Or the upload would be silent while they are passed over, and be given up."""
    made = list(lines_of(export(tmp_path, GOOD.replace("Khai sinh", "Khai tử") * 2000 + GOOD), Seen()))
    assert len(made) == 2001
    assert b"".join(made[:2000]) == b"\n" * 2000, "a line at a time"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04" + b"\0" * 100, "CSV"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 100, "CSV"),
        (b"\x1f\x8b\x08" + b"\0" * 100, "packed|nén"),
        ((HEAD + GOOD).encode("utf-16"), 'encoding = "utf-16"'),
        (b"", "columns|cột"),
        (b"\n\n\n", "columns|cột"),
        ((HEAD + GOOD).replace(";", ",").encode(), "delimiter"),
        (b"\xff" * 100, "utf-8"),
        (b"x" * 5_000_000, "longer than|dài hơn"),
        (HEAD.encode() + b"y" * 10_000_000, "longer than|dài hơn|too long|quá dài"),
        (HEAD.encode() + GOOD.encode().replace(b"HT-1", b'"HT-1') * 3, "begins on line 2|bắt đầu ở dòng 2"),
        (HEAD.encode() + GOOD.encode() + GOOD.encode().replace(b"HT-1", b'"HT"-1'), "line 3|dòng 3"),
        (HEAD.encode() + GOOD.encode() + GOOD.encode().replace(b"HT-1", b'"H\\"T-1"'), "line 3|dòng 3"),
        (HEAD.encode() + GOOD.encode() + b"\xc4", "cut off|bị cắt"),
    ],
)
def test_a_file_that_is_no_such_export_says_what_to_do(tmp_path: Path, content: bytes, words: str) -> None:
    file, told = tmp_path / "cu.csv", tmp_path / "anh-xa.toml"
    file.write_bytes(content)
    told.write_text(MAPPING, encoding="utf-8")
    with pytest.raises(Mistyped, match=words):
        read(Export(file, read_mapping(told)))


def test_utf_8_is_not_read_as_windows_1258(tmp_path: Path) -> None:
    """Every name would be garbage, and the codes beside them right."""
    mapping = MAPPING.replace("[columns]", 'encoding = "windows-1258"\n[columns]', 1)
    with pytest.raises(Mistyped, match='encoding = "utf-8"'):
        export(tmp_path, mapping=mapping)
    plain = "Tên;".join("abcdefghi") + "\n"
    file = tmp_path / "cu.csv"
    file.write_bytes(plain.encode("cp1258"))
    with pytest.raises(Mistyped, match=r"columns|cột"):
        Export(file, read_mapping(tmp_path / "anh-xa.toml"))


def test_a_utf_16_file_that_was_cut(tmp_path: Path) -> None:
    mapping = MAPPING.replace("[columns]", 'encoding = "utf-16"\n[columns]', 1)
    made = export(tmp_path, GOOD * 3, mapping=mapping, encoding="utf-16")
    made.source.path.write_bytes(made.source.path.read_bytes()[:-1])
    with pytest.raises(Mistyped, match=r"utf-16"):
        read(Export(made.source.path, made.mapping))


def test_an_export_that_is_written_meanwhile(tmp_path: Path) -> None:
    made = export(tmp_path, GOOD)
    lines = made.records(Seen())
    next(lines)
    with made.source.path.open("a") as more:
        more.write(GOOD)
    with pytest.raises(Mistyped, match=r"changed|thay đổi"):
        list(lines)


def test_an_export_is_a_file(tmp_path: Path) -> None:
    """A pipe would be empty when it is read again; and what is gone is told."""
    told, pipe = tmp_path / "anh-xa.toml", tmp_path / "cu.csv"
    told.write_text(MAPPING, encoding="utf-8")
    os.mkfifo(pipe)
    with pytest.raises(Mistyped, match=r"regular|thường"):
        Export(pipe, read_mapping(told))
    pipe.unlink()
    made = export(tmp_path)
    made.source.path.unlink()
    with pytest.raises(Mistyped, match=r"cu.csv"):
        made.source.digest()


def test_a_column_that_holds_no_words_is_told_before_memory_is_full(tmp_path: Path) -> None:
    mapping = MAPPING.replace('agency = "Đơn vị"', 'agency = "Số biên nhận"').replace(
        'legacy_code = "Số biên nhận"\n', ""
    )
    rows = "".join(GOOD.replace("HT-1", f"HT-{number}") for number in range(20_001))
    with pytest.raises(Mistyped, match=r"columns\.agency"):
        read(export(tmp_path, rows, mapping=mapping))


def test_columns_that_are_one_but_for_blanks(tmp_path: Path) -> None:
    mapping = MAPPING.replace('channel = "Kênh"', 'channel = " Kênh  "\n"applicant.address" = "Chủ  hồ sơ"')
    (record,), _ = read(export(tmp_path, mapping=mapping))
    assert record["applicant"]["address"] == record["applicant"]["name"]
