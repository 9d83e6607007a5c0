"""The language that the terminal speaks: Vietnamese, unless its locale is an English one."""

import os


def speaks_english() -> bool:
    """Whether English is asked for, by LC_ALL, LC_MESSAGES or LANG."""
    locale = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return locale.lower().startswith("en")


def said(vietnamese: str, english: str) -> str:
    """Of the two, what the terminal speaks."""
    return english if speaks_english() else vietnamese
