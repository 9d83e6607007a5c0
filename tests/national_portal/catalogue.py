"""What the portal publishes: procedures, agencies, fields. From the product's reference data, changed by testers.

Invented, because nobody publishes them: the codes of agencies below the province (`H50.01`…), which follow the pattern
seen elsewhere (`H44.45` a department, `H44.100` a commune), and the codes of fields (`LV001`…). Unknown things (who
publishes, components, results, legal basis, fees) are empty, never made up.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, TypeAlias

from tests.national_portal.moments import DATA

Shape: TypeAlias = dict[str, Any]

CORE = re.compile(r"(\d\.\d{6})(?:\.[0-9A-Z]+(?:\.[0-9A-Z]+)*)?", re.ASCII)
_CHANNELS = {"in_person": 1, "online": 2, "post": 3}
UNITS = {"working_day": "Ngày làm việc", "day": "Ngày", "hour": "Giờ", "month": "Tháng"}
UNIT_OF = {name: unit for unit, name in UNITS.items()}
#: kind → the key of its shapes
KEYS = {"procedures": "MATTHC", "agencies": "MADONVI", "fields": "MALINHVUC"}
_LEVELS = {"tinh": "1", "xa": "3"}


def core_of(code: str) -> str | None:
    """The national number of a procedure's code, whoever published it."""
    match = CORE.fullmatch(code)
    return match[1] if match else None


def _lines(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def published_fields() -> list[Shape]:
    """The fields as LayDanhMucLinhVuc gives them."""
    names = sorted({line["field"] for line in _lines("procedures.csv")} - {""})
    return [{"MALINHVUC": f"LV{number:03d}", "TENLINHVUC": name, "MANGANH": ""} for number, name in enumerate(names, 1)]


def published_agencies() -> list[Shape]:
    """The agencies of the province as LayDanhMucCoQuan gives them."""
    found, departments, communes = [], 0, 0
    for line in _lines("agencies_quangtri_2025.csv"):
        if not line["parent_code"]:
            code, level = "000.00.00.H50", "1"
        elif line["level"] == "tinh":
            departments += 1
            code, level = f"H50.{departments:02d}", "2"
        else:
            communes += 1
            code, level = f"H50.{100 + communes}", _LEVELS[line["level"]]
        found.append({"MADONVI": code, "TENDONVI": line["name"], "CAPDONVI": level})
    return found


def published_procedures(fields: list[Shape]) -> list[Shape]:
    """The procedures as LayThuTuc gives them."""
    codes = {field["TENLINHVUC"]: field["MALINHVUC"] for field in fields}
    channels: dict[str, dict[int, list[Shape]]] = defaultdict(lambda: defaultdict(list))
    for line in _lines("procedure_channels.csv"):
        channels[line["code"]][_CHANNELS[line["channel"]]].append(
            {
                "THOIGIANGIAIQUYET": _number(line["value"]) if line["unit"] else None,
                "DONVITINH": UNITS.get(line["unit"], ""),
                "MOTA": line["time_verbatim"],
                "PHILEPHI": [],
            }
        )
    return [
        {
            "MATTHC": line["code"],
            "TENTTHC": line["name"],
            "MACOQUANCONGBO": "",
            "LINHVUCTHUCHIEN": [{"MALINHVUC": codes[name], "TENLINHVUC": name} for name in (line["field"],) if name],
            "TRINHTUTHUCHIEN": [],
            "CACHTHUCTHUCHIEN": [
                {"KENH": channel, "THOIGIAN": lines} for channel, lines in sorted(channels[line["code"]].items())
            ],
            "THANHPHANHOSO": [],
            "YEUCAU": "",
            "DOITUONGTHUCHIEN": [],
            "KETQUATHUCHIEN": [],
            "CANCUPHAPLY": [],
            "COQUANTHUCHIEN": [],
            "TRANGTHAI": 1,
        }
        for line in _lines("procedures.csv")
    ]


def _number(text: str) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() else value


class Catalogue:
    """What is published now: the reference data under what a tester changed. A change of None is a removal."""

    def __init__(self, changes: Iterable[tuple[str, str, Shape | None]] = ()) -> None:
        fields = published_fields()
        given = {
            "fields": fields,
            "agencies": published_agencies(),
            "procedures": published_procedures(fields),
        }
        self.kinds = {kind: {shape[KEYS[kind]]: shape for shape in shapes} for kind, shapes in given.items()}
        self.cores: dict[str, str] = {}
        for kind, code, shape in changes:
            self._set(kind, code, shape)
        self._index()

    def change(self, kind: str, code: str, shape: Shape | None) -> None:
        """Publish a shape under its code, or take it away."""
        self._set(kind, code, shape)
        self._index()

    def procedure(self, code: str) -> Shape | None:
        """A procedure, by its national number."""
        core = core_of(code)
        return self.kinds["procedures"].get(self.cores.get(core or "", ""))

    def terms(self, code: str) -> list[tuple[float, str]]:
        """All limits of a procedure, over its channels and their lines: value and unit."""
        shape = self.procedure(code)
        found = []
        for way in shape["CACHTHUCTHUCHIEN"] if shape else ():
            for line in way.get("THOIGIAN") or ():
                unit, value = UNIT_OF.get(line.get("DONVITINH", "")), line.get("THOIGIANGIAIQUYET")
                if unit and isinstance(value, int | float):
                    found.append((float(value), unit))
        return found

    def _set(self, kind: str, code: str, shape: Shape | None) -> None:
        if shape is None:
            self.kinds[kind].pop(code, None)
        else:
            self.kinds[kind][code] = shape

    def _index(self) -> None:
        self.cores = {core_of(code) or code: code for code in self.kinds["procedures"]}
