"""The rooms' promises: each room's openapi.json and the page of rights, written from the code and checked for
staleness."""

import json
from collections.abc import Iterator
from pathlib import Path

from fastapi.routing import APIRoute

from services.serve import ROOMS, app_of
from shared.domain.personal import Datum
from shared.web.app import describe
from shared.web.auth import SIGHTS, Relation, Role, Tie, right_of

_ROOT = Path(__file__).parent.parent


def contract(room: str) -> str:
    """A room's OpenAPI 3.1 document as it is committed."""
    return json.dumps(describe(app_of(room).PLAN).openapi(), indent=2, ensure_ascii=False) + "\n"


def path_of(room: str) -> Path:
    """Where a room's promise is committed."""
    return _ROOT / f"{room}_service" / "openapi.json"


RIGHTS_PAGE = _ROOT / "docs" / "rights.md"
_RELATIONS = {
    Relation.NONE: ("–", "nothing is asked of an agency or a dossier"),
    Relation.WITHIN: ("trong phạm vi", "a list shows what lies within"),
    Relation.AGENCY: ("cơ quan được nêu", "the agency that is named, or whose the thing is, lies within"),
    Relation.PROVINCE: ("toàn tỉnh", "the token covers the whole installation"),
    Relation.RECEIVER_OR_HOLDER: ("nơi nhận hoặc nơi giữ", "whoever received the dossier, or has it in hands"),
    Relation.SIGHT: (
        "được xem dữ liệu chủ hồ sơ",
        "one of these, and whoever sees all of the applicant's data by the [table below](#whose-data-are-seen)",
    ),
    Relation.PARTY: ("bên tham gia", "one of these, whoever takes part in it, whoever gave it until it is received"),
    Relation.HOLDER: ("nơi giữ", "whoever has it in hands"),
    Relation.GIVER: ("bên giao", "whoever gave it, until it is received"),
    Relation.SHARE: ("đơn vị của phần việc", "whose share it is, or who has the paper that was given back"),
    Relation.AT_WORK: ("nơi giữ hoặc có phần việc", "whoever has it in hands, or an open share of it"),
    Relation.ASKED: ("đơn vị được hỏi", "the unit that was asked"),
}
_RIGHTS_HEAD = """# Who may do what

Written by `make contracts` from `shared/web/auth/rights.py` and `sights.py`, which every endpoint reads.

Two things are needed: a role, and that something lies in the part of the agency tree that the token covers today.
Without the role the answer is 403; what lies outside is not there (404), or the act is refused (403). ✓: may; D: by
delegation of a leader ([hand-overs](hand-overs.md)). No mark in a row: everybody's, without a token.

Behind that stands a second wall, in the tables themselves: whatever a statement of intake or routing asks for, it is
shown the dossiers that an agency of the caller's part of the tree received or has, or had, a part in, and what belongs
to them; a session that does not say for whom it reads is shown none (`shared/tables/policies.py`,
[decision 0044](decisions/0044-a-session-says-for-whom-it-reads.md)).

| `x-relation` | | what must lie within |
|---|---|---|
"""


def rights_page() -> str:
    """docs/rights.md as it is committed."""
    relations = [f"| `{one}` | {vietnamese} | {english} |" for one, (vietnamese, english) in _RELATIONS.items()]
    rows = []
    for room in ROOMS:
        rows += ["", f"## {room}", "", f"| operation | | {' | '.join(Role)} | relation |", "|---|---|" + "---|" * 8]
        routes = [r for router in app_of(room).PLAN.routers for r in router.routes if isinstance(r, APIRoute)]
        rows += [_rights_row(route) for route in routes]
    return _RIGHTS_HEAD + "\n".join([*relations, *rows]) + "\n" + _SIGHTS_HEAD + "\n".join(_sights_rows()) + "\n"


_SIGHTS_HEAD = """
## Whose data are seen

Of an applicant, and of who handed a dossier in, these are shown whole to whoever stands here, and masked to everybody
else (`***001`, `***@example.vn`, `***`): in `GET /v1/dossiers/{code}`, in forms and in the ledger. Answers of acts mask
them always; lists, histories, tracking, reports and their files have none ([personal data](personal-data.md)).
"""
_DATA = {Datum.ID_NUMBER: "identity number", Datum.PHONE: "phone", Datum.EMAIL: "e-mail", Datum.ADDRESS: "address"}
_TIES = {
    Tie.RECEIVER: "tiếp nhận · the token's agency, or one that it succeeded, received it",
    Tie.HOLDER: "đang giữ · it has it in hands",
    Tie.ABOVE: "cấp trên · one under it received it, or has it in hands",
}


def _sights_rows() -> Iterator[str]:
    yield ""
    yield f"| role | {' | '.join(_TIES.values())} |"
    yield f"|---|{'---|' * len(_TIES)}"
    for role in Role:
        cells = (SIGHTS[role].get(tie, frozenset()) for tie in _TIES)
        yield f"| {role} | {' | '.join(_seen(cell) for cell in cells)} |"


def _seen(shown: frozenset[Datum]) -> str:
    return "all" if shown == frozenset(Datum) else ", ".join(_DATA[datum] for datum in Datum if datum in shown)


def _rights_row(route: APIRoute) -> str:
    right = right_of(route)
    marks = ["D" if role in right.by_delegation else "✓" if role in right.roles else "" for role in Role]
    asked = f"`{' '.join(sorted(route.methods or ()))} {route.path}`"
    return f"| {asked} | {route.summary} | {' | '.join(marks)} | {right.relation if right.roles else 'public'} |"


def stale() -> list[str]:
    """Rooms whose committed contract is not what their code promises, and the page of rights."""
    rooms = [room for room in ROOMS if _committed(path_of(room)) != contract(room)]
    return rooms if _committed(RIGHTS_PAGE) == rights_page() else [*rooms, "docs/rights.md"]


def _committed(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def write() -> None:
    """Write all of them anew."""
    for room in ROOMS:
        path_of(room).write_text(contract(room), encoding="utf-8")
    RIGHTS_PAGE.write_text(rights_page(), encoding="utf-8")
