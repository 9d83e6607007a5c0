"""The file that another system exports: its encoding, how its cells are parted, its columns, its rows. What is wrong
with it is told with its line."""

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from services.move.mapping_file import shown_part, wrong
from services.refusals import Mistyped
from shared.domain.vietnamese import normalised

_MOST_NAMED = 40
_BLOCK = 1 << 20
#: Letters of a line. No record of ours is a quarter of it, and a file without lines is not read into memory.
_LONGEST_LINE = 4_194_304
csv.field_size_limit(1_048_576)

_ENCODINGS = {"utf-8": "utf-8-sig", "utf-16": "utf-16", "windows-1258": "cp1258"}
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!")
#: The first line with which some programs say how cells are parted.
_SEPARATOR = re.compile(r'"?sep=([,;\t|])"?', re.IGNORECASE)


class ExportFile:
    """A file of rows below one row with the names of the columns, read several times. wanted: columns that it has to
    have. Raises Mistyped: it cannot be read, or was changed meanwhile."""

    def __init__(self, file: Path, encoding: str, delimiter: str | None, wanted: Iterable[str]) -> None:
        self.path = file
        self._encoding, self._separator = encoding, delimiter
        if not file.is_file():
            raise wrong(
                file,
                "phải là một tệp thường: nó được đọc nhiều lần",
                "has to be a regular file: it is read more than once",
            )
        self._state = self._now()
        self._need_text()
        self._announced = self._separator_line()
        self.header = self._read_header(wanted)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """(line on which it begins, cells); blank lines are passed over."""
        with _readable(self.path), self._open() as text:
            ahead = 0
            if self._announced:
                text.readline(_LONGEST_LINE)
                ahead = 1
            reader = csv.reader(self._lines(text, ahead), delimiter=self._delimiter(), strict=True)
            line, before = ahead + 1, ahead
            try:
                for place, row in enumerate(reader):
                    line, before = before + 1, ahead + reader.line_num
                    if place and any(cell.strip() for cell in row):
                        yield line, row
            except csv.Error as error:
                raise _broken(self.path, before + 1, error) from error
            except UnicodeError as error:
                raise self._not_in_its_encoding(ahead + reader.line_num) from error

    def need_unchanged(self) -> None:
        """Nobody wrote into it since it was opened. Raises Mistyped."""
        if self._now() != self._state:
            raise wrong(
                self.path,
                "bị thay đổi trong khi đọc; hãy chạy lại khi không còn ai ghi vào tệp",
                "was changed while it was read; run this again when nobody writes into it",
            )

    def digest(self) -> str:
        """Its SHA-256."""
        made = hashlib.sha256()
        with _readable(self.path), self.path.open("rb") as source:
            while block := source.read(_BLOCK):
                made.update(block)
        return made.hexdigest()

    def _now(self) -> tuple[int, int, int]:
        with _readable(self.path):
            found = self.path.stat()
        return found.st_ino, found.st_size, found.st_mtime_ns

    def _lines(self, text: io.TextIOWrapper, ahead: int) -> Iterator[str]:
        number = ahead
        while line := text.readline(_LONGEST_LINE):
            number += 1
            if len(line) == _LONGEST_LINE and line[-1] not in "\r\n":
                raise wrong(
                    self.path,
                    f"dòng {number} dài hơn {_LONGEST_LINE} chữ; hãy xem tệp có đúng là CSV không",
                    f"line {number} is longer than {_LONGEST_LINE} letters; see whether it is CSV at all",
                )
            yield line

    def _not_in_its_encoding(self, line: int) -> Mistyped:
        form = self._encoding
        return wrong(
            self.path,
            f"sau dòng {line}: không phải {form}; hãy xem lại encoding, hoặc xuất lại tệp nếu tệp bị cắt",
            f"after line {line}: is not {form}; mind the encoding, or export it again if it was cut off",
        )

    def _read_header(self, wanted: Iterable[str]) -> list[str]:
        with _readable(self.path), self._open() as text:
            try:
                if self._announced:
                    text.readline(_LONGEST_LINE)
                ahead = int(self._announced is not None)
                header = next(csv.reader(self._lines(text, ahead), delimiter=self._delimiter(), strict=True), [])
            except csv.Error as error:
                raise _broken(self.path, 1, error) from error
            except UnicodeError as error:
                raise self._not_in_its_encoding(0) from error
        names = [normalised(name) for name in header]
        if not any(names):
            raise wrong(
                self.path,
                "không có cột nào; dòng đầu phải là tên các cột",
                "has no columns; its first line has to name them",
            )
        sought = dict.fromkeys(wanted)
        missing = [name for name in sought if name not in names]
        twice = [name for name in sought if names.count(name) > 1]
        if missing:
            listed, there = ", ".join(map(shown_part, missing[:10])), ", ".join(map(shown_part, names[:_MOST_NAMED]))
            raise wrong(
                self.path,
                f"thiếu cột: {listed}\n  có: {there}\n  Tên cột hiện sai chữ hay dính liền thì sửa encoding, delimiter"
                " trong tệp ánh xạ.",
                f"has no column: {listed}\n  it has: {there}\n  Where these look broken or stick together, mind"
                " encoding and delimiter in the mapping.",
            )
        if twice:
            listed = ", ".join(map(shown_part, twice[:10]))
            raise wrong(
                self.path,
                f"có hai cột cùng tên: {listed}; hãy đổi tên một cột trong tệp xuất",
                f"has two columns of one name: {listed}; rename one of them in the export",
            )
        return names

    def _need_text(self) -> None:
        """What is plainly something else than the mapping says is told as that, before it is read as garbage."""
        with _readable(self.path), self.path.open("rb") as source:
            head = source.read(65_536)
        form = self._encoding
        if head.startswith(_WORKBOOKS):
            raise wrong(
                self.path,
                "là tệp bảng tính; hãy lưu thành CSV UTF-8 rồi chạy lại",
                "is a workbook; save it as CSV UTF-8, and run this again",
            )
        if head.startswith(_PACKED):
            raise wrong(self.path, "là tệp nén; hãy giải nén trước", "is packed; unpack it first")
        is_it = None
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            is_it = "utf-16"
        elif head.startswith(b"\xef\xbb\xbf") or (form == "windows-1258" and _is_utf_8(head)):
            is_it = "utf-8"
        if is_it is not None and is_it != form:
            raise wrong(
                self.path,
                f'là {is_it}, không phải {form}; hãy ghi encoding = "{is_it}" (với draft: --encoding {is_it})',
                f'is {is_it} and not {form}; write encoding = "{is_it}" (for draft: --encoding {is_it})',
            )

    def _separator_line(self) -> str | None:
        with _readable(self.path), self._open() as text:
            try:
                found = _SEPARATOR.fullmatch(text.readline(_LONGEST_LINE).rstrip("\r\n"))
            except UnicodeError:  # told with its line when the header is read
                return None
        return found[1] if found else None

    def _open(self) -> io.TextIOWrapper:
        return self.path.open(encoding=_ENCODINGS[self._encoding], newline="")

    def _delimiter(self) -> str:
        given = self._separator or self._announced
        if given is not None:
            return given
        with self._open() as text:
            head = text.readline(_LONGEST_LINE)
        return max(",;\t|", key=head.count)


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    """What the file system refuses is told with the file's name."""
    try:
        yield
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise wrong(file, f"không đọc được ({why})", f"cannot be read ({why})") from error


def _is_utf_8(head: bytes) -> bool:
    """Whether there are letters of more than one byte in it, and all of them are such: by chance they never are."""
    if head.isascii():
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        cut_within = error.reason == "unexpected end of data" and error.start > len(head) - 4
        return cut_within and not head[: error.start].isascii()
    return True


def _broken(file: Path, line: int, error: csv.Error) -> Mistyped:
    """What the reader of CSV says, with the line on which the record begins: an open quote runs on to the end."""
    told = str(error)
    if "field limit" in told:
        why = ("một ô quá dài, thường do thiếu dấu nháy đóng", "a cell is too long, mostly as a quote is not closed")
    elif "expected after" in told:
        why = (
            "sau dấu nháy đóng còn chữ; dấu nháy trong ô phải viết hai lần",
            "text follows a closing quote; a quote within a cell is written twice",
        )
    elif "end of data" in told:
        why = ("dấu nháy mở mà không đóng, hoặc tệp bị cắt", "a quote is not closed, or the file was cut off")
    else:
        why = (told, told)
    return wrong(file, f"bản ghi bắt đầu ở dòng {line}: {why[0]}", f"the record that begins on line {line}: {why[1]}")
