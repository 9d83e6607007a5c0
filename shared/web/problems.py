"""Refusals as RFC 9457 problem+json: a stable code, the fields at fault, the reason in Vietnamese or English.

Every problem stands in the table below, every reason in `reasons.py`; the OpenAPI documents list them. A refusal never
repeats what was sent: it may hold personal data.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from types import MappingProxyType
from typing import Any

import orjson
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shared.web.reasons import REASONS
from shared.web.words import EXPECTED, TERMS

MEDIA_TYPE = "application/problem+json"

#: code → (HTTP status, Vietnamese title, English title)
PROBLEMS = MappingProxyType(
    {
        "invalid_request": (422, "Dữ liệu gửi lên không hợp lệ", "The request is not valid"),
        "malformed_json": (400, "Nội dung gửi lên không phải JSON đúng cú pháp", "The body is not well-formed JSON"),
        "unauthenticated": (401, "Thiếu hoặc sai mã truy cập (token)", "A valid bearer token is needed"),
        "forbidden": (403, "Vai trò của bạn không được làm việc này", "Your role may not do this"),
        "agency_out_of_scope": (
            403,
            "Cơ quan này ngoài phạm vi của mã truy cập",
            "The agency lies outside the scope of your token",
        ),
        "not_found": (404, "Không tìm thấy", "Not found"),
        "method_not_allowed": (405, "Phương thức không được hỗ trợ ở địa chỉ này", "Method not allowed here"),
        "not_acceptable": (406, "Không có định dạng được yêu cầu", "The requested format is not available"),
        "not_allowed_in_status": (
            409,
            "Hồ sơ đang ở trạng thái không cho phép việc này",
            "The dossier's status does not allow this",
        ),
        "form_not_available": (404, "Hồ sơ không có mẫu này", "The dossier does not have this form"),
        "form_not_ready": (
            409,
            "Mẫu này sắp có đủ thông tin; hãy thử lại sau giây lát",
            "This form is about to be complete: try again in a moment",
        ),
        "conflict": (409, "Dữ liệu đã thay đổi hoặc đã tồn tại", "The data changed meanwhile or exists already"),
        "version_changed": (
            412,
            "Dữ liệu này đã được người khác thay đổi, hoặc không còn; hãy đọc lại rồi gửi lại",
            "Somebody else changed it meanwhile, or it is not there: read it again, then repeat",
        ),
        "body_too_large": (413, "Nội dung gửi lên quá lớn", "The body is too large"),
        "unsupported_media_type": (
            415,
            'Kiểu nội dung (Content-Type) không được hỗ trợ; JSON thì gửi "application/json"',
            'The Content-Type is not supported; JSON is sent as "application/json"',
        ),
        "too_many_requests": (
            429,
            "Bạn đã gửi quá nhiều yêu cầu; hãy đợi rồi thử lại",
            "Too many requests: wait, then try again",
        ),
        "idempotency_key_reused": (
            422,
            "Idempotency-Key này đã dùng cho một yêu cầu khác",
            "This Idempotency-Key was used for a different request",
        ),
        "neighbour_unavailable": (
            503,
            "Dịch vụ liên quan tạm thời không trả lời; hãy thử lại",
            "A service that is needed does not answer: try again",
        ),
        "upload_idle": (
            408,
            "Không nhận được dữ liệu trong thời gian dài; hãy gửi lại tệp",
            "Nothing came for a long while: send the file again",
        ),
        "unavailable": (503, "Hệ thống tạm thời chưa sẵn sàng; hãy thử lại", "Not ready for a moment: try again"),
        "takes_too_long": (
            503,
            "Câu hỏi này mất quá nhiều thời gian; hãy chọn đơn vị nhỏ hơn, kỳ ngắn hơn hoặc ít cách nhóm hơn",
            "This takes too long: choose a smaller agency, a shorter period or fewer groupings",
        ),
        "internal_error": (500, "Lỗi của hệ thống; đã được ghi lại", "An error on our side; it has been recorded"),
        "http_error": (400, "Yêu cầu không được chấp nhận", "The request was not accepted"),
    }
)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one field is refused. `code` stands in REASONS."""

    field: str
    code: str
    params: dict[str, object] = dataclass_field(default_factory=dict)

    def text(self, language: str) -> str:
        """The reason in `language` (vi or en)."""
        form = REASONS[self.code][0 if language == "vi" else 1]
        return form.format_map({name: _worded(value, language) for name, value in self.params.items()})

    def wire(self, language: str) -> dict[str, str]:
        """As it goes out."""
        return {"field": self.field, "code": self.code, "reason": self.text(language)}

    def kept(self) -> dict[str, object]:
        """As it is stored, in no language: `Reason(**kept)` is it again."""
        return {"field": self.field, "code": self.code, "params": dict(self.params)}


