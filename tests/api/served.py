"""The server as a process of its own, and curl as its client."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vmdesk.api import access_token

DEADLINE = 30.0
"""Seconds for a job to end."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What curl got; ``status`` is 0 if the connection was cut without an answer."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def data(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs; ``url`` is what curl asks, with ``options``."""

    process: subprocess.Popen[str]
    url: str
    token: str
    options: tuple[str, ...] = ()

    def bare(self, method: str, path: str, *options: str) -> Answer:
        """Send a request with no other headers than curl's own."""
        command = ["curl", "-s", "-m", "60", "-D", "-", "-X", method, *self.options, *options]
        command += ["--path-as-is", self.url + path]
        out = subprocess.run(command, capture_output=True, check=False).stdout.decode()
        head, _empty, body = out.rpartition("\r\n\r\n")
        while body.startswith("HTTP/"):  # cut within the head
            head, body = body, ""
        lines = head.rpartition("\r\n\r\n")[2].split("\r\n")
        status = int(lines[0].split()[1]) if lines[0] else 0
        pairs = [line.partition(": ") for line in lines[1:]]
        return Answer(status, {name.lower(): value for name, _colon, value in pairs}, body)

    def ask(self, method: str, path: str, *options: str) -> Answer:
        """Send a request with the token."""
        return self.bare(method, path, "-H", f"Authorization: Bearer {self.token}", *options)

    def send(self, path: str, **fields: object) -> Answer:
        """Post a JSON body."""
        header = "Content-Type: application/json"
        return self.ask("POST", path, "-H", header, "-d", json.dumps(fields))

    def upload(self, path: str, file: Path, part: str = "file") -> Answer:
        """Post a form with one file."""
        return self.ask("POST", path, "-F", f"{part}=@{file}")

    def wait_for(self, job: str, *, state: str = "", text: str = "") -> Any:
        """Return a job once it has ended, or is in this state and says this."""
        deadline = time.monotonic() + DEADLINE
        while True:
            data = self.ask("GET", job).data
            is_there = data["state"] == state if state else data["state"] != "running"
            if is_there and text in data["text"]:
                return data
            assert time.monotonic() < deadline, data
            time.sleep(0.05)  # the protocol has no way to be told


@contextmanager
def serving(uri: str, *arguments: str, options: tuple[str, ...] = ()) -> Iterator[Served]:
    """Run ``vmdeskctl serve``; afterwards it has ended as it should."""
    place = arguments or ("--port", "0")
    process = subprocess.Popen(
        [sys.executable, "-m", "vmdesk.cli", "--connect", uri, "serve", *place],
        stdout=subprocess.PIPE,
        text=True,
        # Desktop and home are the tests' own.
        env=os.environ | {"HOME": os.environ["XDG_DATA_HOME"]},
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("Listening on "), line
        url = line.split()[-1]
        token = access_token.path().read_text().strip()
        yield Served(process, "http://localhost" if url[:5] == "unix:" else url, token, options)
        assert process.poll() is None, "the server has died"
        process.send_signal(signal.SIGTERM)
        rest, _nothing = process.communicate(timeout=DEADLINE)
        assert (process.returncode, rest) == (0, "Stopped.\n")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
