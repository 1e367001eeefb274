"""vmdeskctl as a process of its own, as a user runs it."""

import json
import subprocess
import sys
from typing import Any


def said(uri: str, *argv: str, code: int = 0) -> str:
    """Run it with the libvirt at ``uri``, and return what it printed."""
    program = [sys.executable, "-m", "vmdesk.cli", "--connect", uri]
    done = subprocess.run([*program, *argv], capture_output=True, text=True, timeout=120)
    assert done.returncode == code, (done.stdout, done.stderr)
    return done.stdout or done.stderr


def ctl(uri: str, *argv: str, code: int = 0) -> Any:
    """Run it with JSON, and return what it printed."""
    return json.loads(said(uri, "--json", *argv, code=code))
