"""The presses of a room by the format of their files. A press is loaded by the first file that it makes: what stands
behind all of them takes 17 MB and a third of a second, and hardly a process prints every kind."""

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

CSV = "text/csv"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Press:
    """A module whose `printed` makes a file. Loading it takes time, so it is not for the event loop."""

    name: str
    media_type: str

    @property
    def module(self) -> ModuleType:
        """What makes the files."""
        return import_module(self.name)

    def printed(self, *what: Any) -> Any:
        """What its `printed` makes of it."""
        return self.module.printed(*what)
