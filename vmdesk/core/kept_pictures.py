"""Files of the last pictures of machines, a folder for each connection, for their owner alone."""

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from vmdesk.core import connections, paths

_ENDING = ".png"


class KeptPictures:
    """The pictures of the machines of one connection. A screen may show what nobody else is to see.

    What can't be read or written is not there: it is a cache.
    """

    def __init__(self, connection: str) -> None:
        self._folder = paths.cache_dir() / "screens" / connections.file_name(connection)

    def read(self, uuid: str) -> bytes:
        """Return the picture of a machine, or nothing."""
        with suppress(OSError):
            return self._file(uuid).read_bytes()
        return b""

    def write(self, uuid: str, content: bytes) -> None:
        """Keep the picture of a machine instead of the one before."""
        part = self._file(uuid).with_suffix(".part")
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            part.unlink(missing_ok=True)
            part.touch(mode=0o600)
            part.write_bytes(content)
            part.replace(self._file(uuid))

    def remove(self, uuid: str) -> None:
        """Keep no picture of a machine that is gone."""
        with suppress(OSError):
            self._file(uuid).unlink()

    def sweep(self, uuids: Collection[str]) -> None:
        """Keep pictures of these machines only: others went while nobody looked."""
        for file in self._folder.glob(f"*{_ENDING}"):
            if file.stem not in uuids:
                self.remove(file.stem)

    def _file(self, uuid: str) -> Path:
        return self._folder / f"{uuid}{_ENDING}"
