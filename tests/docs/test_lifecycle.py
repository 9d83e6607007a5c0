"""The diagram in docs/lifecycle.md is the table in shared/domain/lifecycle.py."""

from pathlib import Path

from shared.domain.lifecycle import STATUS_VI, TRANSITIONS, Status

PAGE = Path(__file__).parents[2] / "docs" / "lifecycle.md"


def mermaid() -> str:
    """The lifecycle as a mermaid state diagram: one line a state, one line a transition, in the table's order."""
    reached = [status for status in Status if status in TRANSITIONS.values()]
    names = {status: status.name.lower() for status in Status}
    goes_on = {state for state, _ in TRANSITIONS}
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    {names[status]} : {int(status)} · {STATUS_VI[status]}" for status in reached]
    for (state, event), following in TRANSITIONS.items():
        lines.append(f"    {names[state] if state else '[*]'} --> {names[following]} : {event.value}")
    lines += [f"    {names[status]} --> [*]" for status in reached if status not in goes_on]
    return "\n".join([*lines, "```"])


def test_the_diagram_is_the_table():
    assert mermaid() in PAGE.read_text(encoding="utf-8"), (
        f"docs/lifecycle.md is stale. The diagram is now:\n{mermaid()}"
    )