def reasons_kept(reasons: Iterable[Reason]) -> str:
    """Reasons as a column of JSON has them."""
    return orjson.dumps([reason.kept() for reason in reasons]).decode()


def kept_reasons(column: str | None) -> list[Reason]:
    """Reasons of such a column; none of null."""
    return [Reason(**each) for each in orjson.loads(column)] if column else []


# The first begins with a letter, or a day would be a code; of those after it `15-14` need not.
_CODES = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*(?:, [a-z0-9]+(?:[_-][a-z0-9]+)*)*")
_MEANINGS = MappingProxyType({**TERMS, **{code: vietnamese for code, (_, vietnamese, _) in PROBLEMS.items()}})


def _worded(value: object, language: str) -> object:
    """A reason's parameter as it is shown: one or more codes (a text, separated by ", ") in quotes, in Vietnamese with
    what they mean; other values as they are."""
    if not isinstance(value, str):
        return value
    if value in EXPECTED:
        return EXPECTED[value] if language == "vi" else value
    if _CODES.fullmatch(value) is None:
        return _WHEN.sub(_read_out, value) if language == "vi" else value
    meanings = _MEANINGS if language == "vi" else {}
    return ", ".join(f'"{code}" ({meanings[code]})' if code in meanings else f'"{code}"' for code in value.split(", "))


#: A day as the wire has it, or an instant in Vietnam.
_WHEN = re.compile(r"(?<![\w-])(\d{4})-(\d\d)-(\d\d)(?:T(\d\d:\d\d)(:\d\d)?(?:\.\d+)?\+07:00)?(?![\w-])")


def _read_out(found: re.Match[str]) -> str:
    """As it is written in Vietnamese: 30/06/2019, 08:00 24/07/2019."""
    year, month, day, time, seconds = found.groups()
    clock = f"{time}{'' if seconds in (None, ':00') else seconds} " if time else ""
    return f"{clock}{day}/{month}/{year}"


