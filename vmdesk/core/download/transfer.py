"""Bring a file of a web server into the library: resumed, retried, checked while it comes."""

import shutil
from pathlib import Path

import requests

from vmdesk.core.download import content, errors, http
from vmdesk.core.download.errors import ContactError, PassingError
from vmdesk.core.download.http import Patience, Remote
from vmdesk.core.download.part import Part
from vmdesk.core.download.record import Slot
from vmdesk.core.formatting import KIB, MIB
from vmdesk.core.i18n import _
from vmdesk.core.job import Job, OperationError

_CHUNK = MIB
_ROOM_LOOK = 64 * MIB
"""Bytes after which the free room is looked at again; a file of unknown length needs as many."""
_MIN_GAIN = 64 * KIB
"""Bytes that a try must bring to count as progress: else a server could keep us for ever."""
_MAX_CHANGES = 3
"""Times that a file may be another one than before, in one download."""


def run(slot: Slot, replaced: str, job: Job, patience: Patience) -> tuple[Part, str]:
    """Download the file of ``slot`` and return it complete, and where it was redirected to.

    The caller holds the slot's lock, and finishes or discards the part. ``replaced`` is the name
    of an older copy, or nothing. Raises ``OperationError``; what arrived by then stays if it
    can be gone on with, as it does after a cancel.
    """
    transfer = _Transfer(slot, replaced, job, patience)
    try:
        part = transfer.run()
    except BaseException:
        transfer.leave()
        raise
    return part, transfer.final_address


def progress_text(name: str) -> str:
    """Return what is reported while the file ``name`` is downloaded."""
    return _("Downloading {name}").format(name=name)


class _Transfer:
    """The state of one download over all its tries."""

    def __init__(self, slot: Slot, replaced: str, job: Job, patience: Patience) -> None:
        self.final_address = slot.address
        self._slot = slot
        self._replaced = replaced
        self._job = job
        self._patience = patience
        self._part: Part | None = None
        self._reached = 0
        self._changes = 0
        self._has_contact = False
        self._goes_direct = True

    def run(self) -> Part:
        self._part = Part.found(self._slot, self._job)
        self._reached = self._part.size if self._part else 0
        failures = 0
        while True:
            before = self._reached
            try:
                return self._try()
            except PassingError as exc:
                is_first_contact = not self._has_contact and not self._is_detour()
                if is_first_contact and isinstance(exc, ContactError):
                    raise
                has_gained = self._reached - before >= _MIN_GAIN
                failures = 1 if has_gained else failures + 1
                if failures > len(self._patience.pauses):
                    raise
                self._goes_direct = has_gained
            self._pause(self._patience.pauses[failures - 1])

    def leave(self) -> None:
        if self._part is not None:
            self._part.leave()

    def _try(self) -> Part:
        headers = {}
        if self._part is not None and not self._part.record.is_resumable:
            self._part.discard()
            self._part = None
        if self._part is not None:
            headers["Range"] = f"bytes={self._part.size}-"
            headers["If-Range"] = self._part.record.validator
        address = self._address()
        with http.opened("GET", address, headers, self._job, self._patience) as response:
            remote = http.remote_of(response, address)
            self.final_address = remote.address
            if self._part is not None:
                self._part = self._continued(self._part, remote)
            if self._part is None:
                http.require_success(response, address)
                self._part = self._begun(remote)
            self._has_contact = True
            part = self._part
            self._receive(response, part)
            return part

    def _address(self) -> str:
        if self._part is not None and self._goes_direct:
            return self._part.record.source
        return self._slot.address

    def _is_detour(self) -> bool:
        """Tell whether the part's own source is asked, not the address that led there."""
        return self._address() != self._slot.address

    def _continued(self, part: Part, remote: Remote) -> Part | None:
        """Return ``part`` if the answer goes on with it, or nothing if all begins anew."""
        is_same = part.is_of(remote)
        if remote.status == 206 and is_same and remote.start == part.size:
            return part
        if remote.status not in (200, 206, 416):
            raise self._refusal(remote)
        part.discard()
        self._part = None
        if remote.status == 200 and is_same:
            return None  # a server that can't send parts
        self._changes += 1
        if self._changes > _MAX_CHANGES:
            raise errors.changed(self._slot.address)
        if remote.status == 416 and remote.length and part.record.length:
            raise errors.lied(self._slot.address, part.record.length, remote.length)
        if remote.status != 200:
            raise errors.broken_off(self._slot.address, f"HTTP {remote.status}")
        return None

    def _refusal(self, remote: Remote) -> OperationError:
        error = errors.from_status(remote.status, self._slot.address)
        if self._is_detour() and not isinstance(error, PassingError):
            # Where an address redirects to is often good for a short time only.
            return PassingError(error.summary, error.hint, error.details, error.cause)
        return error

    def _begun(self, remote: Remote) -> Part:
        if remote.start != 0:
            raise errors.from_status(remote.status, self._slot.address)
        _require_room(self._slot.library, remote.length, 0)
        return Part.create(self._slot, remote, self._replaced)

    def _receive(self, response: requests.Response, part: Part) -> None:
        text, total = progress_text(part.record.name), part.record.length
        looked_at = part.size
        is_known = False
        while data := http.read(response, _CHUNK):
            self._append(part, data)
            if not is_known and part.size >= content.HEAD_SIZE:
                self._require_disc(part)
                is_known = True
            if part.size - looked_at >= _ROOM_LOOK:
                looked_at = part.size
                _require_room(self._slot.library, total, part.size)
            self._reached = max(self._reached, part.size)
            self._job.report(part.size, total or 0, text)
            if total is not None and part.size > total:
                break
        self._job.check()
        if total is not None and part.size != total:
            raise errors.broken_off(self._slot.address, f"{part.size} of {total} bytes")
        self._require_disc(part)

    def _append(self, part: Part, data: bytes) -> None:
        try:
            part.append(data)
        except OSError:
            # A full disk hurts everything else on it, so nothing is kept for later.
            part.discard()
            self._part = None
            raise

    def _require_disc(self, part: Part) -> None:
        try:
            content.require_disc(part.head, part.record.name)
        except OperationError:
            part.discard()
            raise

    def _pause(self, seconds: float) -> None:
        done, total, name = self._reached, 0, ""
        if self._part is not None:
            done, total, name = (
                self._part.size,
                self._part.record.length or 0,
                self._part.record.name,
            )
        host = errors.host_of(self._slot.address)
        self._job.report(done, total, _("Waiting for {host}: {name}").format(host=host, name=name))
        self._job.wait(seconds)


def _require_room(folder: Path, length: int | None, there: int) -> None:
    needed = length - there if length is not None else _ROOM_LOOK
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise errors.no_room(str(folder), needed, free)
