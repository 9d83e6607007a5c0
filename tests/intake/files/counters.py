"""A counter whose files are kept somewhere, and what is asked of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from intake_service.persons.usecases import Decision
from services.local_issuer import LocalIssuer
from shared.web.clock import now
from shared.web.settings import Settings
from tests.intake.storing import contents_in
from tests.support import bearer

MOST = 300_000


NUMBER = "045190123987"


PERSON = {"kind": "person", "name": "Nguyễn Thị Đào", "id_number": NUMBER, "phone": "0905 123 654"}


SAID = ("component", "replaces", "digitised", "reused", "from_store")


DECISION = Decision("13/QĐ-UBND", "Theo yêu cầu", "operator:test", now())


@dataclass
class Counter:
    """The ward's counter, and where its files are kept."""

    client: httpx.AsyncClient
    kept: Path
    settings: Settings
    issuer: LocalIssuer

    def as_(self, role: str, agency: str, **more: Any) -> dict[str, str]:
        return bearer(self.issuer, role, agency, **more)

    async def send(self, dossier: dict[str, Any], content: bytes, name: str = "đơn.pdf", **more: Any) -> httpx.Response:
        said: dict[str, str] = {key: more.pop(key) for key in SAID if key in more}
        params = {"name": name, **said}
        headers = {"Content-Type": "application/octet-stream", **more.pop("headers", {})}
        path = f"/v1/dossiers/{dossier['code']}/files"
        return await self.client.post(path, params=params, content=content, headers=headers, **more)

    async def sent(self, dossier: dict[str, Any], content: bytes, name: str = "đơn.pdf", **more: Any) -> dict[str, Any]:
        answer = await self.send(dossier, content, name, **more)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def listed(self, dossier: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
        answer = await self.client.get(f"/v1/dossiers/{dossier['code']}/files", **more)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    def contents(self) -> set[str]:
        return contents_in(self.kept)


def reason(answer: httpx.Response) -> tuple[int, str, list[tuple[str, str]]]:
    body = answer.json()
    return answer.status_code, body["code"], [(error["field"], error["code"]) for error in body["errors"]]
