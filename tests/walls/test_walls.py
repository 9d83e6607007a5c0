"""The walls inside the house that the import contracts do not see. A rule without a checker is a wish: each failure
names its rule and the place."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
ROOMS = ("intake_service", "routing_service", "stats_service")
SOURCES = sorted(file for part in (*ROOMS, "services", "shared", "migrations") for file in (ROOT / part).rglob("*.py"))

#: The files of a noun's folder, and those beside them that earn their place.
NOUN_FILES = {"__init__.py", "endpoints.py", "usecases.py", "rules.py", "store.py"}
EXTRA_FILES = {
    "intake_service/anchors/stamping.py": "what a time-stamping authority is asked, and what it must answer",
    "intake_service/anchors/verify_anchors.py": "the verifier of whoever holds anchors; one file, needs Python only",
    "intake_service/documents/national.py": "what the national database is told of papers, and what it lacks; pure",
    "intake_service/files/links.py": "signed links by which a file is fetched without a token; pure",
    "intake_service/files/sniffing.py": "tells what a file is from its bytes; reads the file it is given, nothing else",
    "intake_service/files/storage.py": "where contents are kept: a directory, or a store that speaks S3",
    "intake_service/forms/wording": "what stands on each form, a module for each; pure, and printed by either press",
    "intake_service/forms/pdf.py": "the press for PDF",
    "intake_service/forms/word.py": "the press for DOCX",
    "intake_service/forms/qr.py": "the QR code of both presses",
    "intake_service/forms/form.typ": "how a form looks as PDF",
    "intake_service/dossiers/shapes.py": "a dossier as it goes over the wire, for its endpoints and its life's",
    "intake_service/national/client.py": "speaks to the national database: sessions, services by name, answers",
    "intake_service/petitions/handling.py": "what staff do with a petition, a row of a table each",
    "intake_service/petitions/shapes.py": "a petition as it goes over the wire, for both of its endpoints' files",
    "intake_service/verification/texts.py": "instants and payloads as SQL compares them; for both of its stores",
    "intake_service/verification/sieve": "the SQL of the first pass, which lets by what is right",
    "stats_service/reports/printing.py": "how a report stands on paper; pure",
    "stats_service/exports/table.py": "a printed table as a value; pure",
    "stats_service/exports/xlsx.py": "the press for XLSX",
    "stats_service/exports/word.py": "the press for DOCX",
    "stats_service/exports/pdf.py": "the press for PDF",
    "stats_service/exports/table.typ": "how a table looks as PDF",
    "stats_service/exports/separated.py": "the press for CSV",
    "stats_service/editions/formats.py": "the bytes of editions, a format for each report, for good; pure",
    "stats_service/editions/pictures.py": "what an edition was made from; pure",
    "stats_service/editions/recounting.py": "how an edition is computed again; pure",
    "stats_service/editions/positions.py": "the positions of editions in their order; pure",
    "stats_service/editions/movements.py": "what moved in all editions at once; pure",
    "stats_service/editions/changes.py": "what two editions say differently; pure",
    "stats_service/editions/printing.py": "how an edition stands on paper; pure",
    "intake_service/imports/continuations.py": "what went on in the other system is taken over",
    "intake_service/imports/lines.py": "splits a stream into records; pure, and used by nobody else",
    "intake_service/imports/rows.py": "writes candidates as rows of binary COPY; pure, and used by nobody else",
    "routing_service/webhook_deliveries/sending.py": "one attempt to send: what is resolved, held up and dialled",
    "stats_service/index_766/printing.py": "how the index stands on paper; pure",
    "stats_service/index_766/rule_file.py": "reads the versions of the index from a file, and refuses a broken one",
    "stats_service/index_766/rule_versions.json": "the versions of the index that come with the product",
}
ROOM_FILES = {"__init__.py", "app.py", "openapi.json"}

SQL_RULE = "SQL stands only in a store.py"
#: Where else it stands, and why.
SQL_PLACES = {
    "shared/web/app.py": "readiness asks for the schema's revision",
    "shared/web/background.py": "leadership is a lock in the database",
    "shared/web/checks.py": "one moment of the database for several sessions, and the walk over all dossiers in it",
    "shared/web/database.py": "the pool and the two kinds of sessions",
    "shared/web/idempotency.py": "one statement that every room needs in its own table",
    "shared/tables/grants.py": "the declaration of who may read or write what",
    "shared/tables/policies.py": "the declaration of which rows are seen",
    "migrations/": "the schema's history",
    "services/embedded.py": "the embedded server is made before any service can log in",
}
_SQL = re.compile(
    r"^\s*(?:WITH\s+\w+\s+AS\b|SELECT\s+\S|INSERT\s+INTO\b|UPDATE\s+\w+\s|DELETE\s+FROM\b"
    r"|TRUNCATE\s|COPY\s+\w+\s+(?:FROM|TO|\()|LOCK\s+TABLE\b|SET\s+(?:LOCAL|SESSION)\b|(?:GRANT|REVOKE)\s+\w+"
    r"|(?:CREATE|ALTER|DROP)\s+(?:TABLE|INDEX|ROLE|DATABASE|EXTENSION|VIEW|SCHEMA|TYPE)\b)",
    re.DOTALL,
)
_DATABASE_CALLS = {"fetch", "fetchrow", "fetchval", "execute", "executemany", "copy_records_to_table", "copy_to_table"}

PURE_RULE = (
    "Decisions are values: no I/O, no logging and no clock in shared/domain, in a rules.py or in imports/lines.py"
)
_IMPURE = {
    *("asyncio", "asyncpg", "fastapi", "http", "httpx", "logging", "os", "pathlib", "random", "secrets"),
    *("socket", "sqlalchemy", "starlette", "structlog", "subprocess", "time", "urllib", "uuid"),
}
_CLOCKS = {"now", "today", "utcnow", "monotonic", "perf_counter"}


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every string with its line, docstrings left out; of an f-string, its constant parts joined."""
    left_out = {id(value) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for value in node.values}
    left_out |= {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(str(v.value) if isinstance(v, ast.Constant) else "x" for v in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out:
            yield node.lineno, node.value


def may_hold_sql(name: str) -> bool:
    return name.endswith("/store.py") or any(name.startswith(place) for place in SQL_PLACES)


def pure(name: str) -> bool:
    return name.startswith("shared/domain/") or name.endswith("/rules.py") or name == "intake_service/imports/lines.py"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 FROM dossier",
        "SELECT pg_try_advisory_lock($1)",
        "\nWITH a AS (SELECT 1) SELECT * FROM a",
        "INSERT INTO dossier (code) VALUES ($1)",
        "UPDATE dossier SET status = 9",
        "DELETE FROM dossier",
        "CREATE TABLE x (id int)",
        "SET LOCAL enable_seqscan = off",
    ],
)
def test_sql_is_recognised(text: str) -> None:
    assert _SQL.search(text)


