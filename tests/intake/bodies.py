"""Files as offices and citizens have them, small, and whole."""

from collections.abc import Mapping
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import xlsxwriter
from docx import Document
from PIL import Image

ODT = "application/vnd.oasis.opendocument.text"
PDF = (
    b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n"
    b"xref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n0000000054 00000 n \n"
    b"trailer\n<</Size 3/Root 1 0 R>>\nstartxref\n105\n%%EOF\n"
)


def a_pdf(size: int = 0, *, seed: int = 0) -> bytes:
    """A PDF, with a comment that makes it `size` bytes long."""
    filling = b"%" + seed.to_bytes(4, "big").hex().encode() + b"x" * max(0, size - len(PDF) - 10) + b"\n"
    return PDF[:9] + filling + PDF[9:] if size or seed else PDF


def a_picture(form: str, size: tuple[int, int] = (24, 16)) -> bytes:
    """As Pillow writes it."""
    out = BytesIO()
    Image.effect_noise(size, 80).convert("RGB").save(out, form)
    return out.getvalue()


def a_docx() -> bytes:
    out, document = BytesIO(), Document()
    document.add_paragraph("Tờ khai đăng ký khai sinh")
    document.save(out)
    return out.getvalue()


def an_xlsx() -> bytes:
    out = BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.add_worksheet().write(0, 0, "Bảng kê")
    return out.getvalue()


def an_odt(*, mimetype: str = ODT, packing: int = ZIP_STORED, content: bytes = b"<?xml version='1.0'?><a/>") -> bytes:
    """`mimetype` first and as it is, as the standard has it."""
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as packed:
        packed.writestr("mimetype", mimetype, packing)
        packed.writestr("content.xml", content, ZIP_STORED if not content.startswith(b"<") else ZIP_DEFLATED)
        packed.writestr("META-INF/manifest.xml", "<manifest/>")
    return out.getvalue()


def a_zip(entries: Mapping[str, bytes | str], packing: int = ZIP_DEFLATED) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w", packing) as packed:
        for name, content in entries.items():
            packed.writestr(name, content)
    return out.getvalue()
