"""A sealed edition as a value: what was asked, what is kept, what may be sealed and corrected. Pure.

Its bytes are JSON in the canonical form of RFC 8785: names in order, no blanks, no fractions (rates are texts). Whoever
doubts an edition can take them apart and hash them with any library that knows the form. Beside this file: `formats`,
what the bytes say; `pictures`, what they were made from; `recounting`, how they are made again; `changes`, what two
editions say differently.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from types import MappingProxyType
from typing import Any, NamedTuple

from shared.contracts.editions import EditionIn, FindingName, ReportAsked, SealedReport, groupings_of
from shared.contracts.stats import CutName, GroupingName
from shared.web.problems import Problem, invalid
from stats_service.periods.rules import FIRST_DAY, LAST_DAY


class Position(NamedTuple):
    """Which events an edition knows: those that `snapshot` (of PostgreSQL) sees. txid, event_id: the last of them in
    the order of the log; None before the first."""

    snapshot: str
    txid: str | None
    event_id: int | None


#: What is asked of one report only, by the names of the interface; the rest is asked of each.
OWN_PARAMETERS: Mapping[SealedReport, tuple[str, ...]] = MappingProxyType(
    {
        "resolution": ("group_by", "cut"),
        "ii-06a": ("form", "rows", "awaiting_supplement_column", "receiver"),
        "annex": (),
    }
)


@dataclass(frozen=True, slots=True)
class Parameters:
    """What was asked, with nothing left to be chosen. group_by: what the rows are; cut: how months are cut, where
    months are rows. The last three are those of table II.06a and its kind."""

    report: SealedReport
    agency: str
    first: date
    last: date
    group_by: str
    cut: CutName = "calendar"
    form: str | None = None
    awaiting_column: int | None = None
    receiver: str | None = None

    def wire(self) -> dict[str, str | int | None]:
        """By the names of the interface."""
        own = {
            "group_by": self.group_by,
            "cut": self.cut,
            "form": self.form,
            "rows": self.group_by,
            "awaiting_supplement_column": self.awaiting_column,
            "receiver": self.receiver,
        }
        return {
            "agency": self.agency,
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
            "units": "then",
            **{name: own[name] for name in OWN_PARAMETERS.get(self.report, ())},
        }

    @property
    def groupings(self) -> tuple[GroupingName, ...]:
        """What group_by names, outermost first."""
        return groupings_of(self.group_by)

    @property
    def identity(self) -> "Parameters":
        """By which two are the same report: all but to whom it is sent, which changes no figure."""
        return replace(self, receiver=None)

    @property
    def stored(self) -> str:
        """As it is kept: the same report has the same text."""
        return canonical(self.wire()).decode()

    @classmethod
    def read(cls, report: SealedReport, text: str) -> "Parameters":
        """As they are stored; what is none names no agency, and no edition can be computed by it."""
        try:
            told: dict[str, Any] = json.loads(text)
            first, last = date.fromisoformat(told["from"]), date.fromisoformat(told["to"])
            rows = told["group_by"] if report == "resolution" else told.get("rows", "agency")
            cut, form, receiver = told.get("cut", "calendar"), told.get("form"), told.get("receiver")
            if not all(isinstance(each, str) for each in (told["agency"], rows, cut, form or "", receiver or "")):
                raise TypeError("no text")
            if not FIRST_DAY <= first <= last <= LAST_DAY:
                raise ValueError("no period")
            return cls(
                *(report, told["agency"], first, last, rows, cut),
                *(form, told.get("awaiting_supplement_column"), receiver),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return cls(report, "", date.min, date.min, "none")


@dataclass(frozen=True, slots=True)
class Sealing:
    """An edition without its figures: all that it says of itself. corrected: the hash of the edition it corrects."""

    report: SealedReport
    format: str
    number: int
    parameters: Parameters
    sealed_at: datetime
    position: Position
    picture: bytes
    synthetic: bool
    note: str | None
    reason: str | None
    corrected: bytes | None


class Finding(NamedTuple):
    """What is wrong with an edition: what must stand there, and what does. None stands for nothing."""

    name: FindingName
    expected: str | None
    found: str | None


@dataclass(frozen=True, slots=True)
class Edition:
    """An edition as it is kept, without its bytes. stored_parameters: as they stand there, whatever can be read of
    them. link: its number in the chain of editions, and its seal; None before it is bound."""

    id: int
    agency_id: int
    sealed_by: str
    sealing: Sealing
    stored_parameters: str
    sha256: bytes
    size: int
    corrects: int | None
    corrected_by: int | None
    link: tuple[int, bytes] | None

    @property
    def etag(self) -> str:
        """Of its bytes, which never change."""
        return f'"{self.sha256.hex()}"'

    def said(self, link: int) -> bytes:
        """All that is kept of it, as the link of the chain that has this number: what its seal binds. The bytes stand
        by their hash."""
        sealing = self.sealing
        return canonical(
            {
                "agency_id": self.agency_id,
                "corrects": self.corrects,
                "format": sealing.format,
                "id": self.id,
                "last_event_id": sealing.position.event_id,
                "last_txid": sealing.position.txid,
                "link": link,
                "note": sealing.note,
                "number": sealing.number,
                "parameters": self.stored_parameters,
                "picture": sealing.picture.hex(),
                "reason": sealing.reason,
                "report": sealing.report,
                "sealed_at": sealing.sealed_at.astimezone(UTC).isoformat(timespec="microseconds"),
                "sealed_by": self.sealed_by,
                "sha256": self.sha256.hex(),
                "snapshot": sealing.position.snapshot,
                "synthetic": sealing.synthetic,
            }
        )


def canonical(value: object) -> bytes:
    """RFC 8785: of names that are ASCII, and of numbers that are whole."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode()


