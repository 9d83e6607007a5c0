"""What a file is, told from its bytes alone: not from its name, and not from what its sender says.

Bounded whatever is sent: a few reads at known places, one pass over a PDF's or a picture's bytes, and of a container
the list of names at its end. Nothing is unpacked, so a small file that would unpack to a huge one costs nothing.
"""

import re
from collections.abc import Iterator
from io import SEEK_END
from struct import Struct
from typing import BinaryIO, NamedTuple

from intake_service.files.rules import FileKind

_BLOCK = 1 << 16


class NotWhole(ValueError):
    """It begins as one of the kinds, and is cut off, damaged, or locked with a password."""


def kind_of(file: BinaryIO) -> FileKind | None:
    """What it is; None: nothing that may be sent. It has to begin as what it is: what stands before a PDF or a
    container makes it another file to whoever opens it otherwise. Raises NotWhole."""
    size = file.seek(0, SEEK_END)
    head = _at(file, 0, 16)
    if head.startswith(b"PK\3\4"):
        return _container(file, size)
    kind = _plain(file, size, head)
    if kind is not None and _ends_as_container(file, size):
        raise NotWhole
    return kind


def _plain(file: BinaryIO, size: int, head: bytes) -> FileKind | None:
    if re.match(rb"%PDF-[12]\.\d", head):
        return _pdf(file, size)
    if head.startswith(b"\xff\xd8\xff"):
        return _jpeg(file, size)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(file, size)
    if head[:4] in (b"II*\0", b"MM\0*"):
        return _tiff(file, size, head)
    return None


def _at(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)


def _blocks(file: BinaryIO, overlap: int) -> Iterator[bytes]:
    """All of it, each block with the end of the one before."""
    file.seek(0)
    before = b""
    while block := file.read(_BLOCK):
        yield before + block
        before = block[-overlap:]


# --- PDF (ISO 32000) -------------------------------------------------------------------------------------------------

_END_WITHIN = 4096  # what some scanners add behind the end
_LOCKED = re.compile(rb"/Encrypt\s*(?:\d{1,10}\s+\d{1,5}\s+R\b|<<)")
_LONGEST_LOCK = 64


def _pdf(file: BinaryIO, size: int) -> FileKind:
    tail = _at(file, max(0, size - _END_WITHIN), _END_WITHIN)
    if b"%%EOF" not in tail or b"startxref" not in tail:
        raise NotWhole
    if any(_LOCKED.search(block) for block in _blocks(file, _LONGEST_LOCK)):
        raise NotWhole
    return FileKind.PDF


# --- pictures --------------------------------------------------------------------------------------------------------

_MOST_SEGMENTS = 1000
_MOST_CHUNKS = 100_000


def _jpeg(file: BinaryIO, size: int) -> FileKind:
    """Its segments up to the picture, then the end of that: a thumbnail's own end stands within a segment."""
    place, framed = 2, False
    for _ in range(_MOST_SEGMENTS):
        head = _at(file, place, 4)
        if len(head) < 4 or head[0] != 0xFF:
            raise NotWhole
        marker = head[1]
        if marker == 0xFF:  # padding
            place += 1
            continue
        framed = framed or (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC))
        length = int.from_bytes(head[2:4], "big")
        if marker in (0x00, 0x01, 0xD8, 0xD9) or length < 2:
            raise NotWhole
        place += 2 + length
        if marker == 0xDA:
            break
    else:
        raise NotWhole
    file.seek(place)
    before = b""
    while framed and (block := file.read(_BLOCK)):
        if b"\xff\xd9" in before + block:
            return FileKind.JPEG
        before = block[-1:]
    raise NotWhole


def _png(file: BinaryIO, size: int) -> FileKind:
    """Its chunks from the first to the last."""
    place = 8
    for number in range(_MOST_CHUNKS):
        head = _at(file, place, 8)
        name = head[4:]
        place += 12 + int.from_bytes(head[:4], "big")
        if len(head) < 8 or place > size or (number == 0) is not (name == b"IHDR"):
            break
        if name == b"IEND":
            return FileKind.PNG
    raise NotWhole


def _tiff(file: BinaryIO, size: int, head: bytes) -> FileKind:
    """Its first directory lies within, and has entries."""
    order = "little" if head.startswith(b"II") else "big"
    place = int.from_bytes(head[4:8], order)  # type: ignore[arg-type]
    if not 8 <= place <= size - 2:
        raise NotWhole
    entries = int.from_bytes(_at(file, place, 2), order)  # type: ignore[arg-type]
    if entries == 0 or place + 2 + 12 * entries > size:
        raise NotWhole
    return FileKind.TIFF


# --- containers (ZIP) ------------------------------------------------------------------------------------------------

#: The end of the list of names; signature, disks, entries here and in all, length and place of the list, comment.
_END = Struct("<4s4H2LH")
_LONGEST_COMMENT = 1 << 16
#: An entry of the list: flags, way of packing, lengths packed and not, of name, extra and comment, place.
_ENTRY = Struct("<4s2x2xHH4x4xLLHHH2x2x4xL")
_LOCAL = Struct("<4s2xHH4x4xLLHH")
_MOST_ENTRIES = 5000
_LONGEST_LIST = 1 << 20
_ENCRYPTED = 0x2041  # bits 0, 6 and 13
_STORED = 0

