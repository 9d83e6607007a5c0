"""`python -m services` is the `motcua` command, and this is where it begins."""

import os
import sys


def main() -> None:
    """Run it. To load it takes a third of a second: Ctrl-C meanwhile ends it in a line, as later."""
    try:
        from services.command import app
    except KeyboardInterrupt:
        print("Đã dừng · stopped", file=sys.stderr)
        sys.exit(130)
    if sys.stdout is None:  # `>&-`, as some that schedule jobs start them
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - until the process ends
    app()


if __name__ == "__main__":
    main()
