"""Lý do từ chối: whoever reads Vietnamese understands every refusal. What a client has to send stands in quotes, as it
is to be sent; everything else is Vietnamese."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from intake_service.app import create_app
from services.local_issuer import LocalIssuer
from services.serve import ROOMS
from shared.domain.agencies import Level
from shared.domain.lifecycle import STATUS_VI, TRANSITIONS, Channel, EventKind, State, allowed_events
from shared.web.problems import PROBLEMS, Reason
from shared.web.reasons import REASONS
from shared.web.words import EXPECTED, FORMATS, TERMS
from tests.conftest import Database
from tests.contracts.documents import document, operations, parts, resolved
from tests.support import PROVINCE, WARD, a_draft, bearer, serving, settings_for

ROOT = Path(__file__).parents[2]
#: Names of standards, headers and forms: the same in every language.
NAMES = ("JSON", "UTF-8", "RFC", "Content-Type", "Idempotency-Key", "If-Match", "byte", "token", "YYYY-MM-DD")
_INITIAL = "b|c|ch|d|g|gh|gi|h|k|kh|l|m|n|ng|ngh|nh|p|ph|q|r|s|t|th|tr|v|x|"
_VOWELS = "a|ai|ao|au|ay|e|eo|eu|i|ia|ie|ieu|iu|o|oa|oai|oay|oe|oi|u|ua|uay|uc|ue|ui|uo|uoi|uou|uu|uy|uya|uye|y|ye|yeu"
_SYLLABLE = re.compile(rf"(?:{_INITIAL})(?:{_VOWELS})(?:c|ch|m|n|ng|nh|p|t|)")


def foreign(text: str) -> list[str]:
    """The words of a text that are not Vietnamese by their shape. What stands in quotes is to be sent as it is."""
    text = re.sub(r'"[^"]*"', " ", text)
    for name in NAMES:
        text = text.replace(name, " ")
    words = re.findall(r"[^\W\d_]+", re.sub(r"\d+\S*", " ", text))
    return [word for word in words if word.isascii() and not _SYLLABLE.fullmatch(word.lower())]


@pytest.mark.parametrize("code", REASONS)
def test_english_is_told_from_vietnamese(code: str) -> None:
    vietnamese, english = (re.sub(r"{\w+}", " ", text) for text in REASONS[code])
    assert foreign(vietnamese) == []
    assert foreign(english), "what is told apart has to be recognised"


def test_what_a_reason_says_is_given_to_it() -> None:
    """A reason whose sentence names what nobody gives it would be a 500 where a refusal belongs."""
    lacking = [
        f"{file.relative_to(ROOT)}:{call.lineno} {code} lacks {', '.join(sorted(lacks))}"
        for folder in ("shared", *(f"{room}_service" for room in ROOMS))
        for file in sorted((ROOT / folder).rglob("*.py"))
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and (said := reason_said(call)) is not None
        and (lacks := placeholders(code := said[0]) - said[1])
    ]
    assert lacking == []


def placeholders(code: str) -> set[str]:
    """What the sentences of a reason name, in either language."""
    return set(re.findall(r"{(\w+)}", " ".join(REASONS[code])))


def reason_said(call: ast.Call) -> tuple[str, set[str]] | None:
    """The code of the reason that a call makes and the names that it gives to it; None where that cannot be read off:
    it makes none, or the names are put together elsewhere."""
    name = call.func.id if isinstance(call.func, ast.Name) else None
    texts = [arg.value for arg in call.args[1:2] if isinstance(arg, ast.Constant)]
    if name not in ("invalid", "Reason") or not texts or texts[0] not in REASONS:
        return None
    if name == "invalid":
        given: list[ast.expr | None] = [ast.Constant(word.arg) if word.arg else None for word in call.keywords]
    elif len(call.args) > 2:
        given = list(call.args[2].keys) if isinstance(call.args[2], ast.Dict) else [None]
    else:
        given = []
    named = {key.value for key in given if isinstance(key, ast.Constant) and isinstance(key.value, str)}
    return (str(texts[0]), named) if len(named) == len(given) else None


def test_titles_are_vietnamese() -> None:
    assert {code: words for code, (_, title, _) in PROBLEMS.items() if (words := foreign(title))} == {}


def test_terms_are_vietnamese() -> None:
    terms = {**TERMS, **EXPECTED}
    assert {code: words for code, term in terms.items() if (words := foreign(term))} == {}


def codes_to_send() -> Iterator[str]:
    """Every code that a refusal may name: values of parameters and bodies, levels, channels, events, refusals."""
    for room in ROOMS:
        for operation in operations(room):
            asked: list[Any] = [told["schema"] for told in operation.told.get("parameters", ())]
            for content in operation.told.get("requestBody", {}).get("content", {}).values():
                asked.append(content["schema"])
            for schema in asked:
                for _, part in _with_references(room, schema):
                    if isinstance(part, dict):
                        yield from (str(value) for value in part.get("enum", ()))
    yield from (channel.name.lower() for channel in Channel)
    yield from (*Level, *EventKind, *PROBLEMS)


def _with_references(room: str, schema: Any) -> Iterator[tuple[str, Any]]:
    waiting, passed = [schema], []
    while waiting:
        for place, part in parts(waiting.pop()):
            yield place, part
            if isinstance(part, dict) and "$ref" in part and part not in passed:
                passed.append(part)
                waiting.append(resolved(room, part))


def test_every_code_to_be_sent_has_its_meaning() -> None:
    dark = {code for code in codes_to_send() if code not in {*TERMS, *FORMATS, *PROBLEMS}}
    assert dark == set(), "shared/web/words.py does not say what these mean"


def test_a_term_is_the_glossarys() -> None:
    """Where the glossary has the code, in one of a row's first two cells."""
    lines = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    strange = []
    for code, term in TERMS.items():
        if code == "none":  # here of a report's rows, there of a term's unit
            continue
        rows = [line.lower() for line in lines if f"`{code}`" in "|".join(line.split("|")[1:3])]
        rows = [row for row in rows if "| tiếng việt |" not in row]
        if rows and not any(term.lower() in row for row in rows):
            strange.append(f"{code}: {term}")
    assert strange == []


