"""The README says what the product does, in both languages alike."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from services.command import app
from services.reference import lines_of
from shared.web.settings import Settings

ROOT = Path(__file__).parents[2]
ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
VIETNAMESE = (ROOT / "README.vi.md").read_text(encoding="utf-8")

both = pytest.mark.parametrize("text", [ENGLISH, VIETNAMESE], ids=["en", "vi"])


def outline(text: str) -> list[str]:
    """What both must have in the same order: headings by level, blocks of code, rows of tables, points of lists."""
    kinds = {"#": "heading", "`": "code", "|": "row", "-": "point", "1": "point", "2": "point", "3": "point"}
    return [kinds[line[0]] + line.split(" ")[0] for line in text.splitlines() if re.match(r"#|```|\||- |\d\. ", line)]


def test_the_two_languages_have_one_structure():
    assert outline(ENGLISH) == outline(VIETNAMESE)


def test_the_two_languages_name_the_same_things():
    def named(text: str) -> set[str]:
        patterns = (r"`([^`\n]+)`", r"\]\(([^)]+)\)", r"<(http[^>]+)>")
        return {word for pattern in patterns for word in re.findall(pattern, text)} - {"README.md", "README.vi.md"}

    assert named(ENGLISH) == named(VIETNAMESE)


@both
def test_every_setting_stands_in_the_table_with_its_default(text):
    rows = dict(re.findall(r"^\| `MOTCUA_(\w+)` \| ([^|]+) \|", text, re.MULTILINE))
    assert {name.lower() for name in rows} == set(Settings.model_fields)
    for name, shown in rows.items():
        default = Settings.model_fields[name.lower()].default
        if isinstance(default, bool):
            assert shown == str(default).lower(), name
        elif isinstance(default, str | int | float):
            assert shown.strip("`") == str(default), name


@both
def test_every_command_stands_in_the_table(text):
    commands = get_command(app).commands  # type: ignore[attr-defined]
    told = set(re.findall(r"^\| `motcua ([\w-]+)", text, re.MULTILINE))
    assert told == set(commands)


@both
def test_every_option_named_is_one(text):
    commands = get_command(app).commands  # type: ignore[attr-defined]
    commands = {**commands, **commands["report"].commands}
    for name, cells in re.findall(r"^\| `motcua (?:report )?([\w-]+)` \| (.+) \|$", text, re.MULTILINE):
        options = {opt for param in commands[name].params for opt in param.opts}
        named = set(re.findall(r"--[a-z-]+", cells))
        assert named <= options, name


@both
def test_every_make_target_named_is_one(text):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE)) <= targets


@both
def test_it_says_that_the_records_are_synthetic_before_it_says_anything_of_them(text):
    assert re.search(r"\*\*(The records are synthetic|Hồ sơ là dữ liệu mô phỏng)", text)


def test_only_one_identification_code_is_known_as_the_readme_says():
    files = ("agencies_quangtri_2019.csv", "agencies_quangtri_2025.csv")
    assert {line["ident_code"] for name in files for line in lines_of(name)} - {""} == {"H50"}