def digest(content: bytes) -> bytes:
    """What an edition or a picture is known by."""
    return sha256(content).digest()


def checked_request(asked: EditionIn) -> None:
    """Raises the Problem of what does not go together, whatever is stored."""
    _checked_parameters(asked.report, asked.parameters)
    if asked.corrects is not None and asked.reason is None:
        raise invalid("reason", "required")
    if asked.corrects is None and asked.reason is not None:
        raise invalid("reason", "only_with_correction")
    if "officer" in asked.parameters.groupings:
        raise invalid("parameters.group_by", "not_sealable_by_officer")


def _checked_parameters(report: SealedReport, asked: ReportAsked) -> None:
    """What is said of a report must be asked of it: what it would not heed is refused, not ignored."""
    owned = {name for own in OWN_PARAMETERS.values() for name in own} - {"cut"}  # which any named period may have
    for name in sorted(asked.model_fields_set & owned):
        if name not in OWN_PARAMETERS[report] and getattr(asked, name) is not None:
            whose = ", ".join(one for one, own in OWN_PARAMETERS.items() if name in own)
            raise invalid(f"parameters.{name}", "of_another_report", expected=whose)


def checked_correction(corrected: Edition | None, report: str, parameters: Parameters) -> Edition:
    """The edition that a new one corrects, or the Problem that says why it cannot."""
    if corrected is None:
        raise invalid("corrects", "unknown_edition")
    if (corrected.sealing.report, corrected.sealing.parameters.identity) != (report, parameters.identity):
        raise invalid("corrects", "edition_of_another_report")
    if corrected.corrected_by is not None:
        raise already_corrected(corrected.corrected_by)
    return corrected


def checked_receiver(edition: Edition, receiver: str | None) -> None:
    """Raises the Problem of a receiver of a report that names none."""
    if receiver is not None and edition.sealing.parameters.receiver is None:
        whose = ", ".join(one for one, own in OWN_PARAMETERS.items() if "receiver" in own)
        raise invalid("receiver", "of_another_report", expected=whose)


def already_corrected(by: int) -> Problem:
    """Only the newest edition is corrected: otherwise there would be two that hold."""
    return Problem("conflict", *invalid("corrects", "corrected_by_edition", number=by).reasons)


def already_sealed(newest: int) -> Problem:
    """The same report is sealed again only as a correction, with its reason."""
    return Problem("conflict", *invalid("corrects", "sealed_as_edition", number=newest).reasons)