class Problem(Exception):
    """A refusal. `code` stands in PROBLEMS; `reasons` name the fields."""

    def __init__(self, code: str, *reasons: Reason, headers: dict[str, str] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.reasons = reasons
        self.headers = headers

    @property
    def status(self) -> int:
        """Its HTTP status."""
        return PROBLEMS[self.code][0]


def invalid(field_name: str, code: str, **params: object) -> Problem:
    """The refusal of one field of a request."""
    return Problem("invalid_request", Reason(field_name, code, params))


class ProblemReason(BaseModel):
    """Why one field was refused."""

    field: str = Field(examples=["agency"])
    code: str = Field(examples=["agency_not_in_force"])
    reason: str = Field(examples=["cơ quan không hoạt động ngày 22/11/2026"])


class ProblemBody(BaseModel):
    """RFC 9457 problem details."""

    type: str = Field(examples=["urn:motcua:problem:invalid_request"])
    title: str = Field(examples=["Dữ liệu gửi lên không hợp lệ"])
    status: int = Field(examples=[422])
    code: str = Field(examples=["invalid_request"])
    errors: list[ProblemReason] = Field(default=[])


#: Refusals that go together: behind a token, of a body, of one with a key, of reading one thing, a list, a change.
LOCKED = ("unauthenticated", "forbidden")
BODY = ("malformed_json", "body_too_large", "unsupported_media_type", "invalid_request")
KEYED = (*BODY, "idempotency_key_reused")
READING = (*LOCKED, "not_found")
LISTING = (*LOCKED, "agency_out_of_scope", "invalid_request")
CHANGING = (*READING, "not_allowed_in_status", "conflict", "version_changed", *KEYED)


def refusals(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of an endpoint: every refusal it can give, by status, with its codes and titles."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for code in sorted(codes, key=lambda code: PROBLEMS[code][0]):
        status, vietnamese, english = PROBLEMS[code]
        line = f"`{code}`: {english} ({vietnamese})"
        entry = by_status.setdefault(status, {"description": "", "content": {MEDIA_TYPE: {"schema": _SCHEMA}}})
        entry["description"] = f"{entry['description']}\n\n{line}".strip()
    return by_status


_SCHEMA = {"$ref": "#/components/schemas/ProblemBody"}


LANGUAGES = ("vi", "en")


def language_of(request: Request) -> str:
    """`en` where the client prefers English to Vietnamese, else `vi` (RFC 9110 12.5.4)."""
    chosen, best = LANGUAGES[0], 0.0
    for offered in request.headers.get("accept-language", "").lower().split(","):
        tag, _, parameter = offered.partition(";")
        language = tag.strip().partition("-")[0]
        try:
            weight = float(parameter.partition("=")[2]) if parameter.strip() else 1.0
        except ValueError:
            continue
        if language in LANGUAGES and weight > best:
            chosen, best = language, weight
    return chosen


def in_its_language(request: Request) -> dict[str, str]:
    """Headers of an answer whose reasons are in the language asked for."""
    return {"Content-Language": language_of(request), "Vary": "Accept-Language"}


def problem_response(
    request: Request,
    code: str,
    reasons: Sequence[Reason] = (),
    *,
    headers: dict[str, str] | None = None,
    status: int = 0,
) -> Response:
    """The response that tells a problem."""
    language = language_of(request)
    status = status or PROBLEMS[code][0]
    shown = {"Content-Language": language, "Vary": "Accept-Language", **(headers or {})}
    if code == "unauthenticated":
        shown.setdefault("WWW-Authenticate", "Bearer")
    return Response(problem_body(code, reasons, language, status), status, shown, MEDIA_TYPE)


def problem_body(code: str, reasons: Sequence[Reason], language: str, status: int) -> bytes:
    """A problem as JSON, in `language` (vi or en)."""
    _, vietnamese, english = PROBLEMS[code]
    return orjson.dumps(
        {
            "type": f"urn:motcua:problem:{code}",
            "title": vietnamese if language == "vi" else english,
            "status": status,
            "code": code,
            "errors": [reason.wire(language) for reason in reasons],
        }
    )


async def on_problem(request: Request, error: Exception) -> Response:
    """Handler of Problem."""
    assert isinstance(error, Problem)
    return problem_response(request, error.code, error.reasons, headers=error.headers)


async def on_validation_error(request: Request, error: Exception) -> Response:
    """Handler of FastAPI's validation errors, whose own form would echo what was sent."""
    assert isinstance(error, RequestValidationError)
    if any(entry["type"] == "json_invalid" for entry in error.errors()):
        return problem_response(request, "malformed_json")
    if any(entry["loc"] == ("body",) for entry in error.errors()) and not is_json(request):
        return problem_response(request, "unsupported_media_type")
    return problem_response(request, "invalid_request", reasons_of(error.errors()))


def is_json(request: Request) -> bool:
    """Whether the request says that its body is JSON."""
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    return media == "application/json" or media.endswith("+json")


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Handler of what the framework refuses by itself: unknown paths, methods, bodies too large."""
    assert isinstance(error, HTTPException)
    code = _BY_STATUS.get(error.status_code, "http_error")
    headers = dict(error.headers or {})
    if error.status_code == 405:
        # The framework names the methods of the first route it met; RFC 9110 15.5.6 wants all of the resource's.
        paths = request.app.state.paths
        found = {method for path, methods in paths if path.match(request.url.path) for method in methods}
        found |= {"HEAD"} if "GET" in found else set()
        headers["Allow"] = ", ".join(sorted(found)) or headers.get("Allow", "")
    return problem_response(request, code, headers=headers, status=error.status_code)


_BY_STATUS = {
    400: "malformed_json",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "body_too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    503: "unavailable",
}


#: What a field of ours could be called: a word of small ASCII letters, or a few.
_FIELD_NAME = re.compile(r"[a-z]{1,20}(_[a-z]{1,20}){0,3}")


def reasons_of(errors: Sequence[Any]) -> list[Reason]:
    """Pydantic's errors as reasons. Its messages and inputs are left out: they repeat what was sent."""
    return [_reason_of(entry) for entry in errors]


def _codes(expected: str) -> str:
    """Pydantic's "'counter', 'online' or 'post'" without its English."""
    return ", ".join(re.findall(r"'([^']*)'", expected))


_BOUNDS = MappingProxyType({"ge": "≥", "le": "≤", "gt": ">", "lt": "<"})


def _reason_of(entry: Any) -> Reason:
    place = [str(part) for part in entry["loc"] if part not in ("body", "query", "path", "header")]
    name = ".".join(place)
    context = entry.get("ctx") or {}
    match entry["type"]:
        case "motcua":
            return Reason(name, context["code"], dict(context.get("params") or {}))
        case "missing":
            return Reason(name, "required" if name else "no_body")
        case "extra_forbidden":
            # Its name is the client's text: repeated only if it looks like a field, without digits, marks or spaces.
            named = place if _FIELD_NAME.fullmatch(place[-1]) else place[:-1]
            return Reason(".".join(named), "unknown_field")
        case "string_too_short":
            return Reason(name, "too_short", {"limit": context.get("min_length", 1)})
        case "string_too_long":
            return Reason(name, "too_long", {"limit": context.get("max_length", 0)})
        case "too_short":  # a list: one of a thing that is needed is wanting
            return Reason(name, "required")
        case "too_long":
            return Reason(name, "too_many", {"limit": context.get("max_length", 0)})
        case "greater_than_equal" | "less_than_equal" | "greater_than" | "less_than":
            limit = next((f"{sign} {context[key]}" for key, sign in _BOUNDS.items() if key in context), "")
            return Reason(name, "out_of_range", {"limit": limit})
        case "literal_error" | "enum":
            return Reason(name, "not_one_of", {"expected": _codes(context.get("expected", ""))})
        case "timezone_aware":
            return Reason(name, "without_offset")
        case "datetime_parsing" | "datetime_from_date_parsing" | "datetime_type" | "datetime_object_invalid":
            return Reason(name, "malformed", {"expected": "RFC 3339, 2019-07-24T08:00:00+07:00"})
        case "date_parsing" | "date_from_datetime_parsing" | "date_type" | "date_from_datetime_inexact":
            return Reason(name, "malformed", {"expected": "YYYY-MM-DD"})
        case "int_parsing" | "int_type" | "int_from_float":
            return Reason(name, "wrong_type", {"expected": "integer"})
        case "float_parsing" | "float_type":
            return Reason(name, "wrong_type", {"expected": "number"})
        case "bool_parsing" | "bool_type":
            return Reason(name, "wrong_type", {"expected": "true / false"})
        case "string_type":
            return Reason(name, "wrong_type", {"expected": "string"})
        case "list_type":
            return Reason(name, "wrong_type", {"expected": "array"})
        case "model_attributes_type" | "model_type" | "dict_type":
            return Reason(name, "wrong_type", {"expected": "object"})
        case _:
            return Reason(name, "invalid_value")
