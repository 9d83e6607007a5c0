"""The diagram in docs/lifecycle.md is the table in shared/domain/lifecycle.py."""

from pathlib import Path

from shared.domain.lifecycle import STATUS_VI, TRANSITIONS, State

STATES = sorted(set(TRANSITIONS.values()), key=lambda state: (state.accepted, state.status))
PAGE = Path(__file__).parents[2] / "docs" / "lifecycle.md"


def name(state: State | None) -> str:
    if state is None:
        return "[*]"
    before = not state.accepted and (State(state.status) in STATES)
    return f"{state.status.name.lower()}_at_reception" if before else state.status.name.lower()


def mermaid() -> str:
    """The lifecycle as a mermaid state diagram: one line a state, one line a transition, in the table's order. What
    leaves a state where it is stands in the text."""
    lines = ["```mermaid", "stateDiagram-v2"]
    for state in STATES:
        where = " (trước tiếp nhận)" if name(state).endswith("_at_reception") else ""
        lines.append(f"    {name(state)} : {int(state.status)} · {STATUS_VI[state.status]}{where}")
    for (state, event), following in TRANSITIONS.items():
        if state != following:
            lines.append(f"    {name(state)} --> {name(following)} : {event.value}")
    return "\n".join([*lines, "```"])


def test_the_diagram_is_the_table():
    assert mermaid() in PAGE.read_text(encoding="utf-8"), (
        f"docs/lifecycle.md is stale. The diagram is now:\n{mermaid()}"
    )
