"""A guest's own words to its TPM, said to swtpm while the machine is off: keep and tell a secret.

https://trustedcomputinggroup.org/resource/tpm-library-specification/, part 3
"""

import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_INDEX = 0x0150_0001
_OWNER = 0x4000_0001
_PASSWORD = struct.pack(">IIHBH", 9, 0x4000_0009, 0, 1, 0)
"""An authorization by the empty password."""
# May be written and read by its own and the owner's password, and no failure locks it.
_ATTRIBUTES = 1 << 1 | 1 << 2 | 1 << 17 | 1 << 18 | 1 << 25
_SHA256 = 0x000B
_DEFINE, _WRITE, _READ = 0x12A, 0x137, 0x14E


def keep(folder: Path, secret: bytes) -> None:
    """Store ``secret`` in the TPM whose state is in ``folder``."""
    public = struct.pack(">IHIHH", _INDEX, _SHA256, _ATTRIBUTES, 0, len(secret))
    with _running(folder) as tpm:
        _ask(tpm, _DEFINE, [_OWNER], struct.pack(">HH", 0, len(public)) + public)
        _ask(tpm, _WRITE, [_INDEX, _INDEX], struct.pack(">H", len(secret)) + secret + bytes(2))


def tell(folder: Path, length: int) -> bytes:
    """Return the secret of ``length`` bytes in the TPM whose state is in ``folder``."""
    with _running(folder) as tpm:
        answer = _ask(tpm, _READ, [_INDEX, _INDEX], struct.pack(">HH", length, 0))
    return answer[6:]


def _ask(tpm: socket.socket, command: int, handles: list[int], parameters: bytes) -> bytes:
    body = struct.pack(f">{len(handles)}I", *handles) + _PASSWORD + parameters
    tpm.sendall(struct.pack(">HII", 0x8002, 10 + len(body), command) + body)
    answer = tpm.recv(4096)
    _tag, size, code = struct.unpack_from(">HII", answer)
    assert (size, code) == (len(answer), 0), hex(code)
    return answer[10 : size - 5]  # without the words on the session


@contextmanager
def _running(folder: Path) -> Iterator[socket.socket]:
    with tempfile.TemporaryDirectory(dir="/tmp") as place, socket.socket(socket.AF_UNIX) as tpm:
        argv = ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={folder}"]
        argv += ["--server", f"type=unixio,path={place}/tpm"]
        argv += ["--flags", "not-need-init,startup-clear", "--terminate"]
        with subprocess.Popen(argv) as process:
            try:
                _connect(tpm, f"{place}/tpm", process)
                yield tpm
                tpm.shutdown(socket.SHUT_RDWR)  # it ends with the one that it listens to
            except BaseException:
                process.kill()
                raise


def _connect(tpm: socket.socket, path: str, swtpm: "subprocess.Popen[bytes]") -> None:
    """Connect to swtpm, which tells nobody that it listens."""
    deadline = time.monotonic() + 20
    while True:
        try:
            tpm.connect(path)
            return
        except (FileNotFoundError, ConnectionRefusedError):
            assert time.monotonic() < deadline, "swtpm does not listen"
            assert swtpm.poll() is None, "swtpm has ended"
            time.sleep(0.01)
