"""How what is published differs from ours. Pure.

Whatever is published is a proposal: no version of a procedure begins, changes or ends before somebody approves it. What
is not said (an empty field, a limit without a unit) is no difference.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

import orjson

from intake_service.catalogue.rules import Published
from intake_service.procedures.rules import TermRow, terms_of
from shared.domain.explanation import term_name
from shared.domain.lifecycle import Channel
from shared.domain.terms import Term, TermUnit
from shared.reference import ProcedureVersion
from shared.web.problems import Reason


class Change(StrEnum):
    """What a proposal would do."""

    NEW = "new"
    CHANGED = "changed"
    GONE = "gone"


class Difference(NamedTuple):
    """One field of a procedure, as ours has it and as it is published; None: there is none."""

    field: str
    ours: str | None
    published: str | None


@dataclass(frozen=True, slots=True)
class Ours:
    """A procedure of ours, in force."""

    version: ProcedureVersion
    publisher: str | None
    issuer: str


def differences(ours: Ours, theirs: Published) -> tuple[Difference, ...]:
    """What is published otherwise than ours has it. What it does not say is no difference."""
    version = ours.version
    said = [
        Difference("name", version.name, theirs.name),
        Difference("sector", version.sector, theirs.sector or version.sector),
        Difference("issuer", ours.issuer, theirs.issuer or ours.issuer),
        Difference("publisher", ours.publisher, theirs.publisher if theirs.publisher else ours.publisher),
    ]
    if theirs.channels:
        for channel in Channel:
            cases = version.cases.get(channel)
            here = _terms(tuple(cases.values())) if cases else None
            there = _published_terms(theirs, channel)
            if there == "":  # it is offered, and how long it takes is not said
                there = here if here is not None else _terms(())
            said.append(Difference(f"terms.{channel.name.lower()}", here, there))
    return tuple(one for one in said if one.ours != one.published)


def terms_to_be(ours: Sequence[TermRow], theirs: Published) -> tuple[TermRow, ...]:
    """The terms of the version that takes over what is published: ours where it says nothing."""
    if not theirs.channels:
        return tuple(ours)
    rows: list[TermRow] = []
    for channel in Channel:
        lines = [line for line in theirs.lines if line.channel is channel]
        kept = [row for row in ours if row.channel is channel]
        if channel not in theirs.channels:
            continue
        if any(line.limit for line in lines) or not kept:
            rows += terms_of([channel], None, lines)
        else:
            rows += kept
    return tuple(rows)


def _published_terms(theirs: Published, channel: Channel) -> str | None:
    if channel not in theirs.channels:
        return None
    lines = [line for line in theirs.lines if line.channel is channel]
    if not any(line.limit for line in lines):
        return ""
    return _terms([row.term for row in terms_of([channel], None, lines)])


def _terms(terms: Iterable[Term]) -> str:
    """The terms of a way, the one that holds first; lines that name no unit are none."""
    first, *others = [term_name(term).vi for term in terms if term.unit is not TermUnit.NONE] or ["không quy định"]
    return "; ".join([first, *sorted(set(others) - {first})])


def difference_of_new(theirs: Published) -> tuple[Difference, ...]:
    """All that a procedure says that we do not have."""
    said = [
        Difference("name", None, theirs.name),
        Difference("sector", None, theirs.sector),
        Difference("issuer", None, theirs.issuer),
        *(Difference(f"terms.{c.name.lower()}", None, _published_terms(theirs, c)) for c in sorted(theirs.channels)),
    ]
    return tuple(one for one in said if one.published)


def digest(change: Change, found: Sequence[Difference]) -> bytes:
    """What a proposal is known again by: the same was rejected before, or waits already."""
    return sha256(orjson.dumps([change, *map(list, found)])).digest()


def matching(code: str, core: str, versions: Mapping[str, ProcedureVersion]) -> ProcedureVersion | Reason | None:
    """Ours by the published code, or by its national core where one of ours alone has it. versions: in force, by code.
    A reason: several have it, and nobody has said which."""
    if code in versions:
        return versions[code]
    alike = [version for version in versions.values() if version.core == core]
    if len(alike) > 1:
        return Reason("MATTHC", "catalogue_several_of_ours", {"codes": ", ".join(sorted(v.code for v in alike)[:5])})
    return alike[0] if alike else None