@pytest.mark.parametrize(
    "text", ["With all under it", "Update the case", "select", "Delete", "Selected dossiers", "UPDATE"]
)
def test_words_are_not_taken_for_sql(text: str) -> None:
    assert not _SQL.search(text)


@pytest.mark.parametrize("file", SOURCES, ids=name_of)
def test_sql_stands_in_stores(file: Path) -> None:
    if may_hold_sql(name_of(file)):
        return
    found = [f"{name_of(file)}:{line}: {text[:60]!r}" for line, text in texts(tree_of(file)) if _SQL.search(text)]
    assert found == [], f"{SQL_RULE} (or in {', '.join(SQL_PLACES)}): {found}"


@pytest.mark.parametrize("file", SOURCES, ids=name_of)
def test_only_stores_call_the_database(file: Path) -> None:
    if may_hold_sql(name_of(file)):
        return
    found = [
        f"{name_of(file)}:{node.lineno}: .{node.func.attr}()"
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _DATABASE_CALLS
    ]
    assert found == [], f"{SQL_RULE}, and only it sends statements: {found}"


def test_every_exception_for_sql_is_still_needed() -> None:
    for place, reason in SQL_PLACES.items():
        files = [file for file in SOURCES if name_of(file).startswith(place)]
        used = any(_SQL.search(text) for file in files for _, text in texts(tree_of(file))) or any(
            isinstance(node, ast.Attribute) and node.attr in {*_DATABASE_CALLS, "acquire", "transaction"}
            for file in files
            for node in ast.walk(tree_of(file))
        )
        assert used, f"{place} holds no SQL any more ({reason}): take it off the list"


@pytest.mark.parametrize("file", [file for file in SOURCES if pure(name_of(file))], ids=name_of)
def test_rules_are_pure(file: Path) -> None:
    found = []
    for node in ast.walk(tree_of(file)):
        place = f"{name_of(file)}:{getattr(node, 'lineno', 0)}"
        modules: list[str] = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{place}: imports are absolute"
            modules = [node.module or ""]
            if node.module == "shared.web.clock":
                found.append(f"{place}: imports the clock")
        found += [f"{place}: imports {m}" for m in modules if m.split(".")[0] in _IMPURE]
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in _CLOCKS:
                found.append(f"{place}: asks the clock, {called}()")
            if called in ("print", "open", "input"):
                found.append(f"{place}: does I/O, {called}()")
        if isinstance(node, ast.AsyncFunctionDef | ast.AsyncFor | ast.AsyncWith | ast.Await):
            found.append(f"{place}: is async")
    assert found == [], f"{PURE_RULE}: {found}"


