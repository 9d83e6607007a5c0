"""A running installation, for the commands that speak to one."""

from tests.journeys.conftest import running

__all__ = ["running"]
