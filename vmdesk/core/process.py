"""Run another program to its end, as part of a job."""

import shlex
import signal
import subprocess
import threading
from collections.abc import Sequence, Set
from typing import IO

from vmdesk.core import causes
from vmdesk.core.i18n import _
from vmdesk.core.job import Job, OperationError


def run(argv: Sequence[str], job: Job, accepts: Set[int] = frozenset({0})) -> str:
    """Run ``argv`` without a shell and return what it printed on stdout.

    A cancel of ``job`` terminates the program. Raises ``OperationError`` if the program is
    missing or ends with a status that isn't in ``accepts``; the details hold the command, what
    it wrote on stderr and the name of the signal that killed it.
    """
    job.check()
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
    # A folder of PATH that can't be searched makes a missing program a denied one.
    except (FileNotFoundError, PermissionError) as exc:
        raise OperationError(
            _("The program {program} is not installed.").format(program=argv[0]),
            _("Install the package that holds it and try again."),
        ) from exc
    with process, job.stopping_with(process.terminate):
        stdout, stderr = process.communicate()
        if process.returncode not in accepts:
            raise _failure(argv, stderr.strip(), process.returncode)
    return stdout


def _failure(argv: Sequence[str], stderr: str, status: int) -> OperationError:
    # Who is killed, by a limit that was set for instance, says nothing of it.
    end = f"\n{signal.Signals(-status).name}" if status < 0 else ""
    details = f"$ {shlex.join(argv)}\n{stderr}{end}"
    # Only QEMU's programs speak the words that the table knows.
    known = causes.of_program(stderr) if stderr.startswith("qemu-") else None
    if known is not None:
        return known.error(details)
    return OperationError(_("{program} failed.").format(program=argv[0]), details=details)


def detach(
    argv: Sequence[str], words: IO[bytes], moment: float, job: Job, descriptors: Sequence[int] = ()
) -> int:
    """Start a program that outlives vmdesk, and has ``descriptors``; it writes to ``words``.

    Returns its exit code if it ends within ``moment`` seconds, or else 0.
    """
    child = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=words,
        stderr=words,
        # A session of its own: neither a Ctrl+C nor the end of vmdesk reaches it.
        start_new_session=True,
        pass_fds=descriptors,
    )
    # Somebody has to wait for it, or it stays behind as a zombie while vmdesk runs.
    ended = threading.Event()
    reaper = threading.Thread(target=_reap, args=(child, ended), daemon=True)
    reaper.name = f"{argv[0]} {child.pid}"
    reaper.start()
    with job.stopping_with(ended.set):
        has_ended = ended.wait(moment)
    return (child.returncode or 0) if has_ended else 0


def _reap(child: subprocess.Popen[bytes], ended: threading.Event) -> None:
    child.wait()
    ended.set()
