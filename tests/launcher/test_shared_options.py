"""What commands share they share by name and meaning: every command that reports is walked."""

from typing import Any

import pytest
import typer

from services import tables
from services.command import app
from services.report_commands import report_app


def options(command: Any) -> dict[str, Any]:
    """The options of a command, by each of their names."""
    return {name: option for option in command.params for name in option.opts}


REPORTS = {f"report {name}": one for name, one in typer.main.get_command(report_app).commands.items()}  # type: ignore[attr-defined]
REPORTS["overdue"] = typer.main.get_command(app).commands["overdue"]  # type: ignore[attr-defined]
#: The bytes of an edition are in the form in which they were sealed.
WITHOUT_FORMAT = {"report edition"}
#: A report is sealed as it is known now; of what is sealed nothing is computed.
WITHOUT_AS_OF = {"report seal", "report editions", "report edition"}
#: What is late has no period, and editions are listed and read whole.
WITHOUT_PERIOD = {"overdue", "report editions", "report edition"}
#: Whose counts can be restated on the units of today; an edition is of the units as they were, the index of those that
#: received.
RESTATED = {"report resolution", "report official"}
ON_PAPER = {"report resolution", "report official", "report index-766"}


def test_the_exceptions_are_commands() -> None:
    assert set(REPORTS) >= WITHOUT_FORMAT | WITHOUT_AS_OF | WITHOUT_PERIOD | ON_PAPER | RESTATED


@pytest.mark.parametrize("name", REPORTS)
def test_a_command_that_reports_takes_what_all_take(name: str) -> None:
    taken = options(REPORTS[name])
    expected = {"--output", "--data-dir"}
    expected |= set() if name in WITHOUT_FORMAT else {"--format"}
    expected |= {"--units"} if name in RESTATED else set()
    expected |= set() if name in WITHOUT_AS_OF else {"--as-of"}
    expected |= set() if name in WITHOUT_PERIOD else {"--agency", "--period", "--from", "--to", "--cut"}
    assert expected <= set(taken)
    assert not {"--as-of"} & set(taken) or name not in WITHOUT_AS_OF
    for optional in expected - {"--cut", "--units", "--data-dir"}:
        assert taken[optional].default is None, "not given: the file's name, now, and the whole decide"


@pytest.mark.parametrize("option", ["--output", "--cut", "--as-of", "--data-dir"])
def test_an_option_means_the_same_wherever_it_is_taken(option: str) -> None:
    found = [options(one)[option] for name, one in REPORTS.items() if option in options(one)]
    assert len({(str(one.default), one.metavar) for one in found}) == 1
    if option != "--as-of":  # what is late is late now unless an instant is given; figures are as known now
        assert len({one.help for one in found}) == 1


@pytest.mark.parametrize("name", sorted(set(REPORTS) - WITHOUT_FORMAT))
def test_formats_are_told_and_those_of_paper_are_whole(name: str) -> None:
    told = options(REPORTS[name])["--format"].help
    assert "json" in told
    assert any(words in told for words in ("what the file's name ends with", "phần cuối của tên tệp"))
    if name in ON_PAPER:
        assert all(form in told for form in ("csv", *tables.PRINTED))
