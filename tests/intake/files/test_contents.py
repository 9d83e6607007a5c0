"""What a file is, by its bytes: what may be sent is known, and whatever pretends to be it is not."""

import struct
import tracemalloc
import warnings
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake_service.files.rules import FileKind
from intake_service.files.sniffing import NotWhole, kind_of
from tests.intake.bodies import ODT, PDF, a_docx, a_pdf, a_picture, a_zip, an_odt, an_xlsx

WHOLE = {
    FileKind.PDF: a_pdf(),
    FileKind.JPEG: a_picture("JPEG"),
    FileKind.PNG: a_picture("PNG"),
    FileKind.TIFF: a_picture("TIFF"),
    FileKind.DOCX: a_docx(),
    FileKind.XLSX: an_xlsx(),
    FileKind.ODT: an_odt(),
}
_WORD = {"[Content_Types].xml": "<Types/>", "word/document.xml": "<document/>"}


def told(content: bytes) -> FileKind | str | None:
    try:
        return kind_of(BytesIO(content))
    except NotWhole:
        return "not whole"


@pytest.mark.parametrize("kind", FileKind, ids=lambda kind: kind.name)
def test_what_may_be_sent_is_known(kind: FileKind) -> None:
    assert told(WHOLE[kind]) is kind


def test_big_endian_pictures_and_later_pdfs_are_known() -> None:
    assert told(b"MM\0*\0\0\0\x08\0\x01" + b"\0" * 12 + b"\0" * 4) is FileKind.TIFF
    assert told(PDF.replace(b"%PDF-1.7", b"%PDF-2.0")) is FileKind.PDF
    assert told(PDF + b"\0" * 1000) is FileKind.PDF, "a scanner fills the last block"


def with_thumbnail() -> bytes:
    inner, outer = WHOLE[FileKind.JPEG], a_picture("JPEG", (64, 48))
    segment = b"\xff\xe1" + struct.pack(">H", len(inner) + 2) + inner
    return outer[:2] + segment + outer[2:]


def test_a_thumbnails_end_is_not_the_pictures() -> None:
    whole = with_thumbnail()
    assert told(whole) is FileKind.JPEG
    assert told(whole[: len(WHOLE[FileKind.JPEG]) + 60]) == "not whole"


@pytest.mark.parametrize("kind", FileKind, ids=lambda kind: kind.name)
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_what_is_cut_off_is_none(kind: FileKind, part: float) -> None:
    content = WHOLE[kind]
    cut = content[: int(len(content) * part)]
    if kind is FileKind.TIFF and part < 1:
        # Its directory may stand before its picture: what is cut off then is seen by whoever opens it.
        assert told(cut) in ("not whole", FileKind.TIFF)
    else:
        assert told(cut) == "not whole"


