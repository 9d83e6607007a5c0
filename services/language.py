"""The language that the terminal speaks: Vietnamese, unless its locale is an English one."""

import os


def english() -> bool:
    """Whether English is asked for, by LC_ALL, LC_MESSAGES or LANG."""
    speaks = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return speaks.lower().startswith("en")


def said(vietnamese: str, english_: str) -> str:
    """Of the two, what the terminal speaks."""
    return english_ if english() else vietnamese
