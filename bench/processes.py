"""What /proc says of processes: processor time and memory. And what machine this is."""

import os
import platform
import time
from pathlib import Path
from typing import Any

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far, user and system, to the nanosecond; of threads that have ended too."""
    return time.clock_gettime((~pid << 3) | 2)  # its clock, as clock_getcpuclockid(3) has it


def cpu_seconds_below(pid: int) -> float:
    """Processor time of a process, its children, and what it has waited for."""
    total = 0.0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(path.parent.name) == pid:
            total += sum(map(int, fields[11:15])) / _TICKS
        elif int(fields[1]) == pid:
            total += sum(map(int, fields[11:13])) / _TICKS
    return total


def peak_megabytes(pid: int) -> float:
    """The most memory that a process ever held (VmHWM)."""
    return _status(pid, "VmHWM")


def megabytes(pid: int) -> float:
    """The memory that a process holds (VmRSS)."""
    return _status(pid, "VmRSS")


def _status(pid: int, name: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(name)


def machine() -> dict[str, Any]:
    """On what the figures were measured."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_before": os.getloadavg()[0],
    }


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