_FORMATS = {
    FileKind.DOCX: ("[Content_Types].xml", "word/document.xml"),
    FileKind.XLSX: ("[Content_Types].xml", "xl/workbook.xml"),
}
_ODT = ("content.xml", "META-INF/manifest.xml")
#: Programs that run in whoever opens it.
_PROGRAMS = re.compile(
    r"(^|/)(vbaProject\.bin|vbaData\.xml)$|^(Basic|Scripts)/|^xl/macrosheets/|(^|/)activeX/"
    r"|\.(exe|dll|scr|com|msi|bat|cmd|ps1|hta|lnk|js|jse|vbs|vbe|wsf|jar)$",
    re.IGNORECASE,
)


class _Entry(NamedTuple):
    name: str
    encrypted: bool
    packing: int
    place: int


def _container(file: BinaryIO, size: int) -> FileKind | None:
    entries = list(_entries(file, size))
    names = {entry.name for entry in entries}
    if len(names) != len(entries) or any(entry.encrypted for entry in entries):
        raise NotWhole
    if any(_PROGRAMS.search(name) for name in names):
        return None
    for kind, needed in _FORMATS.items():
        if names.issuperset(needed):
            return kind
    if names.issuperset(_ODT) and _says_it_is_text(file, entries):
        return FileKind.ODT
    return None


def _entries(file: BinaryIO, size: int) -> Iterator[_Entry]:
    """The list of names. It has to be the one that every program reads: at the end of the file, with nothing behind,
    nothing between it and its end, and the first entry at the very beginning."""
    tail_length = min(size, _END.size + _LONGEST_COMMENT)
    tail = _at(file, size - tail_length, tail_length)
    found = tail.rfind(b"PK\5\6")
    if found < 0 or len(tail) - found < _END.size:
        raise NotWhole
    _, disk, list_disk, here, count, length, place, comment = _END.unpack_from(tail, found)
    end = size - tail_length + found
    whole = disk == list_disk == 0 and here == count and found + _END.size + comment == len(tail)
    if not whole or place + length != end or not 0 < count <= _MOST_ENTRIES or length > _LONGEST_LIST:
        raise NotWhole
    listed, at, places = _at(file, place, length), 0, []
    for _ in range(count):
        if len(listed) - at < _ENTRY.size:
            raise NotWhole
        signature, flags, packing, packed, _, named, extra, note, local = _ENTRY.unpack_from(listed, at)
        raw = listed[at + _ENTRY.size : at + _ENTRY.size + named]
        at += _ENTRY.size + named + extra + note
        if signature != b"PK\1\2" or len(raw) < named or local + packed > place:
            raise NotWhole
        places.append(local)
        yield _Entry(raw.decode("utf-8", "replace"), bool(flags & _ENCRYPTED), packing, local)
    if at != length or min(places) != 0:
        raise NotWhole


def _ends_as_container(file: BinaryIO, size: int) -> bool:
    """Whether programs that read containers from their end, whatever stands before, would find one: a picture and a
    program in one file. Its list ends where the end of the list begins, and begins as an entry does."""
    tail_length = min(size, _END.size + _LONGEST_COMMENT)
    tail = _at(file, size - tail_length, tail_length)
    found = tail.rfind(b"PK\5\6")
    while found >= 0:
        end = size - tail_length + found
        if len(tail) - found >= _END.size:
            length = _END.unpack_from(tail, found)[5]
            if length <= end and _at(file, end - length, 4) == b"PK\1\2":
                return True
        found = tail.rfind(b"PK\5\6", 0, found)
    return False


def _says_it_is_text(file: BinaryIO, entries: list[_Entry]) -> bool:
    """By its first entry, which is kept as it is so that it can be read (ODF 1.3, part 2, 3.3). Encrypted, its content
    is kept as it is too, and no XML."""
    first = min(entries, key=lambda entry: entry.place)
    if first.name != "mimetype" or _stored(file, first, len(FileKind.ODT.media_type) + 1) not in (
        FileKind.ODT.media_type.encode(),
        FileKind.ODT.media_type.encode() + b"P",  # of the next entry's signature
    ):
        return False
    content = next(entry for entry in entries if entry.name == "content.xml")
    if content.packing == _STORED and not _stored(file, content, 4).lstrip(b"\xef\xbb\xbf").startswith(b"<"):
        raise NotWhole
    return True


def _stored(file: BinaryIO, entry: _Entry, length: int) -> bytes:
    """The first bytes of an entry that is kept as it is; of another, nothing."""
    local = _at(file, entry.place, _LOCAL.size)
    if entry.packing != _STORED or len(local) < _LOCAL.size:
        return b""
    signature, _, packing, _, _, named, extra = _LOCAL.unpack(local)
    if signature != b"PK\3\4" or packing != _STORED:
        return b""
    return _at(file, entry.place + _LOCAL.size + named + extra, length)
