"""``vmdesk`` and ``python -m vmdesk``: what comes before the window's program is read."""

import gc
import sys

from vmdesk import binding


def main() -> int:
    """Run vmdesk and return its exit code."""
    # What a start makes is no garbage, and looking for some takes a twentieth of the time until
    # the list is on the screen. The window's program, read from here on, has it looked for again.
    gc.disable()
    binding.load()
    from vmdesk import app

    return app.main()


if __name__ == "__main__":
    sys.exit(main())
