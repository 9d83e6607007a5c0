#!/usr/bin/env python3
"""Prove that nothing between two anchors was changed: no event, and no record of who read personal data. Needs Python
3.9 or newer and nothing else; no database.

    python3 verify_anchors.py EVENTS FIRST LAST [--stamp FILE --authority FILE]

EVENTS  what the province hands over: the events and the records of readings between the two anchors
        (GET /v1/anchors/LAST/events?after=FIRST)
FIRST   the text of the earlier anchor, as you kept it; "-" where the events begin with the first of all
LAST    the text of the later anchor, as you kept it

--stamp, --authority: the time stamp on LAST, and the certificates (PEM) of the authority that you trust; checked by
`openssl`, which must be installed for it.

Exit status 0: nothing was changed. 1: something was; each finding is told. 2: it could not be looked at.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

_NAMES_1 = ("number", "taken_at", "last_event", "events", "digest", "edition", "previous")
#: Of each format of an anchor, its lines. The first was taken before readings were recorded.
ANCHORS = {"motcua-anchor/1": _NAMES_1, "motcua-anchor/2": (*_NAMES_1[:-1], "readings", "previous")}
EVENTS = ("motcua-events/1", "motcua-events/2")
NOTHING = "0" * 64
#: What each line that follows them holds, and nothing beside it: an event, a record of a reading, an anchor.
_EVENT = frozenset({"before", "text", "hash"})
_READING = _EVENT | {"agency"}
_ANCHOR = frozenset({"anchor"})
_HASH = re.compile("[0-9a-f]{64}")
_NUMBER = re.compile("0|[1-9][0-9]{0,17}")
#: Where a record of a reading names the agency in whose chain it stands: behind number, instant, subject and role.
_AGENCY = 4


class Unreadable(Exception):
    """What was given is not what it should be."""


class Anchor(NamedTuple):
    """What of an anchor's text is looked at, and the text's SHA-256. readings: how many records of readings there are
    in all, and the SHA-256 over the ends of their chains; None where it binds none."""

    number: int
    events: int
    digest: str
    readings: str | None
    previous: str
    root: str


def anchor_of(text: str) -> Anchor:
    """What an anchor's text says."""
    first, *lines = text.split("\n")
    said = dict(line.split(" ", 1) for line in lines[:-1])
    names = ANCHORS.get(first)
    if names is None or lines[-1:] != [""] or tuple(said) != names or len(lines) != len(names) + 1:
        raise Unreadable(f"an anchor is {' or '.join(ANCHORS)} and then {', '.join(names or _NAMES_1)}, a line each")
    root = hashlib.sha256(text.encode()).hexdigest()
    digest, previous = hash_of(said["digest"]), hash_of(said["previous"])
    return Anchor(number_of(said["number"]), number_of(said["events"]), digest, said.get("readings"), previous, root)


def hash_of(given: Any) -> str:
    """A SHA-256 in hex."""
    if not isinstance(given, str) or not _HASH.fullmatch(given):
        raise Unreadable("a hash is 64 hex digits")
    return given


