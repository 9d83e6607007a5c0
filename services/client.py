"""Speaking to the services of a running installation, as the other commands do."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import uuid4

import httpx

from services.language import said
from services.refusals import Refused


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
    """Asks the services with one token. Raises Refused."""

    def __init__(self, token: str) -> None:
        self._http = httpx.Client(headers=headers_of(token), timeout=httpx.Timeout(120, connect=5))

    def get(self, address: str, asked: dict[str, str]) -> httpx.Response:
        """One answer."""
        with told():
            return good(self._http.get(address, params=asked))

    def post(self, address: str, body: dict[str, Any]) -> httpx.Response:
        """The answer to what was sent, under a key of its own: sent again by a proxy it has one effect."""
        with told():
            return good(self._http.post(address, json=body, headers={"Idempotency-Key": str(uuid4())}))

    def stream(self, address: str, asked: dict[str, str]) -> Iterator[bytes]:
        """One answer of any length, block by block."""
        with told(), self._http.stream("GET", address, params=asked) as answer:
            if not answer.is_success:
                answer.read()
            yield from good(answer).iter_bytes()

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


def good(answer: httpx.Response) -> httpx.Response:
    """The answer, or Refused in the words of the service."""
    if answer.is_success:
        return answer
    try:
        problem = answer.json()
        lines = [problem["title"], *(f"{e['field']}: {e['reason']}" for e in problem["errors"])]
        if answer.status_code == 404 and not problem["errors"]:
            lines = [f"{problem['title']}: {answer.request.url.copy_with(query=None)}"]
    except (ValueError, KeyError, TypeError):
        lines = [f"HTTP {answer.status_code}"]
    raise Refused("\n".join(lines))
