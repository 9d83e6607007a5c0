"""What a file may be called, what it may say that it is, and who may add one to which dossier. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from enum import Enum
from types import MappingProxyType

from intake_service.components.rules import is_result
from shared.domain.lifecycle import Status
from shared.domain.personal import Datum
from shared.web.problems import Reason

LONGEST_NAME = 120
#: What most file systems hold of a name, with room for what a browser adds to one that is there.
_MOST_BYTES = 240
#: Of one dossier: papers, their newer versions, the result. Its list is one answer.
MOST_FILES = 200
#: Of one file; all of them are one answer.
MOST_MARKS = 200
NAMELESS = "tep"
#: Who reads by a link, and in which role, on record.
LINK_HOLDER, BY_LINK = "national-database", "link"


class FileKind(Enum):
    """What may be sent. media_type; extensions: the first is given to a name that has none of them."""

    PDF = "application/pdf", ("pdf",)
    JPEG = "image/jpeg", ("jpg", "jpeg")
    PNG = "image/png", ("png",)
    TIFF = "image/tiff", ("tif", "tiff")
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ("docx",)
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ("xlsx",)
    ODT = "application/vnd.oasis.opendocument.text", ("odt",)

    def __init__(self, media_type: str, extensions: tuple[str, ...]) -> None:
        self.media_type = media_type
        self.extensions = extensions


KINDS = ", ".join(kind.name for kind in FileKind)
UNDECLARED = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_DECLARED = MappingProxyType(
    {
        **{kind.media_type: kind for kind in FileKind},
        "application/x-pdf": FileKind.PDF,
        "image/jpg": FileKind.JPEG,
        "image/pjpeg": FileKind.JPEG,
        "image/x-png": FileKind.PNG,
    }
)
_EXTENSIONS = frozenset(extension for kind in FileKind for extension in kind.extensions)

#: Those of Windows: such a file cannot be opened there, or is a device.
_DEVICE = re.compile(r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])(?:\.|$)", re.IGNORECASE)
_NOT_IN_NAMES = re.compile(r'[<>:"|?*]')
#: Seen as nothing though they are letters or marks: fillers of Hangul, the blank of Braille, choosers of a variant.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_BLANKS = re.compile(r"\s+")


def clean_name(given: str, kind: FileKind) -> str:
    """What a file is called from here on: the last part of what was given, without what is not seen or not allowed in a
    name anywhere, with an extension of its kind. Nothing is opened or kept under it."""
    text = "".join(char for char in unicodedata.normalize("NFC", given) if _is_seen(char))
    text = re.split(r"[/\\]", text)[-1]
    text = _BLANKS.sub(" ", _NOT_IN_NAMES.sub("-", text)).strip(" .")
    stem, dot, extension = text.rpartition(".")
    if not dot or extension.lower() not in _EXTENSIONS:
        stem, extension = text, ""
    if extension.lower() not in kind.extensions:
        extension = kind.extensions[0]
    stem = stem.strip(" .") or NAMELESS
    if _DEVICE.match(stem):
        stem = f"_{stem}"
    ending = f".{extension.lower()}"
    stem = stem[: LONGEST_NAME - len(ending)]
    while len(f"{stem}{ending}".encode()) > _MOST_BYTES:
        stem = stem[:-1]
    return f"{stem.rstrip(' .')}{ending}"


def _is_seen(char: str) -> bool:
    """Controls, marks of direction, joiners, halves of pairs, what is no sign at all: none of them is. Blanks are kept,
    to become plain ones."""
    category = unicodedata.category(char)
    if char in _UNSEEN or 0xFE00 <= ord(char) <= 0xFE0F or 0xE0100 <= ord(char) <= 0xE01EF:
        return False
    return category[0] != "C" and category not in ("Zl", "Zp")


def declared(content_type: str) -> FileKind | None:
    """What a Content-Type says that a body is. None: it says nothing. Raises ValueError: none of what may be sent."""
    media_type = content_type.split(";")[0].strip().lower()
    if media_type in UNDECLARED:
        return None
    try:
        return _DECLARED[media_type]
    except KeyError:
        raise ValueError(media_type) from None


def is_whole(seen: frozenset[Datum]) -> bool:
    """Whether whoever sees these sees all of a person: a scan masks nothing."""
    return seen == frozenset(Datum)


#: While its applicant may add to it.
_OPEN = frozenset(
    {Status.SUBMITTED, Status.ACCEPTED, Status.IN_PROCESS, Status.SUPPLEMENT_AWAITED, Status.PAYMENT_AWAITED}
)


def is_open(status: int) -> bool:
    """Whether a dossier's applicant may still add files. The agency may later too: it scans what it gives back."""
    return Status(status) in _OPEN


def not_the_applicants(component: str | None, said: Iterable[object]) -> Reason | None:
    """Why an applicant may not send this so: what the agency gives and what it made of a paper, the agency says."""
    if is_result(component):
        return Reason("component", "result_is_the_agencys")
    if any(each is not None for each in said):
        return Reason("", "marks_are_the_agencys")
    return None


def full(count: int) -> Reason | None:
    """Why a dossier with so many files takes no more."""
    return Reason("", "too_many_files", {"limit": MOST_FILES}) if count >= MOST_FILES else None
