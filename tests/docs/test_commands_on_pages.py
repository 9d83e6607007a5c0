"""What pages tell a reader to send: each address is one of its service's contract, each body one that its model
takes."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from shared.contracts.cases import CaseFinishIn
from shared.contracts.hand_overs import HandOverIn
from shared.contracts.intake import DossierIn
from shared.contracts.petitions import AnswerIn, PetitionIn
from shared.contracts.ratings import RatingIn
from shared.contracts.verbs import FinishIn, ReturnIn, SupplementIn, SupplementRequestIn
from shared.contracts.workflows import WorkflowIn

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "README.vi.md", *sorted((ROOT / "docs").glob("*.md"))]
ROOMS = {"8001": "intake", "8002": "routing", "8003": "stats"}
#: Where a service answers, and what is asked there.
_SENT = re.compile(r"127\.0\.0\.1:(800[123])(/v1/[\w/$.{}-]*)")
#: How the address of a body ends → its model. The first that fits.
MODELS: list[tuple[str, type[BaseModel]]] = [
    (r'""|dossiers', DossierIn),
    (r"/supplement-requests", SupplementRequestIn),
    (r"/supplements", SupplementIn),
    (r"v1/cases/\$CODE/finish", CaseFinishIn),
    (r"/finish", FinishIn),
    (r"/return", ReturnIn),
    (r"/hand-overs", HandOverIn),
    (r"/v1/workflows", WorkflowIn),
    (r"/rating -X PUT", RatingIn),
    (r"/public/petitions", PetitionIn),
    (r"/answer", AnswerIn),
]


def addresses() -> Iterator[tuple[str, str, str]]:
    for page in PAGES:
        for port, path in _SENT.findall(page.read_text(encoding="utf-8")):
            if path not in ("/v1/track", "/v1/$1"):  # of a setting, and of a function: the rest follows
                yield page.name, ROOMS[port], path.rstrip(".").removesuffix("$1")


def test_every_address_is_one_of_its_service() -> None:
    found = list(addresses())
    assert len(found) > 10, "no addresses were found"
    contracts = {
        room: json.loads((ROOT / f"{room}_service" / "openapi.json").read_text(encoding="utf-8"))["paths"]
        for room in ROOMS.values()
    }
    patterns = {room: [re.sub(r"\{\w+\}", "[^/]+", path) for path in paths] for room, paths in contracts.items()}
    strange = [
        f"{page}: {room} {path}"
        for page, room, path in found
        if not any(re.fullmatch(pattern, path) for pattern in patterns[room])
    ]
    assert strange == []


@pytest.mark.parametrize("page", ["lifecycle", "hand-overs", "workflows", "ratings", "petitions"])
def test_every_body_is_taken(page: str) -> None:
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    sent = [
        (line, body)
        for block in re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
        for command in re.split(r"\n(?=\w)", block)
        for line, body in re.findall(r"^(.*?) -d '(\{.*?\})'", command, re.DOTALL)
    ]
    assert sent, "no bodies were found"
    for line, body in sent:
        if body == "{}":
            continue
        model = next(model for ending, model in MODELS if re.search(rf"({ending})( |$)", line))
        model.model_validate_json(body)


#: What the reader's shell has, or a page says is the reader's to have: message and secret of a webhook.
GIVEN = {"PWD", "PATH", "HOME", "SECRET", "ID", "TIMESTAMP"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_command_needs_is_made_before_it_on_its_page(page: Path) -> None:
    made, lacking = set(GIVEN), []
    for block in re.findall(r"^```(?:bash)?\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
        made |= set(re.findall(r"\b([A-Z]+)=", block))
        made |= {name for names in re.findall(r"\bread -r ([A-Z ]+)", block) for name in names.split()}
        lacking += [name for name in re.findall(r"\$\{?([A-Z]+)\b", block) if name not in made]
    assert lacking == []