def test_the_domain_stands_on_the_standard_library_and_itself() -> None:
    for file in (ROOT / "shared" / "domain").glob("*.py"):
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.ImportFrom):
                top = (node.module or "").split(".")
                ours = top[:2] == ["shared", "domain"]
                assert ours or top[0] in sys.stdlib_module_names, f"{PURE_RULE}: {name_of(file)} imports {node.module}"
            if isinstance(node, ast.Import):
                for alias in node.names:
                    top_name = alias.name.split(".")[0]
                    assert top_name in sys.stdlib_module_names, f"{PURE_RULE}: {name_of(file)} imports {alias.name}"


@pytest.mark.parametrize("room", ROOMS)
def test_every_folder_of_a_room_has_the_same_files(room: str) -> None:
    for path in (ROOT / room).iterdir():
        if path.name == "__pycache__":
            continue
        if path.is_file():
            assert path.name in ROOM_FILES, f"A room has {sorted(ROOM_FILES)} and folders of nouns, not {name_of(path)}"
            continue
        files = {file.name for file in path.iterdir() if file.name != "__pycache__"}
        extra = {f for f in files - NOUN_FILES if f"{name_of(path)}/{f}" not in EXTRA_FILES}
        assert not extra, (
            f"A noun's folder has {sorted(NOUN_FILES)}, and what EXTRA_FILES lists: {name_of(path)} {extra}"
        )
        assert "__init__.py" in files, f"{name_of(path)} has no __init__.py"
        assert files - {"__init__.py"}, f"{name_of(path)} is empty"


def test_every_listed_exception_is_still_there() -> None:
    for name in EXTRA_FILES:
        assert (ROOT / name).exists(), f"{name} is gone: take it off EXTRA_FILES"


@pytest.mark.parametrize("room", ROOMS)
def test_a_rooms_door_plate_says_what_it_owns_offers_calls_and_never_does(room: str) -> None:
    plate = ast.get_docstring(tree_of(ROOT / room / "__init__.py")) or ""
    for word in ("Owns", "Offers", "Calls", "Never"):
        assert word in plate, f"The room's __init__.py is its door plate: {room} does not say what it {word.lower()}"


@pytest.mark.parametrize("file", SOURCES, ids=name_of)
def test_every_file_says_what_it_is_for(file: Path) -> None:
    tree = tree_of(file)
    assert not tree.body or ast.get_docstring(tree), f"{name_of(file)} begins with no docstring"


def test_a_service_loads_no_declaration_of_tables() -> None:
    """Its SQL is its own. SQLAlchemy, for the declarations of all rooms, was a third of what a start took."""
    code = f"import sys, services.serve, {', '.join(f'{room}.app' for room in ROOMS)}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True).stdout.split()
    found = [name.decode() for name in loaded if name.startswith((b"sqlalchemy", b"alembic"))]
    assert found == [], f"shared/tables/declared.py is for what migrates; a service loads {found[0]}"


# --- what no committed file may hold --------------------------------------------------------------------------------

# Put together from parts: this file is committed too.
_HOSTS = (
    *("py" + "pi.org", "python" + "hosted.org", "py" + "pi.python.org", "registry." + "npmjs.org"),
    *("proxy." + "golang.org", "index." + "crates.io", "artifact" + "ory", "dev" + "pi/"),
)
_INDEX = re.compile(
    r"(?<!no-emit-)(?:extra-|--)index-" + r"url|--find-" + r"links|https?://[^/\s]+/(?:simple|py" + r"pi)/"
)
_MACHINE = re.compile(
    r"(?<![\w.:/-])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me/\w+|Us" + r"ers/\w+|opt/(?:py" + r"pi|wheels))/"
)


@pytest.fixture(scope="module")
def committed() -> list[Path]:
    """The files that git keeps."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is no git clone: what is committed cannot be told")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def lines_of(files: list[Path]) -> Iterator[tuple[str, str]]:
    for file in files:
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            yield f"{name_of(file)}:{number}", line


def test_no_committed_file_names_a_package_index(committed: list[Path]) -> None:
    found = [place for place, line in lines_of(committed) if _INDEX.search(line) or any(h in line for h in _HOSTS)]
    assert found == [], f"Where packages come from is the installer's setting, not the repository's: {found}"


def test_no_committed_file_names_a_path_of_this_machine(committed: list[Path]) -> None:
    found = [place for place, line in lines_of(committed) if _MACHINE.search(line)]
    assert found == [], f"A clone works wherever it lies: no absolute path of one machine: {found}"


def test_nothing_that_is_made_is_committed(committed: list[Path]) -> None:
    made = re.compile(r"(^|/)(__pycache__|\.venv|\.motcua|\.hypothesis|[^/]*\.egg-info)/|\.pyc$")
    found = [name_of(file) for file in committed if made.search(name_of(file))]
    assert found == [], f"What is made from the sources is not committed: {found}"
