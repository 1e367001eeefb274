"""The log: small files, opened when there is something to tell."""

import logging
from functools import cached_property
from pathlib import Path

SIZE = 1_000_000
"""Bytes after which a file is put aside; three old ones are kept."""


class LogFile(logging.Handler):
    """Writes records to a file, or to standard error where there can be none.

    A window without worries has nothing to tell, and reads nothing that rotates files.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        self._files.emit(record)

    def close(self) -> None:
        """Close the file."""
        if "_files" in vars(self):
            self._files.close()
        super().close()

    @cached_property
    def _files(self) -> logging.Handler:
        from logging.handlers import RotatingFileHandler

        made: logging.Handler
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            made = RotatingFileHandler(self._path, maxBytes=SIZE, backupCount=3, encoding="utf-8")
        except OSError:
            made = logging.StreamHandler()
        made.setFormatter(self.formatter)
        return made
