"""What a file is called: whatever is sent, a name that is safe everywhere, readable, and of its kind."""

import re
import unicodedata
from email.message import Message
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake_service.files.endpoints import disposition
from intake_service.files.rules import LONGEST_NAME, FileKind, clean_name, declared


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("Giấy chứng sinh.pdf", "Giấy chứng sinh.pdf"),
        (unicodedata.normalize("NFD", "Giấy chứng sinh.pdf"), "Giấy chứng sinh.pdf"),
        ("scan.PDF", "scan.pdf"),
        ("scan", "scan.pdf"),
        ("scan.jpg", "scan.pdf"),
        ("setup.exe", "setup.exe.pdf"),
        ("QĐ số 3.2026", "QĐ số 3.2026.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("..\\..\\windows\\system32\\a.pdf", "a.pdf"),
        ("C:\\Users\\an\\đơn.pdf", "đơn.pdf"),
        ("/", "tep.pdf"),
        ("...", "tep.pdf"),
        (".htaccess", "htaccess.pdf"),
        (".pdf", "pdf.pdf"),
        ("a\u202efdp.exe", "afdp.exe.pdf"),
        ("a\u200b\u200d\ufeff.pdf", "a.pdf"),
        ("a\x00b\r\nc\x1b[31m.pdf", "abc[31m.pdf"),
        ("a\u3000b\u00a0 c.pdf", "a b c.pdf"),
        ("\u3164\u2800.pdf", "pdf.pdf"),
        ("CON", "_CON.pdf"),
        ("con.pdf", "_con.pdf"),
        ("Lpt1.x.pdf", "_Lpt1.x.pdf"),
        ("CONG VAN.pdf", "CONG VAN.pdf"),
        ("a.pdf:evil.js", "a.pdf-evil.js.pdf"),
        ('a<b>"c"|d?*.pdf', "a-b--c--d--.pdf"),
        ("a.pdf. . .", "a.pdf"),
        ("a%2F..%2Fb.pdf", "a%2F..%2Fb.pdf"),
        ("\ud800a.pdf", "a.pdf"),
        ("=cmd|' /C calc'!A0.pdf", "C calc'!A0.pdf"),
        ("a" * 500 + ".pdf", "a" * 116 + ".pdf"),
        ("ế" * 500, "ế" * 78 + ".pdf"),
    ],
)
def test_a_name(given_name: str, kept: str) -> None:
    assert clean_name(given_name, FileKind.PDF) == kept


def test_a_kinds_own_extension_is_kept() -> None:
    assert clean_name("ảnh.jpeg", FileKind.JPEG) == "ảnh.jpeg"
    assert clean_name("ảnh.png", FileKind.JPEG) == "ảnh.jpg"
    assert clean_name("ảnh.TIFF", FileKind.TIFF) == "ảnh.tiff"


@given(st.text(max_size=300), st.sampled_from(list(FileKind)))
def test_whatever_is_sent(text: str, kind: FileKind) -> None:
    name = clean_name(text, kind)
    assert name == unicodedata.normalize("NFC", name) or len(name) == LONGEST_NAME
    assert 5 <= len(name) <= LONGEST_NAME
    assert len(name.encode()) <= 255
    assert name.rpartition(".")[2] in kind.extensions
    assert not re.search(r'[/\\<>:"|?*\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]', name)
    assert not name.startswith((".", " "))
    assert name.rpartition(".")[0].strip(" .")
    assert clean_name(name, kind) == name, "it changes no more"


@given(st.text(max_size=100), st.sampled_from(list(FileKind)))
def test_the_header_says_the_name_and_nothing_else(text: str, kind: FileKind) -> None:
    name = clean_name(text, kind)
    header = disposition(name)
    assert header.isascii()
    assert header.isprintable()
    assert unquote(header.partition("filename*=UTF-8''")[2]) == name
    message = Message()
    message["Content-Disposition"] = header
    assert message.get_content_disposition() == "attachment"


def test_a_plain_name_for_old_clients() -> None:
    assert disposition("Đơn đề nghị.pdf") == (
        "attachment; filename=\"Don de nghi.pdf\"; filename*=UTF-8''%C4%90%C6%A1n%20%C4%91%E1%BB%81%20ngh%E1%BB%8B.pdf"
    )


def test_a_name_without_a_latin_letter_is_one_that_is_seen() -> None:
    assert disposition("報告.pdf").startswith('attachment; filename="tep.pdf"; ')


@pytest.mark.parametrize("kind", FileKind, ids=lambda kind: kind.name)
def test_what_a_sender_says_of_it(kind: FileKind) -> None:
    assert declared(kind.media_type) is kind
    assert declared(f" {kind.media_type.upper()} ; charset=x") is kind


def test_what_says_nothing_and_what_is_never_sent() -> None:
    assert declared("") is declared("application/octet-stream") is None
    for wrong in ("text/html", "image/svg+xml", "application/zip", "application/x-www-form-urlencoded", "multipart/a"):
        with pytest.raises(ValueError, match=re.escape(wrong)):
            declared(wrong)
