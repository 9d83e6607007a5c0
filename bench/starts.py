"""`motcua up --replay none` by the clock: cold on an empty directory, then warm on what it left."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.figures import Figure, Goal
from bench.ground import Ground, stop

_PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class _Start:
    """Seconds from the command until the database was ready, and until all three services were."""

    database: float
    services: float


def measure(ground: Ground) -> list[Figure]:
    """How long one waits for an installation."""
    cold: list[_Start] = []
    warm: list[_Start] = []
    with ground.progress("start: cold and warm", ground.scale.starts) as done:
        for turn in range(ground.scale.starts):
            directory = ground.directory / f"start-{turn}"
            cold.append(_up(directory))
            warm.append(_up(directory))
            done(turn + 1)
    note = f"median of {ground.scale.starts}; the interpreter's own start is in it"
    return [
        Figure("start, cold: database", median(s.database for s in cold), "s", goal=Goal("ours", "≤", 2), note=note),
        Figure(
            "start, cold: three services",
            median(s.services for s in cold),
            "s",
            goal=Goal("ours", "≤", 5),
            note="schema, agencies, calendar and procedures loaded; all three answer /readyz",
        ),
        Figure("start, warm: three services", median(s.services for s in warm), "s", goal=Goal("ours", "≤", 2)),
        Figure("start, warm: database", median(s.database for s in warm), "s"),
    ]


def _up(directory: Path) -> _Start:
    command = [sys.executable, "-m", "services", "up", "--replay", "none", "--ports", "0,0,0", "--data-dir"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MOTCUA_")}
    began = time.perf_counter()
    process = subprocess.Popen(
        [*command, str(directory)],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        first: list[float] = []
        words: list[str] = []

        def listen(lines: "subprocess.Popen[str]") -> None:
            assert lines.stderr is not None
            for line in lines.stderr:
                first.append(time.perf_counter() - began)  # its first line says that the database is ready
                words.append(line)

        ear = threading.Thread(target=listen, args=(process,), daemon=True)
        ear.start()
        while not (directory / "running.json").exists():
            if process.poll() is not None or time.perf_counter() - began > _PATIENCE:
                raise RuntimeError(f"`motcua up` did not come up:\n{''.join(words)}")
            time.sleep(0.005)
        services = time.perf_counter() - began
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        ear.join(5)
        return _Start(first[0], services)
    finally:
        stop([process])
