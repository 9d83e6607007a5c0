"""The contracts that were released, kept as they were in `contracts/`, and what has changed since the last of them.

Whoever breaks one on purpose says so where it is decided: in docs/decisions, in a block that names the release.

    ```breaks 0.1.0
    intake answer_field_gone Dossier.holder
    ```

A break that no decision declares fails the check; so does a declaration of what is not broken."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from services.breaking import KINDS, Change, changes
from services.language import said
from services.refusals import Refused

_ROOT = Path(__file__).parent.parent
_ROOMS = ("intake", "routing", "stats")
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_DECLARED = re.compile(r"^```breaks (\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_OPERATIONS = 2  # that are named of those that a change concerns


@dataclass(frozen=True)
class Comparison:
    """What has changed since `release`, by room; which decision declares which break."""

    release: str
    changes: tuple[tuple[str, Change], ...]
    declared: dict[str, str]

    @property
    def undeclared(self) -> list[str]:
        """Breaks that nobody has decided."""
        return [line for line in self._breaks() if line not in self.declared]

    @property
    def idle(self) -> list[str]:
        """What is declared, and not broken."""
        return sorted(self.declared.keys() - set(self._breaks()))

    def _breaks(self) -> list[str]:
        return [f"{room} {change.key}" for room, change in self.changes if change.breaks]


def versions(folder: Path) -> list[str]:
    """All releases that are kept, the last one last."""
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return sorted(filter(_VERSION.fullmatch, names), key=_order)


def compare(root: Path | None = None) -> Comparison:
    """The committed contracts with those of the last release."""
    root = root or _ROOT
    kept = versions(root / "contracts")
    if not kept:
        raise Refused("Chưa có bản phát hành nào trong contracts/ · no release in contracts/ to compare with")
    release = kept[-1]
    found = [
        (room, change)
        for room in _ROOMS
        for change in changes(_read(_kept(root, release, room)), _read(_committed(root, room)))
    ]
    return Comparison(release, tuple(found), _declarations(root / "docs" / "decisions", release))


def keep(version: str, root: Path | None = None) -> None:
    """Keep the committed contracts as those of a release. It is for good: what is kept is not written over."""
    if not _VERSION.fullmatch(version):
        raise Refused(f"{version}: cần dạng 1.2.3 · a release is named like 1.2.3")
    root = root or _ROOT
    kept = versions(root / "contracts")
    if kept and _order(version) <= _order(kept[-1]):
        raise Refused(f"{version}: phải sau {kept[-1]} · it must come after {kept[-1]}")
    if kept and (missing := compare(root).undeclared):
        raise Refused(f"chưa quyết định · not decided: {'; '.join(missing)}")
    for room in _ROOMS:
        _kept(root, version, room).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_committed(root, room), _kept(root, version, room))


def table(comparison: Comparison) -> Table:
    """The changes for people: what breaks, where, which operations it concerns, and who decided it."""
    title = said(f"Hợp đồng so với bản {comparison.release}", f"Contracts against release {comparison.release}")
    shown = Table(title=title, title_style="bold")
    for heading in (
        said("Dịch vụ", "Service"),
        said("Chỗ", "Where"),
        said("Thay đổi", "Change"),
        said("Thao tác", "Operations"),
        said("Quyết định", "Decision"),
    ):
        shown.add_column(heading, overflow="fold")
    for room, change in comparison.changes:
        breaks, vietnamese, english = KINDS[change.kind]
        words = f"{said(vietnamese, english)} ({change.kind})"
        what = ": ".join(filter(None, (words, "; ".join(change.details))))
        decided = comparison.declared.get(f"{room} {change.key}", said("chưa có", "none") if breaks else "–")
        style = None if not breaks else "red" if f"{room} {change.key}" in comparison.undeclared else "yellow"
        shown.add_row(*map(escape, (room, change.place, what, _named(change), decided)), style=style)
    return shown


def _named(change: Change) -> str:
    more = len(change.operations) - _OPERATIONS
    return ", ".join(change.operations[:_OPERATIONS]) + (f" +{more}" if more > 0 else "")


def _declarations(folder: Path, release: str) -> dict[str, str]:
    """Each declared break with the number of its decision."""
    return {
        line.strip(): page.name[:4]
        for page in sorted(folder.glob("[0-9]*.md"))
        for named, lines in _DECLARED.findall(page.read_text(encoding="utf-8"))
        if named == release
        for line in lines.splitlines()
        if line.strip()
    }


def _order(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _kept(root: Path, version: str, room: str) -> Path:
    return root / "contracts" / version / f"{room}.json"


def _committed(root: Path, room: str) -> Path:
    return root / f"{room}_service" / "openapi.json"


def _read(path: Path) -> dict[str, object]:
    document: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return document
