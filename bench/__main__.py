"""Run the comparisons, each subject in a process of its own, and write what they found.

    python -m bench [--quick] [--only SUBJECT] [--place FOLDER] [--rounds N]

A run of all subjects writes bench/results.md; one of a single subject or a quick one only shows
its table.
"""

import argparse
import importlib
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import figures, peers
from bench.figures import Options, Row

SUBJECTS = ("window", "holding", "creation", "downloads", "volumes", "bundles", "growth")
"""Each is a module with a function ``measure``."""
RESULTS = Path(__file__).with_name("results.md")


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller files and fewer machines")
    parser.add_argument("--only", choices=SUBJECTS, help="one subject alone")
    parser.add_argument("--place", type=Path, default=Path.cwd(), help="where large files are put")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    options = Options(arguments.quick, arguments.place, arguments.rounds)
    if arguments.rows is not None:
        module = importlib.import_module(f"bench.{arguments.only}")
        figures.save(module.measure(options), arguments.rows)
        return
    subjects = [arguments.only] if arguments.only else SUBJECTS
    rows = [row for subject in subjects for row in _measured(subject)]
    text = "\n".join(figures.table(rows))
    print(text)
    if not arguments.only and not arguments.quick:
        _write(text, arguments.rounds)


def _measured(subject: str) -> list[Row]:
    began = time.monotonic()
    print(f"{subject}:", flush=True)
    with TemporaryDirectory() as folder:
        file = Path(folder, "rows.json")
        again = [sys.executable, "-m", "bench", *sys.argv[1:], "--only", subject]
        ended = subprocess.run([*again, "--rows", file], check=False)
        if ended.returncode:
            print("  FAILED: its rows are missing")
        rows = figures.load(file) if ended.returncode == 0 else []
    print(f"  took {time.monotonic() - began:.0f} s", flush=True)
    return rows


def _write(text: str, rounds: int) -> None:
    versions = "\n".join(f"* {line}" for line in peers.versions())
    RESULTS.write_text(INTRODUCTION.format(rounds=rounds, table=text, versions=versions))
    print(f"Written to {RESULTS}")


INTRODUCTION = """\
# What vmdesk and its peers take

Made by `make bench`, all in one run on one machine. Median (least–most) of {rounds} rounds, or of
twice as many and one for the export from another host; in each round vmdesk and its peers take
their turns, another one first each time, and the ratio is that of the two in the same round. What
writes files is timed until they are on the disk, with what it reads in memory. The pointer has been
on a row for half a second when it is clicked.


{table}

![Costs of the window](growth/machines.svg) ![Exports and imports](growth/disks.svg)

With:
{versions}
"""


if __name__ == "__main__":
    main()
