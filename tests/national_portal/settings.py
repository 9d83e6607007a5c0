"""What is set for good when the portal starts, and what a tester may change while it runs."""

from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

Choice: TypeAlias = Literal["refuse", "ignore"]

_CHOICES: dict[str, tuple[Any, ...]] = {
    "success_code": (0, "0", "00"),
    "duplicate_code": (3, -3, "3", "-3"),
    "unknown_fields": get_args(Choice),
    "code_format": ("national", "any"),
    "batch": ("each", "all"),
    "timelines": ("append", "ignore", "refuse"),
    "session_status": (200, 401, 403),
    "rate_status": (200, 429),
    "compare": ("instant", "date"),
}


@dataclass(frozen=True, slots=True)
class Configuration:
    """The portal's identity, from its arguments."""

    username: str = "quangtri"
    password: str = "mật khẩu thử"
    madonvi: str = "000.00.00.H50"
    dstcode: str = "VN:GOV:000.00.00.G22:vpcpdvcqg"
    seed: int = 0
    store: Path | None = None
    host: str = "127.0.0.1"
    port: int = 0


@dataclass(frozen=True, slots=True)
class Settings:
    """How it behaves. docs/national-portal.md says what each means and what is known of the real one."""

    #: Seconds and calls after which a session is stale; 0 calls: any number. session_status: of the refusal.
    session_seconds: float = 1800.0
    session_calls: int = 0
    session_status: int = 200
    #: So many calls in so many seconds are answered; 0: any number. rate_status: of the refusal.
    rate_calls: int = 0
    rate_seconds: float = 1.0
    rate_status: int = 200
    #: Success is a number, its text, or the older "00".
    success_code: int | str = 0
    duplicate_code: int | str = 3
    unknown_fields: str = "refuse"
    code_format: str = "national"
    #: Whether the good items of a batch are kept beside bad ones.
    batch: str = "each"
    #: What becomes of a timeline entry that is there already.
    timelines: str = "append"
    timeline_batch: int = 10
    #: Whether TraCuuHoSo gives the timelines too.
    lookup_timelines: bool = True
    #: Fields of DongBoHoSoMC that are demanded beside those always needed.
    also_required: tuple[str, ...] = ()
    #: Whether ends are compared with due dates as instants or as days.
    compare: str = "instant"

    def changed(self, given: dict[str, Any]) -> "Settings":
        """The settings with some replaced; a ValueError names what is wrong."""
        known = {field.name: field for field in fields(self)}
        for name, value in given.items():
            if name not in known:
                raise ValueError(f"no such setting: {name}")
            if name in _CHOICES:
                if not any(value == each and type(value) is type(each) for each in _CHOICES[name]):
                    raise ValueError(f"{name}: one of {_CHOICES[name]}")
            elif isinstance(getattr(self, name), bool):
                if not isinstance(value, bool):
                    raise ValueError(f"{name}: true or false")
            elif isinstance(getattr(self, name), tuple):
                if not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
                    raise ValueError(f"{name}: a list of names")
            elif isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise ValueError(f"{name}: a number that is not negative")
        values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in given.items()}
        return replace(self, **values)

    def shown(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)
