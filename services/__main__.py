"""`python -m services` is the `motcua` command, and this is where it begins."""

import sys


def main() -> None:
    """Run it. To load it takes a third of a second: Ctrl-C meanwhile ends it in a line, as later."""
    try:
        from services.command import app
    except KeyboardInterrupt:
        print("Đã dừng · stopped", file=sys.stderr)
        sys.exit(130)
    app()


if __name__ == "__main__":
    main()
