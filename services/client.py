"""Speaking to the services of a running installation, as the other commands do."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import uuid4

import httpx

from services.language import said
from services.refusals import Mistyped, Refused

#: Fields of requests that the commands take as options.
OPTIONS = frozenset(
    {
        *("agency", "from", "to", "period", "cut", "as_of", "units", "group_by", "definition", "format", "level"),
        *("rules", "form", "rows", "awaiting_supplement_column", "receiver", "note", "corrects", "reason", "apology"),
        *("after", "decision"),
    }
)
#: What the path of a request holds, as the commands call it.
_ARGUMENTS = {"edition_id": "ID", "number": "--upto"}
#: Whose words have fields in quotes; in those of others it is values that stand so.
_NAMING = ("period_or_days", "period_or_days_only", "no_rule_version")
#: Answers to what was typed. Of a token, a conflict, a service that is away the status is another.
_MISTYPED = (400, 404, 406, 422)
#: Where one sees what there is: (beginning of a path, the command that lists it).
_AGENCIES = "/v1/agencies"
_LISTS = (("/v1/reports/editions", "motcua report editions"), ("/v1/anchors", "motcua anchors"))


@contextmanager
def told() -> Iterator[None]:
    """An error of the wire is told as a refusal is."""
    try:
        yield
    except httpx.HTTPError as error:
        place, why = _place(error), f"{type(error).__name__}: {error}".removesuffix(": ")
        raise Refused(
            f"Không gọi được dịch vụ tại {place}; hãy xem dịch vụ có chạy không và địa chỉ có đúng không.\n"
            f"The service at {place} could not be reached ({why}). See whether it runs and the address is right."
        ) from error


def _place(error: httpx.HTTPError) -> str:
    """Whom it was to reach, without what was asked."""
    try:
        return str(error.request.url.copy_with(query=None))
    except RuntimeError:  # it never came to a request
        return "–"


def headers_of(token: str) -> dict[str, str]:
    """The token, and the language of the terminal: refusals are Vietnamese unless it speaks English."""
    return {"Authorization": f"Bearer {token}", "Accept-Language": said("vi", "en")}


class Client:
    """Asks the services with one token. Raises Refused. routing: where that service answers, and lists agencies."""

    def __init__(self, token: str, routing: str = "") -> None:
        self._routing = routing
        self._http = httpx.Client(headers=headers_of(token), timeout=httpx.Timeout(120, connect=5))

    def get(self, address: str, asked: dict[str, str]) -> httpx.Response:
        """One answer."""
        with told():
            return good(self._http.get(address, params=asked), self._routing)

    def post(self, address: str, body: dict[str, Any], named: Callable[[str], str] | None = None) -> httpx.Response:
        """The answer to what was sent, under a key of its own: sent again by a proxy it has one effect. named: as
        good() has it."""
        with told():
            answer = self._http.post(address, json=body, headers={"Idempotency-Key": str(uuid4())})
            return good(answer, self._routing, named)

    def stream(self, address: str, asked: dict[str, str]) -> Iterator[bytes]:
        """One answer of any length, block by block."""
        with told(), self._http.stream("GET", address, params=asked) as answer:
            if not answer.is_success:
                answer.read()
            yield from good(answer, self._routing).iter_bytes()

    def items(self, address: str, asked: dict[str, str]) -> Iterator[dict[str, Any]]:
        """A list, page by page."""
        page = self.get(address, asked).json()
        yield from page["items"]
        while page["next"]:
            page = self.get(address, {**asked, "cursor": page["next"]}).json()
            yield from page["items"]

    def report(self, stats: str, asked: dict[str, str]) -> dict[str, Any]:
        """A resolution report with the rows of all its pages."""
        address = f"{stats}/v1/reports/resolution"
        report: dict[str, Any] = self.get(address, asked).json()
        while report["next"]:
            page = self.get(address, {**asked, "cursor": report["next"]}).json()
            report["rows"] += page["rows"]
            report["next"] = page["next"]
        return report

    def synthetic(self, stats: str, agency: str, day: date) -> bool:
        """Whether there are made-up dossiers in the installation: only a report says so. False for who may not ask."""
        asked = {"agency": agency, "from": str(day), "to": str(day)}
        try:
            return bool(self.get(f"{stats}/v1/reports/resolution", asked).json()["synthetic"])
        except Refused:
            return False


def good(answer: httpx.Response, routing: str = "", named: Callable[[str], str] | None = None) -> httpx.Response:
    """The answer, or Refused in the words of the service, with options in place of its fields. `routing`: where
    agencies are listed. `named`: how a field was typed, if not as an option of its name."""
    if answer.is_success:
        return answer
    kind = Mistyped if answer.status_code in _MISTYPED else Refused
    try:
        problem = answer.json()
        lines = [_line(**error, routing=routing, named=named or option_of) for error in problem["errors"]]
        if not lines and answer.status_code == 404:
            asked = answer.request.url
            lines = [f"{problem['title']}: {asked.copy_with(query=None)}; {_where(asked.path)}"]
        elif problem["code"] not in ("invalid_request", "not_found") or not lines:
            lines.insert(0, problem["title"])
    except (ValueError, KeyError, TypeError):
        lines = [f"HTTP {answer.status_code}"]
    raise kind("\n".join(lines))


def _line(field: str, code: str, reason: str, routing: str, named: Callable[[str], str]) -> str:
    """Why an option is refused."""
    if code in _NAMING:
        reason = re.sub(r'"(\w+)":?', lambda found: option_of(found[1]), reason)
    for path, command in _LISTS:
        reason = reason.replace(f'"{path}"', f"`{command}`")
    reason = reason.replace(f'"{_AGENCIES}"', f"{routing}{_AGENCIES}")
    return f"{named(field)}: {reason}" if field else reason


def option_of(field: str) -> str:
    """A field of a request as it is typed; what no command takes stays as it is."""
    name = field.removeprefix("parameters.")
    return f"--{name.replace('_', '-')}" if name in OPTIONS else _ARGUMENTS.get(name, field)


def _where(path: str) -> str:
    for beginning, command in _LISTS:
        if path.startswith(f"{beginning}/"):
            return said(f"xem danh sách bằng `{command}`", f"`{command}` lists them")
    return said(
        "hãy xem lại địa chỉ của dịch vụ (MOTCUA_INTAKE_URL, MOTCUA_ROUTING_URL, MOTCUA_STATS_URL)",
        "see whether the service's address is right (MOTCUA_INTAKE_URL, MOTCUA_ROUTING_URL, MOTCUA_STATS_URL)",
    )
