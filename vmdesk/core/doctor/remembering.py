"""What the doctor has found is kept for its next look, where there is a place for it."""

import os
from contextlib import suppress
from pathlib import Path


def remember(file: Path, text: str) -> None:
    """Write a file as a whole, or leave things as they were: then the next look finds out anew."""
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        part.replace(file)
    except OSError:
        # A closed place refuses this as well.
        with suppress(OSError):
            part.unlink(missing_ok=True)