HOSTILE = {
    "nothing": b"",
    "html": b"<!DOCTYPE html><script>alert(1)</script>",
    "html before a pdf": b"<html><script>alert(1)</script>\n" + PDF,
    "a blank before a pdf": b"\n" + PDF,
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "xml": b"<?xml version='1.0'?><svg/>",
    "shell": b"#!/bin/sh\nrm -rf /\n",
    "windows program": b"MZ\x90\0" + b"\0" * 100,
    "linux program": b"\x7fELF\x02\x01\x01" + b"\0" * 100,
    "program before a pdf": b"MZ" + PDF,
    "class file": b"\xca\xfe\xba\xbe\0\0\0\x34",
    "gif": b"GIF89a\x01\0\x01\0\0\0\0;",
    "webp": b"RIFF\x24\0\0\0WEBPVP8 ",
    "rar": b"Rar!\x1a\x07\x01\0",
    "seven": b"7z\xbc\xaf\x27\x1c",
    "gzip": b"\x1f\x8b\x08\0",
    "old word": bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600,
    "rtf": b"{\\rtf1 hello}",
    "text": "Đơn đề nghị".encode(),
    "bigtiff": b"II+\0\x08\0\0\0" + b"\0" * 100,
    "pdf of no version": b"%PDF-9.9\n" + PDF[9:],
    "a zip": a_zip({"a.txt": "a"}),
    "a jar": a_zip({"META-INF/MANIFEST.MF": "a", "A.class": b"\xca\xfe\xba\xbe"}),
    "a zip with half a document": a_zip({"word/document.xml": "<document/>"}),
    "a document with macros": a_zip({**_WORD, "word/vbaProject.bin": b"a"}),
    "a document with a program": a_zip({**_WORD, "word/embeddings/a.exe": b"MZ"}),
    "a document with a script": a_zip({**_WORD, "word/embeddings/a.HTA": b"<hta>"}),
    "a document with a control": a_zip({**_WORD, "word/activeX/activeX1.bin": b"a"}),
    "a spreadsheet with old macros": a_zip(
        {"[Content_Types].xml": "<a/>", "xl/workbook.xml": "<a/>", "xl/macrosheets/sheet1.xml": "<a/>"}
    ),
    "a spreadsheet of another office": an_odt(mimetype="application/vnd.oasis.opendocument.spreadsheet"),
    "a longer type": an_odt(mimetype=f"{ODT}-template"),
    "a type that is packed": an_odt(packing=ZIP_DEFLATED),
    "a zip before a document": a_zip({"a.txt": "a"}) + a_docx(),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_may_not_be_sent(content: bytes) -> None:
    assert not isinstance(told(content), FileKind)


def patched(content: bytes, at: int, value: bytes) -> bytes:
    return content[:at] + value + content[at + len(value) :]


def encrypted(content: bytes) -> bytes:
    at = content.index(b"PK\1\2")
    return patched(content, at + 8, b"\x01\0")


DOCX = WHOLE[FileKind.DOCX]
_END = DOCX.rindex(b"PK\5\6")
NOT_WHOLE = {
    "pdf with a password": PDF.replace(b"/Root 1 0 R", b"/Root 1 0 R/Encrypt 5 0 R"),
    "pdf locked in place": PDF.replace(b"/Root 1 0 R", b"/Root 1 0 R/Encrypt <</Filter/Standard>>"),
    "pdf without an end": PDF.replace(b"%%EOF", b"%%EOX"),
    "jpeg of a signature": b"\xff\xd8\xff\xd9",
    "jpeg of padding": b"\xff\xd8" + b"\xff" * 100_000,
    "jpeg of segments without a picture": b"\xff\xd8" + b"\xff\xe0\0\x02" * 5000 + b"\xff\xd9",
    "png without a header": b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0IEND\xaeB`\x82",
    "png of empty chunks": WHOLE[FileKind.PNG][:33] + b"\0\0\0\0tEXt\0\0\0\0" * 200_000,
    "png of a huge chunk": WHOLE[FileKind.PNG][:33] + b"\xff\xff\xff\xffIDAT",
    "tiff of no directory": b"II*\0\xff\xff\xff\xff" + b"\0" * 20,
    "tiff of an empty directory": b"II*\0\x08\0\0\0\0\0\0\0\0\0",
    "document, one entry encrypted": encrypted(DOCX),
    "document with something behind": DOCX + b"<script>",
    "document that says two lists": patched(DOCX, _END + 4, b"\x01\0"),
    "document of more entries than it has": patched(DOCX, _END + 8, b"\xff\xff\xff\xff"),
    "document whose list is elsewhere": patched(DOCX, _END + 16, b"\0\0\0\0"),
    "document, list longer than it is": patched(DOCX, _END + 12, b"\xff\xff\xff\x7f"),
    "pdf that is a zip too": PDF + a_zip({"a.exe": b"MZ"}),
    "jpeg that is a jar too": WHOLE[FileKind.JPEG] + a_zip({"META-INF/MANIFEST.MF": "a", "A.class": b"\xca\xfe"}),
    "png that is a zip too, with something behind": WHOLE[FileKind.PNG] + a_zip({"a": "a"}) + b"\n" * 1000,
    "tiff that is a zip too": WHOLE[FileKind.TIFF] + a_zip({"a": "a"}),
    "text, encrypted": an_odt(content=b"\x93\x8a\x11\x05" * 20),
}


def with_a_name_twice() -> bytes:
    out = BytesIO()
    with ZipFile(out, "w") as packed, warnings.catch_warnings(action="ignore"):
        for name in (*_WORD, "word/document.xml"):
            packed.writestr(name, "<a/>")
    return out.getvalue()


NOT_WHOLE["name twice"] = with_a_name_twice()


@pytest.mark.parametrize("content", NOT_WHOLE.values(), ids=NOT_WHOLE.keys())
def test_what_is_cut_off_damaged_or_locked(content: bytes) -> None:
    assert told(content) == "not whole"


def test_a_bomb_costs_nothing() -> None:
    """A gigabyte that is packed into a megabyte: its names are read, nothing else."""
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        with packed.open("word/document.xml", "w", force_zip64=True) as entry:
            block = b"\0" * (1 << 20)
            for _ in range(256):
                entry.write(block)
    content = BytesIO(out.getvalue())
    tracemalloc.start()
    assert kind_of(content) is FileKind.DOCX
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def test_a_list_of_a_million_names_is_not_read() -> None:
    out = BytesIO()
    with ZipFile(out, "w") as packed:
        for number in range(6000):
            packed.writestr(f"word/{number}.xml", "")
    assert told(out.getvalue()) == "not whole"


@given(kind=st.sampled_from(list(FileKind)), data=st.data())
def test_nothing_makes_it_stumble(kind: FileKind, data: st.DataObject) -> None:
    """Whatever is changed in a file, it is one of the kinds, none, or not whole."""
    content = bytearray(WHOLE[kind][:6000])
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=6))
        if not content:
            break
    assert told(bytes(content)) in (*FileKind, None, "not whole")


@given(st.binary(max_size=400), st.sampled_from([b"", b"%PDF-1.4", b"\xff\xd8\xff", b"PK\3\4", b"II*\0", PDF[:9]]))
def test_nor_does_anything_else(content: bytes, head: bytes) -> None:
    assert told(head + content) in (*FileKind, None, "not whole")