@pytest.mark.parametrize("room", ROOMS)
def test_whatever_a_choice_is_refused_with_can_be_read(room: str) -> None:
    for _, part in parts(document(room)):
        if isinstance(part, dict) and isinstance(part.get("enum"), list):
            expected = ", ".join(map(str, part["enum"]))
            text = Reason("field", "not_one_of", {"expected": expected}).text("vi")
            assert foreign(text) == []
            assert all(f'"{value}"' in text for value in part["enum"]), "as it is to be sent"


@pytest.mark.parametrize("state", sorted(set(TRANSITIONS.values())))
def test_what_may_follow_can_be_read(state: State) -> None:
    allowed = ", ".join(allowed_events(state)) or "–"
    text = Reason("", "status", {"status_vi": STATUS_VI[state.status], "allowed": allowed}).text("vi")
    assert foreign(text) == []


def _texts_given() -> Iterator[tuple[str, str]]:
    """Every literal text that the sources give to a reason as a parameter, with its place."""
    for folder in (*(f"{room}_service" for room in ROOMS), "shared"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                called = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if called not in ("Reason", "invalid", "refused", "PydanticCustomError"):
                    continue
                given = [keyword.value for keyword in node.keywords]
                given += [value for each in node.args if isinstance(each, ast.Dict) for value in each.values]
                for value in given:
                    if isinstance(value, ast.Constant) and isinstance(value.value, str):
                        yield f"{file.relative_to(ROOT)}:{value.lineno}", value.value


def test_no_source_gives_a_reason_english_words() -> None:
    found = list(_texts_given())
    assert len(found) > 5, "the parameters were not found"
    forms = REASONS["malformed"][0]
    wrong = [
        f"{place}: {text!r}"
        for place, text in found
        if foreign(Reason("", "malformed", {"expected": text}).text("vi").removeprefix(forms.partition("{")[0]))
    ]
    assert wrong == [], "give it a Vietnamese wording in EXPECTED of shared/web/words.py"


@pytest.mark.parametrize(
    ("given", "vietnamese"),
    [
        ("2026-11-27", "27/11/2026"),
        ("2026-11-27T08:00:00+07:00", "08:00 27/11/2026"),
        ("2026-11-27T08:00:09.120000+07:00", "08:00:09 27/11/2026"),
        ("; hoạt động đến ngày 2025-06-30", "; hoạt động đến ngày 30/06/2025"),
        ("19333-261127-0001", "19333-261127-0001"),
        ("2026-11-27T08:00:00+00:00", "2026-11-27T08:00:00+00:00"),
    ],
)
def test_days_are_read_out_as_they_are_written(given: str, vietnamese: str) -> None:
    reason = Reason("to", "period_in_future", {"day": given})
    assert reason.text("vi").endswith(f"là {vietnamese}")
    assert reason.text("en").endswith(f"is {given}")


async def test_as_it_goes_out(database: Database, issuer: LocalIssuer) -> None:
    async with serving(create_app(settings_for(database, issuer))) as intake:
        intake.headers.update(bearer(issuer, "counter", WARD))

        async def reasons(answer: httpx.Response) -> list[str]:
            return [error["reason"] for error in answer.json()["errors"]]

        answer = await intake.post("/v1/dossiers", json=a_draft(channel="fax"))
        assert await reasons(answer) == [
            'phải là một trong: "counter" (trực tiếp), "online" (trực tuyến), "post" (dịch vụ bưu chính công ích)'
        ]
        answer = await intake.post("/v1/dossiers", json=a_draft(channel="fax"), headers={"Accept-Language": "en"})
        assert await reasons(answer) == ['must be one of: "counter", "online", "post"']

        code = (await intake.post("/v1/dossiers", json=a_draft())).json()["code"]
        for _ in range(2):
            answer = await intake.post(f"/v1/dossiers/{code}/finish", json={"outcome": "granted"})
        assert answer.status_code == 409
        assert await reasons(answer) == [
            'trạng thái hiện tại: Đã xử lý xong; có thể làm: "apologised" (xin lỗi), '
            '"corrected" (đính chính thông tin tiếp nhận), "result_recorded" (ghi nhận văn bản kết quả), '
            '"returned" (trả kết quả), "reopened" (mở lại)'
        ]

        for query in ({"status": "x"}, {"limit": "many"}, {"agency": "nowhere"}):
            answer = await intake.get("/v1/dossiers", params=query, headers=bearer(issuer, "leader", PROVINCE))
            found = await reasons(answer)
            assert [foreign(reason) for reason in found] == [[]] * len(found)
