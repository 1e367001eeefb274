"""The log: small files, opened when there is something to tell."""

import logging
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
        self._file: logging.Handler | None = None
        self._in_need = logging.StreamHandler()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; to standard error as long as no file can be opened."""
        handler = self._file or self._opened() or self._in_need
        handler.setFormatter(self.formatter)
        handler.emit(record)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
        super().close()

    def _opened(self) -> logging.Handler | None:
        from logging.handlers import RotatingFileHandler

        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = RotatingFileHandler(
                self._path, maxBytes=SIZE, backupCount=3, encoding="utf-8"
            )
        except OSError:
            return None
        return self._file
