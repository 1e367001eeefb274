"""What the packages say of vmdesk is so; those of others than Debian are not built here."""

import re
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path

from vmdesk import __version__

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "packaging/rpm/vmdesk.spec"
BUILD = ROOT / "packaging/deb/build.py"
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


def test_the_debian_package_has_each_part_of_qt_that_is_loaded() -> None:
    sources = (ROOT / "vmdesk").rglob("*.py")
    loaded = {m for file in sources for m in re.findall(r"from PySide6\.(\w+)", file.read_text())}
    named = re.search(r"^MODULES = \((.+)\)$", BUILD.read_text(), re.MULTILINE)
    assert named is not None
    assert loaded == set(re.findall(r"\w+", named[1]))


def test_what_the_packages_run_is_there() -> None:
    for file in (SPEC, FLATPAK):
        named = re.findall(r"packaging/[\w/]+\.py", file.read_text())
        assert named
        assert all((ROOT / script).is_file() for script in named)
