"""What a form is made of: the dossier that it is about, blocks, signatures, and the `Paper` that both presses print."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Party:
    """Whose dossier it is, and who handed it in."""

    name: str
    is_person: bool = True
    id_number: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None
    submitted_by: str | None = None

    @property
    def addressed(self) -> str:
        """As a letter calls it."""
        return f"Ông/Bà {self.name}" if self.is_person else self.name


@dataclass(frozen=True, slots=True)
class Office:
    """The agency that received a dossier, as a letterhead has it. superior: None for a people's committee."""

    name: str
    superior: str | None
    place: str


@dataclass(frozen=True, slots=True)
class Phase:
    """Of a linked procedure: until when a further agency has the dossier (lines (6) and (7) of the receipt)."""

    agency: str
    received_at: datetime | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Subject:
    """What a form says of a dossier beside its events. term: in words. tracking: address behind the QR code."""

    code: str
    office: Office
    procedure: str
    summary: str | None
    party: Party
    documents: Sequence[Mapping[str, Any]]
    term: str
    returned_by_post: bool
    tracking: str | None = None
    phases: Sequence[Phase] = ()
    #: Names of agencies by id, for the hand-overs.
    agencies: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head. widths: shares of the width; centred: columns that are."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]
    centred: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """One of: labelled values, a paragraph, a table."""

    fields: Sequence[tuple[str, str]] = ()
    text: str = ""
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """A place to sign."""

    title: str
    hint: str = "(Ký và ghi rõ họ tên)"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """A form ready to be printed. made_at is its date: two printings of it are the same bytes."""

    title: str
    form: str
    letterhead: tuple[str, str]
    number: str
    dateline: str
    made_at: datetime
    size: str
    blocks: Sequence[Block]
    signatures: Sequence[Signature]
    subtitle: str = ""
    qr: str | None = None
    #: How many blocks stand beside the QR code.
    beside: int = 1
    landscape: bool = False

    @property
    def may_be_long(self) -> bool:
        """Whether it may take more than a page: those are numbered."""
        rows = sum(len(block.table.rows) for block in self.blocks if block.table)
        letters = sum(len(block.text) + sum(len(value) for _, value in block.fields) for block in self.blocks)
        return rows > _ROWS_OF_A_PAGE or letters > _LETTERS_OF_A_PAGE


#: What is surely room for on one page.
_ROWS_OF_A_PAGE, _LETTERS_OF_A_PAGE = 6, 1500
