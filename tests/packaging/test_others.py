"""The packages of others than Debian say of vmdesk what is so; nothing is built from them here."""

import re
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path

from vmdesk import __version__

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "packaging/rpm/vmdesk.spec"
FLATPAK = ROOT / "packaging/flatpak/org.vmdesk.vmdesk.yml"


def parsed_spec() -> str:
    done = subprocess.run(["rpmspec", "-P", SPEC], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


def test_the_spec_can_be_parsed_and_is_of_this_version() -> None:
    assert re.search(r"^Version: +(.+)$", parsed_spec(), re.MULTILINE)[1] == __version__  # type: ignore[index]


def test_the_spec_packs_the_files_that_pip_installs() -> None:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["data-files"]
    packed = [line for line in parsed_spec().partition("%files")[2].splitlines() if line[:1] == "/"]
    for place, files in data.items():
        for file in files:
            path = f"/usr/{place}/{Path(file).name}"
            assert any(fnmatch(path, f"{line}*") for line in packed), path


def test_what_the_packages_run_is_there() -> None:
    for file in (SPEC, FLATPAK):
        named = re.findall(r"packaging/[\w/]+\.py", file.read_text())
        assert named
        assert all((ROOT / script).is_file() for script in named)