def number_of(given: str) -> int:
    """A number as it is written here, in one way only."""
    if not _NUMBER.fullmatch(given):
        raise Unreadable("a number is digits")
    return int(given)


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON. What is named twice could be read in two ways."""
    if len(dict(pairs)) != len(pairs):
        raise Unreadable("a name stands twice in one line")
    return dict(pairs)


def line_of(text: str) -> dict[str, Any]:
    """A line behind the first, which is one of three things and says nothing else."""
    given = json.loads(text, object_pairs_hook=once)
    if not isinstance(given, dict) or frozenset(given) not in (_EVENT, _READING, _ANCHOR):
        raise Unreadable("a line is an event, a record of a reading, or an anchor")
    return given


def is_made(given: dict[str, Any]) -> bool:
    """Whether its hash is of what it says. The hash before is whole, or a part of the text would count to it."""
    made = hashlib.sha256(bytes.fromhex(given["before"]) + given["text"].encode()).hexdigest()
    return made == given["hash"] and bool(_HASH.fullmatch(given["before"]))


class Readings:
    """The chains of records of readings, one an agency, as they grow."""

    def __init__(self, ends: str) -> None:
        self._ends: dict[int, tuple[int, str]] = {}
        for line in ends.splitlines():
            agency, number, made = line.split(" ")
            self._ends[number_of(agency)] = number_of(number), hash_of(made)

    def told(self) -> str:
        """As an anchor has it: how many, and the SHA-256 over the ends."""
        ends = "".join(f"{agency} {number} {made}\n" for agency, (number, made) in sorted(self._ends.items()))
        return f"{sum(number for number, _ in self._ends.values())} {hashlib.sha256(ends.encode()).hexdigest()}"

    def follow(self, given: dict[str, Any]) -> Iterator[str]:
        """What does not fit in the next record."""
        agency, said = given["agency"], given["text"].split("\n")
        where = f"reading {said[0]} of agency {agency}"
        last, before = self._ends.get(agency, (0, NOTHING))
        if not is_made(given):
            yield f"{where}: it does not say what was hashed"
        if said[_AGENCY : _AGENCY + 1] != [str(agency)]:
            yield f"{where}: it is of another agency"
        if (said[0], given["before"]) != (str(last + 1), before):
            yield f"{where}: it does not follow from the reading before it"
        self._ends[agency] = last + 1, given["hash"]


def read(path: str) -> str:
    """A file as text, line ends as they are."""
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def findings(
    lines: Iterator[str], first: Anchor | None, last: Anchor, seen: Counter[str] | None = None
) -> Iterator[str]:
    """What does not fit, one after the other. lines: of EVENTS. first: None, from the beginning. seen: is told how many
    events and readings were looked at."""
    seen = Counter() if seen is None else seen
    about = json.loads(next(lines, "{}"), object_pairs_hook=once)
    if about.get("format") not in EVENTS:
        raise Unreadable(f"the events do not begin with their format, {' or '.join(EVENTS)}")
    known = first.readings if first else None
    bind = known is not None  # once readings are bound, each anchor binds them
    readings = Readings(about.get("ends", "") if known is not None else "")
    if known is not None and readings.told() != known:
        yield "the ends of the records of readings are not those of the anchor that you hold"
    before, number = (first.root, first.number) if first else (NOTHING, 0)
    digest, count = hashlib.sha256(), 0
    #: Of each dossier its last event: number and hash.
    ends: dict[str, tuple[int, str]] = {}
    unbound = False
    for line in lines:
        given = line_of(line)
        if "anchor" in given:
            anchor = anchor_of(given["anchor"])
            where = f"anchor {anchor.number}"
            if anchor.number != number + 1:
                yield f"{where}: anchor {number + 1} should stand here"
            if anchor.previous != before:
                yield f"{where}: it does not follow from the anchor before it"
            if anchor.events != count:
                yield f"{where}: it binds {anchor.events} events, and there are {count}"
            elif anchor.digest != digest.hexdigest():
                yield f"{where}: the events are not those that it binds"
            told, bind = readings.told(), bind or anchor.readings is not None
            if anchor.readings != told and (bind or unbound):
                yield f"{where}: it binds readings {anchor.readings or '-'}, and there are {told}"
            before, number = anchor.root, anchor.number
            digest, count, unbound = hashlib.sha256(), 0, False
            continue
        if "agency" in given:
            yield from readings.follow(given)
            seen["readings"] += 1
            unbound = True
            continue
        code, sequence, _ = given["text"].split("\n", 2)
        where = f"event {sequence} of {code}"
        if not is_made(given):
            yield f"{where}: it does not say what was hashed"
        seq = int(sequence) if _NUMBER.fullmatch(sequence) else 0
        # Of a dossier that was there before the first anchor, what went before is not told.
        unseen = (seq - 1, given["before"]) if first is not None and seq > 1 else (0, NOTHING)
        if (seq - 1, given["before"]) != ends.get(code, unseen):
            yield f"{where}: it does not follow from the event before it"
        ends[code] = seq, given["hash"]
        digest.update(bytes.fromhex(given["hash"]))
        seen["events"] += 1
        count += 1
    if unbound:
        yield "records of readings stand behind the last anchor"
    if count:
        yield f"{count} events stand behind the last anchor"
    if number != last.number or before != last.root:
        yield "the events do not end with the anchor that you hold"


def stamp_finding(path: str, stamp: str, authority: str) -> str | None:
    """What is wrong with a time stamp, or None."""
    for file in (stamp, authority):
        open(file, "rb").close()  # what is not there cannot be looked at, and proves nothing
    command = ["openssl", "ts", "-verify", "-data", path, "-in", stamp, "-CAfile", authority]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Unreadable("openssl is not installed: the stamp cannot be looked at") from None
    if done.returncode == 0:
        return None
    return f"the stamp does not hold, openssl says: {' '.join(done.stderr.split())}"


def stamped_at(stamp: str) -> str:
    """When the authority says that it was, by its own clock; a stamp that holds may have been made at any time."""
    command = ["openssl", "ts", "-reply", "-in", stamp, "-text"]
    told = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False).stdout
    return next((line.split(": ", 1)[1] for line in told.splitlines() if line.startswith("Time stamp: ")), "?")


def plain(text: str) -> str:
    """For a terminal: what is quoted from a file could move its cursor, and write over what was found."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console that knows no Vietnamese is told all the same
            stream.reconfigure(errors="backslashreplace")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("events", "first", "last"):
        parser.add_argument(name, metavar=name.upper())
    parser.add_argument("--stamp")
    parser.add_argument("--authority")
    given = parser.parse_args(arguments)
    if bool(given.stamp) != bool(given.authority):
        parser.error("--stamp and --authority go together")
    wrong, seen = False, Counter[str]()
    try:
        first, last = None if given.first == "-" else anchor_of(read(given.first)), anchor_of(read(given.last))
        if first is not None and first.number >= last.number:
            raise Unreadable("the first anchor is not the earlier one")
        with open(given.events, encoding="utf-8", newline="\n") as lines:
            for finding in findings(lines, first, last, seen):
                wrong = True
                print(plain(finding))
        unstamped = stamp_finding(given.last, given.stamp, given.authority) if given.stamp else None
        if unstamped is not None:
            wrong = True
            print(plain(unstamped))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, MemoryError, Unreadable) as error:
        print(plain(f"cannot be looked at: {error or type(error).__name__}"), file=sys.stderr)
        return 2
    if not wrong:
        events, readings = seen["events"], seen["readings"]
        print(
            f"Đã kiểm tra {events} sự kiện, {readings} lượt xem · {events} events, {readings} readings were looked at"
        )
        if not events + readings:
            print("Giữa hai mốc không có gì để chứng minh · between the two anchors there is nothing to be proven")
        if given.stamp:
            at = plain(stamped_at(given.stamp))
            print(f"Mốc sau được đóng dấu lúc {at} · the later anchor was stamped at {at}")
        print("Không có gì bị thay đổi · nothing was changed between the two anchors")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
