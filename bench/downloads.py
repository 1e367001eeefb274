"""A download of an ISO on loopback against curl and wget, until it is on the disk."""

import os
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import peers
from bench.figures import Options, Row, compare, in_turns
from bench.files import Writer, program
from tests.iso_server import IsoServer, make_iso
from vmdesk.core import iso_library
from vmdesk.core.formatting import GIB, MIB
from vmdesk.core.job import Job

GOAL = 1.1


def measure(options: Options) -> list[Row]:
    """vmdesk computes its SHA-256 meanwhile; the others do not."""
    size = GIB // 4 if options.is_quick else GIB
    with TemporaryDirectory(dir=options.place) as folder, IsoServer() as server:
        place = Path(folder)
        disc = place / "served.iso"
        disc.write_bytes(make_iso(64 * MIB))
        os.truncate(disc, size)
        server.add("/disc.iso", disc)
        url = server.url("/disc.iso")
        library = place / "library"
        fetch = partial(iso_library.fetch, url, library, Job())
        works = {"vmdesk": Writer(fetch, library)}
        for name, quiet, option in (("curl", "-s", "-o"), ("wget", "-q", "-O")):
            if peers.is_here(name):
                target = place / f"{name}.iso"
                works[name] = Writer(program(name, quiet, option, target, url), target)
        found = in_turns(options.rounds, works)
    what = f"download of {size / GIB:g} GiB"
    return [compare(what, found, name, GOAL) for name in ("curl", "wget")]
