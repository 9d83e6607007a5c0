"""The glossary leaves no word of the product unexplained."""

import re
from pathlib import Path
from typing import get_args

import pytest

from shared.contracts.agencies import AgencyDetail
from shared.contracts.cases import Case
from shared.contracts.definitions import ON_DEMAND_COUNTS
from shared.contracts.editions import ChangeKind, FindingName
from shared.contracts.forms import DossierForm, FormName
from shared.contracts.hand_overs import AnswerName, MovementName
from shared.contracts.intake import Dossier, DossierEvent, ImportRecord
from shared.contracts.overdue import DueSoonItem, OverdueItem
from shared.contracts.stats import COUNT_NAMES, RATE_NAMES, ListedDossier, ReportRow
from shared.domain.agencies import Level
from shared.domain.deadline import Verdict
from shared.domain.lifecycle import STATUS_VI, Channel, EventKind, Outcome, Status
from shared.domain.terms import TermUnit
from shared.domain.working_calendar import DayKind
from shared.web.auth import Role
from stats_service.on_time.rules import ON_TIME

GLOSSARY = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text(encoding="utf-8")
EXPLAINED = set(re.findall(r"`([^`]+)`", GLOSSARY))

VOCABULARY = {
    "figure": COUNT_NAMES,
    "figure on demand": ON_DEMAND_COUNTS,
    "rate": RATE_NAMES,
    "change": get_args(ChangeKind),
    "finding": get_args(FindingName),
    "definition": [definition.id for definition in ON_TIME],
    "status": [status.name.lower() for status in Status],
    "level": list(Level),
    "channel": [channel.name.lower() for channel in Channel],
    "outcome": [outcome.name.lower() for outcome in Outcome],
    "verdict": [verdict.name.lower() for verdict in Verdict],
    "event": list(EventKind),
    "term unit": list(TermUnit),
    "calendar day": list(DayKind),
    "form": [*get_args(FormName), "ledger"],
    "role": list(Role),
    "movement": get_args(MovementName),
    "answer": get_args(AnswerName),
}
MODELS = (
    Dossier,
    DossierForm,
    DossierEvent,
    ImportRecord,
    AgencyDetail,
    Case,
    OverdueItem,
    DueSoonItem,
    ListedDossier,
    ReportRow,
)
#: Words that mean here what they mean everywhere.
PLAIN = {"name", "key", "from", "to", "detail"}


@pytest.mark.parametrize("kind", VOCABULARY)
def test_every_word_of_the_vocabulary_is_explained(kind):
    missing = [str(word) for word in VOCABULARY[kind] if str(word) not in EXPLAINED]
    assert not missing, f"docs/glossary.md does not explain these {kind} names: {missing}"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_is_explained(model):
    fields = {info.alias or name for name, info in model.model_fields.items()}
    missing = sorted(fields - PLAIN - EXPLAINED)
    assert not missing, f"docs/glossary.md does not explain these fields of {model.__name__}: {missing}"


@pytest.mark.parametrize("status", Status, ids=lambda status: status.name.lower())
def test_a_status_has_its_national_code_and_its_vietnamese_name(status):
    row = next((line for line in GLOSSARY.splitlines() if line.startswith(f"| {int(status)} | `")), "")
    assert row.startswith(f"| {int(status)} | `{status.name.lower()}` | {STATUS_VI[status]} |")
