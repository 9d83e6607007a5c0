"""What the documents point at exists: files, and names in files."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not any(part.startswith(".") or part == "node_modules" for part in path.relative_to(ROOT).parts)
)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_NAMED = re.compile(r"`([\w/]+\.py):(\w+)`")
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return _FENCED.sub("", page.read_text(encoding="utf-8"))


def names_in(file: Path) -> set[str]:
    """The functions, classes and constants that a module defines at its top."""
    found: set[str] = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found.update(target.id for target in targets if isinstance(target, ast.Name))
    return found


def test_there_are_pages():
    assert {"README.md", "README.vi.md"} <= {page.name for page in PAGES}


@pages
def test_every_relative_link_leads_somewhere(page):
    broken = [
        target
        for target in _LINK.findall(prose(page))
        if not re.match(r"[a-z]+:|#", target) and not (page.parent / target.partition("#")[0]).exists()
    ]
    assert not broken


@pages
def test_every_named_function_or_class_is_there(page):
    gone = [
        f"{file}:{name}"
        for file, name in _NAMED.findall(prose(page))
        if not (ROOT / file).is_file() or name not in names_in(ROOT / file)
    ]
    assert not gone, "moved or renamed; mend the page"


@pages
def test_every_file_in_code_font_is_there(page):
    """`shared/domain/terms.py` with a folder is a file of ours; a bare `store.py` is a kind of file."""
    named = re.findall(r"`([\w.-]+/[\w./-]+\.(?:py|md|csv|yml|toml))`", prose(page))
    assert not [file for file in named if not (ROOT / file).exists()]


@pages
def test_no_page_names_a_machine(page):
    assert not re.findall(r"/(?:work|home|root|Users)/", page.read_text(encoding="utf-8"))
