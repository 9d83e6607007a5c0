"""Looks up known weaknesses of everything that is pinned: `make audit`, and a part of `make check`.

Exit status 0: none known, or the advisory service cannot be reached, which is said; 1: some, all are listed with the
version that mends them; 2: the look-up itself failed.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

#: What the services run on is in dev.txt with the same versions.
PINNED = ("dev.txt", "supply.txt", "client.txt", "fuzz.txt")
_LOOK_UP = (*(sys.executable, "-m", "pip_audit", "--disable-pip", "--progress-spinner", "off", "--format", "json"),)
_UNREACHABLE = ("requests.exceptions.", "NameResolutionError", "ServiceError", "timed out")


class Outcome(NamedTuple):
    """What is said, and the exit status."""

    lines: list[str]
    status: int


def outcome(printed: str, complaints: str) -> Outcome:
    """What came of it. printed: the look-up's JSON, or nothing; complaints: what it wrote beside that."""
    try:
        found: list[dict[str, Any]] = json.loads(printed)["dependencies"]
    except (ValueError, KeyError, TypeError):
        if any(word in complaints for word in _UNREACHABLE):
            return Outcome(["Not audited: the advisory service cannot be reached from here."], 0)
        return Outcome([*complaints.strip().splitlines()[-5:], "The look-up failed: see above."], 2)
    unknown = sorted(one["name"] for one in found if "skip_reason" in one)
    if len(unknown) == len(found):
        return Outcome(["Not audited: the advisory service cannot be reached from here."], 0)
    weak = [_told(one, weakness) for one in found for weakness in one.get("vulns", [])]
    lines = [*weak, f"{len(found) - len(unknown)} packages looked up, {len(weak)} known weaknesses."]
    if unknown:
        lines.append(f"Unknown to the advisory service: {', '.join(unknown)}.")
    return Outcome(lines, 1 if weak else 0)


def _told(package: dict[str, Any], weakness: dict[str, Any]) -> str:
    mended = ", ".join(weakness.get("fix_versions", [])) or "no version yet"
    return f"{package['name']} {package['version']}: {weakness['id']}, mended in {mended}"


def main() -> None:
    """Look up every list of pins. Each on its own: the same package may have another version in the other."""
    status = 0
    for name in PINNED:
        command = (*_LOOK_UP, "-r", str(Path(__file__).parent / name))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        told = outcome(done.stdout, done.stderr)
        print("\n".join(f"{name}: {line}" for line in told.lines))
        status = max(status, told.status)
    raise SystemExit(status)


if __name__ == "__main__":
    main()
