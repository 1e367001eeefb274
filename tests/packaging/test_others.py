"""What the packages say of vmdesk is so; RPM's is built from its spec, and Flatpak's only read."""

import re
import shutil
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

from vmdesk import __version__

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "packaging/rpm/vmdesk.spec"
BUILD = ROOT / "packaging/deb/build.py"
FLATPAK = ROOT / "packaging/flatpak/org.vmdesk.vmdesk.yml"
SITE = f"usr/lib/python3.{sys.version_info.minor}/site-packages"
MACROS = f"""
%python3 {sys.executable}
%python3_sitelib /{SITE}
%pip %{{python3}} -m pip --disable-pip-version-check
%pyproject_buildrequires true
%pyproject_files %{{_builddir}}/files
%pyproject_wheel %{{pip}} wheel --no-deps --no-build-isolation --wheel-dir wheels .
%pyproject_install %{{pip}} install --no-deps -I --root %{{buildroot}} --prefix /usr wheels/*
%found find ./{SITE} ! -type d -path
%pyproject_save_files() (cd %{{buildroot}}; %{{found}} '*/%{{1}}*' | cut -c2-) >%{{pyproject_files}}
"""
"""What Fedora's macros of these names do, as far as the spec needs it. Debian's RPM has none."""


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


@pytest.fixture(scope="module")
def from_rpm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the package, where its system would have them at the root."""
    folder = tmp_path_factory.mktemp("rpm")
    sources, macros = folder / "sources", folder / "macros"
    shutil.copytree(ROOT, sources, ignore=shutil.ignore_patterns(".*", "build", "dist", "*.mo"))
    macros.write_text(MACROS)
    command = ["rpmbuild", "-bb", "packaging/rpm/vmdesk.spec", "--build-in-place", "--nodeps"]
    command += ["--load", str(macros), "--define", f"_topdir {folder}"]
    done = subprocess.run(command, cwd=sources, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (package,) = (folder / "RPMS/noarch").iterdir()
    subprocess.run(["rpm2archive", package], check=True)
    root = folder / "root"
    root.mkdir()
    subprocess.run(["tar", "-xf", f"{package}.tgz", "-C", root], check=True)
    return root


def test_what_the_spec_makes_has_the_program_and_speaks_every_language(from_rpm: Path) -> None:
    # The system's Python would have this prefix.
    code = f"import sys; sys.prefix = '{from_rpm}/usr'; exec(open(sys.argv.pop(1)).read())"
    command = [sys.executable, "-c", code, "usr/bin/vmdeskctl", "--help"]
    words = {"en_US": "positional arguments", "de_DE": "Optionen", "es_ES": "opciones"}
    for language, word in words.items():
        told = subprocess.run(
            command,
            cwd=from_rpm,
            env={"PYTHONPATH": SITE, "LANG": f"{language}.UTF-8"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert word in told.stdout


def test_what_the_spec_makes_has_all_that_a_desktop_looks_for(from_rpm: Path) -> None:
    made = {str(path.relative_to(from_rpm)) for path in from_rpm.rglob("*") if path.is_file()}
    for wanted in (
        "usr/bin/vmdesk",
        "usr/share/applications/vmdesk.desktop",
        "usr/share/bash-completion/completions/vmdeskctl",
        "usr/share/fish/vendor_completions.d/vmdeskctl.fish",
        "usr/share/icons/hicolor/scalable/apps/vmdesk.svg",
        "usr/share/icons/hicolor/symbolic/apps/vmdesk-symbolic.svg",
        "usr/share/icons/hicolor/48x48/apps/vmdesk.png",
        "usr/share/man/man1/vmdesk.1",
        "usr/share/vmdesk/locale/es/LC_MESSAGES/vmdesk.mo",
        "usr/share/metainfo/vmdesk.metainfo.xml",
        "usr/share/mime/packages/x-vmdesk-bundle.xml",
        "usr/share/zsh/site-functions/_vmdeskctl",
    ):
        assert any(fnmatch(path, f"{wanted}*") for path in made), wanted


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
