"""The index of Decision 766 in a terminal: a name of two lines stays under its group."""

from rich.console import Console

from services.tables import index_766_table

METRIC = {
    "no": "2",
    "name_vi": "Tỷ lệ thủ tục hành chính được cập nhật, công khai đúng hạn",
    "name_en": "Procedures that are updated and shown in time",
    "numerator": None,
    "denominator": None,
    "ratio": None,
    "score": None,
    "max": "4.00",
}
GROUP = {"code": "CKMB", "name_vi": "Công khai", "name_en": "Open", "score": None, "computed": None, "max": "18.00"}
REPORT = {
    "agency": "44",
    "agency_name": "UBND tỉnh Quảng Trị",
    "period": {"from": "2026-08-01", "to": "2026-08-31"},
    "synthetic": False,
    "rules": {"version": "766/1", "confirmed": False},
    "groups": [{**GROUP, "metrics": [METRIC]}],
    "total": {"max_unavailable": "100.00", "computed": "0.00", "max_computed": "0.00"},
}


def test_a_name_of_two_lines_is_indented_on_both() -> None:
    console = Console(width=80)
    with console.capture() as printed:
        console.print(index_766_table(REPORT))
    lines = printed.get().splitlines()
    first = next(number for number, line in enumerate(lines) if " 2. " in line)
    assert all(line.startswith("│   ") for line in lines[first : first + 2]), lines
