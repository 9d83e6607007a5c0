"""Invented applicants. No id number is ever made, phone numbers begin with 0000 (no subscriber has one), and an
enterprise is called an example, so that nobody can take the data for real."""

from collections.abc import Sequence
from random import Random

from shared.domain.vietnamese import normalised

_FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Hồ", "Võ", "Phan", "Trương", "Đặng", "Bùi", "Đỗ", "Ngô", "Dương")
_MIDDLE = (("Văn", "Đức", "Hữu", "Quang", "Minh", "Công"), ("Thị", "Thị Thu", "Thị Ngọc", "Thanh", "Mỹ", "Khánh"))
_GIVEN = (
    ("An", "Bình", "Cường", "Dũng", "Hải", "Hùng", "Khoa", "Long", "Nam", "Phúc", "Sơn", "Thành", "Tuấn", "Vinh"),
    ("Anh", "Chi", "Dung", "Hà", "Hạnh", "Hoa", "Hương", "Lan", "Linh", "Mai", "Nga", "Phương", "Thảo", "Yến"),
)
_WORTH = tuple(range(len(_FAMILY) * 3, 0, -3))  # the first family names are the most frequent


def person(rng: Random, place: str) -> dict[str, str]:
    """A person of `place`; most leave a phone number and an address."""
    side = rng.random() < 0.5
    name = f"{rng.choices(_FAMILY, _WORTH)[0]} {rng.choice(_MIDDLE[side])} {rng.choice(_GIVEN[side])}"
    found = {"kind": "person", "name": name}
    if rng.random() < 0.85:
        found["phone"] = phone(rng)
    if rng.random() < 0.7:
        found["address"] = _address(rng, place)
    return found


def enterprise(rng: Random, place: str) -> dict[str, str]:
    """A business, an organisation or a public agency, named as an example."""
    kind, title = rng.choices(
        (
            ("business", "Công ty TNHH Ví dụ"),
            ("business", "Hợp tác xã Ví dụ"),
            ("organisation", "Hội Ví dụ"),
            ("agency", "Đơn vị sự nghiệp Ví dụ"),
        ),
        (70, 15, 9, 6),
    )[0]
    return {"kind": kind, "name": f"{title} {rng.randrange(1, 2000)}", "phone": phone(rng), "address": place}


def _address(rng: Random, place: str) -> str:
    if place.startswith("tỉnh"):
        return place
    town = place.startswith(("Phường", "Thị trấn", "Thành phố", "Thị xã"))
    return f"{rng.choice(('Khu phố', 'Tổ')) if town else 'Thôn'} {rng.randrange(1, 13)}, {place}"


def phone(rng: Random) -> str:
    """Ten digits that no network in Vietnam gives out."""
    return f"0000{rng.randrange(1_000_000):06d}"


def place_of(names: Sequence[str]) -> str:
    """`UBND Phường 1`, `UBND Thành phố Đông Hà` → `Phường 1, Thành phố Đông Hà`."""
    return ", ".join(normalised(name.removeprefix("UBND ")) for name in names)
