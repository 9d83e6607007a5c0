"""The parser of the command line in the language of the terminal: what it explains, and what it refuses, in one line.
By itself it speaks English, in a frame of several lines, and takes the last of two."""

import re
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from services.help_words import HELP
from services.language import said, speaks_english

#: What the parser says → Vietnamese, with the groups of the pattern. The first that fits.
_LINES = (
    (r"No such command '(.*?)'\.(?: Did you mean (.*)\?)?", "không có lệnh {0}; gần giống: {1}"),
    (r"No such option: (\S+)(?: \(Possible options: (.*)\))?", "không có tùy chọn {0}; gần giống: {1}"),
    (r"Missing (?:option|argument) '(.*?)'\.(?: Choose from: (.*))?", "thiếu {0}; phải là một trong: {1}"),
    (r"Missing command\.", "thiếu tên lệnh"),
    (r"Option '(.*?)' requires an argument\.", "{0} cần một giá trị"),
    (r"Option '(.*?)' does not take a value\.", "{0} không nhận giá trị"),
    (r"Got unexpected extra argument\(s\) \((.*)\)", "thừa: {0}"),
)
_VALUES = (
    (r"(?:Value error, )?'.*' is not one of (.*)\.", "phải là một trong: {0}"),
    (r"Input should be a valid (?:number|integer).*", "phải là một số"),
    (r"Input should be greater than or equal to (.*)", "phải từ {0} trở lên"),
    (r"Input should be less than or equal to (.*)", "nhiều nhất là {0}"),
    (r"\w+ '(.*)' does not exist\.", "không có {0}"),
    (r"\w+ '(.*)' is a directory\.", "{0} là thư mục, cần một tệp"),
    (r"\w+ '(.*)' is a file\.", "{0} là tệp, cần một thư mục"),
    (r"\w+ '(.*)' is not readable\.", "{0} không đọc được"),
    (r"\w+ '(.*)' is not writable\.", "{0} không ghi được"),
)
_VALUE = re.compile(r"Invalid value for '?(.+?)'?: (.*)")


def line_of(error: typer.TyperException) -> str:
    """What was typed wrongly, and where the right words stand."""
    told = " ".join(error.format_message().split())
    place = getattr(error, "ctx", None)
    english = speaks_english()
    found = _VALUE.fullmatch(told)
    if found is not None:
        name, why = found.groups()
        told = f"{name}: {why if english else _vietnamese(why, _VALUES) or why}"
    elif not english:
        told = _vietnamese(told, _LINES) or told
    see = f"; {'see' if english else 'xem'}: {place.command_path} --help" if place is not None else ""
    return f"{told.replace('Value error, ', '').rstrip('.')}{see}"


def _vietnamese(told: str, table: tuple[tuple[str, str], ...]) -> str | None:
    """None for what the table does not hold. What a pattern leaves out is left out here."""
    for pattern, vietnamese in table:
        if found := re.fullmatch(pattern, told):
            whole = vietnamese if None not in found.groups() else vietnamese.partition("; ")[0]
            return whole.format(*(each or "" for each in found.groups()))
    return None


def _speak(param: Any) -> Any:
    """Its help, in the language of the terminal."""
    if param is not None and not speaks_english():
        param.help = HELP.get(param.help, param.help)
    return param


class Group(TyperGroup):
    """Commands that go together, explained in the language of the terminal."""

    def get_help_option(self, ctx: Any) -> Any:
        """With its help in the language of the terminal."""
        return _speak(super().get_help_option(ctx))


class Command(TyperCommand):
    """A command whose options are given once: the parser would take the last, and the report be of another agency or
    period than the first says."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        # Else a line ends in the terminal wherever one does in the source.
        self.help = "\n\n".join(" ".join(part.split()) for part in (self.help or "").split("\n\n"))
        for param in self.params:
            _speak(param)

    def get_help_option(self, ctx: Any) -> Any:
        """With its help in the language of the terminal."""
        return _speak(super().get_help_option(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        order: list[Any] = [*self.make_parser(ctx).parse_args(args=list(args))[2]]
        for param in order:
            if order.count(param) > 1 and not param.multiple and param.param_type_name == "option":
                raise typer.BadParameter(said("chỉ được nêu một lần", "may be given only once"), ctx, param)
        rest = super().parse_args(ctx, args)
        for param in self.params:
            given = ctx.params.get(param.name)
            for text in given if isinstance(given, list) else [given]:
                if isinstance(text, str) and not _is_text(text):  # a path may be bytes of any kind
                    raise typer.BadParameter(said("không phải UTF-8", "is not UTF-8"), ctx, param)  # type: ignore[arg-type]
        return rest


def _is_text(given: str) -> bool:
    try:
        given.encode()
    except UnicodeEncodeError:
        return False
    return True
