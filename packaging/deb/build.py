"""Build the Debian package: ``build.py DIR`` leaves ``vmdesk_VERSION_ARCH.deb`` in DIR.

All that PyPI gives is inside, in /usr/lib/vmdesk, built for the distribution's own Python; what Qt
needs of the system becomes a dependency by dpkg-shlibdeps. Qt is cut down to what vmdesk loads.
"""

import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from email.utils import formatdate
from pathlib import Path

from vmdesk import __version__

ROOT = Path(__file__).resolve().parents[2]
PLACE = "usr/lib/vmdesk"
MAINTAINER = "The vmdesk developers <maintainers@vmdesk.invalid>"
MODULES = ("QtCore", "QtDBus", "QtGui", "QtSvg", "QtWidgets")
PLUGINS = (
    "iconengines/libqsvgicon.so",
    "imageformats/libqsvg.so",
    "platforminputcontexts/libcomposeplatforminputcontextplugin.so",
    "platforminputcontexts/libibusplatforminputcontextplugin.so",
    "platforms/libqminimal.so",
    "platforms/libqoffscreen.so",
    "platforms/libqwayland-*.so",
    "platforms/libqxcb.so",
    "platformthemes/libqxdgdesktopportal.so",
    "wayland-decoration-client/*.so",
    "wayland-graphics-integration-client/libqt-plugin-wayland-egl.so",
    "wayland-shell-integration/libxdg-shell.so",
    "xcbglintegrations/*.so",
)
LANGUAGES = ("de", "es")
PROGRAMS = {"vmdesk": "vmdesk.__main__", "vmdeskctl": "vmdesk.cli.main"}
LAUNCHER = """\
#!/usr/bin/python3 -I
import sys
sys.path[:0] = ["/{place}", "/{place}/vendor"]
from {module} import main
sys.exit(main())
"""
OVERRIDES = """\
# lxml comes as PyPI gives it, with its own copies of libxml2 and zlib.
vmdesk: embedded-library *lxml*
"""
CONTROL = """\
Package: vmdesk
Version: {version}
Architecture: {architecture}
Maintainer: {maintainer}
Installed-Size: {size}
Depends: {depends}
Recommends: libnotify-bin, ovmf, swtpm, swtpm-tools, virt-viewer
Section: admin
Priority: optional
Description: manage the virtual machines of a workstation
 One calm window for the virtual machines that libvirt and QEMU have: each with
 its screen and state, what is going on, and the next thing to do. Make one from
 the address of an ISO image, change it, export it to one file, and import it
 elsewhere. vmdeskctl does the same from a terminal.
"""
SCRIPTS = {
    # Compiled by the one who installs, or root's first start would leave files behind.
    "postinst": 'if [ "$1" = configure ]; then py3compile /usr/lib/vmdesk; fi',
    "prerm": "py3clean /usr/lib/vmdesk",
}
NEEDED = (
    "libvirt-clients",
    "libvirt-daemon",
    "libvirt-daemon-system",
    "qemu-system-x86 | qemu-system",
    "qemu-utils",
)


def main() -> None:
    """Build the package."""
    target = Path(sys.argv[1]).absolute()
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder) / "vmdesk"
        (stage / "DEBIAN").mkdir(parents=True)
        _install_vendored(stage / PLACE / "vendor")
        _install_vmdesk(stage)
        _install_desktop(stage / "usr/share")
        _install_documents(stage / "usr/share")
        _write_control(stage, _depends(stage))
        for path in stage.rglob("*"):
            is_program = path.is_dir() or path.parent.name == "bin" or path.name in SCRIPTS
            path.chmod(0o755 if is_program else 0o644)
        _run("dpkg-deb", "--root-owner-group", "-Zxz", "--build", stage, target)


def _run(
    *command: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=cwd, env=env)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed:\n{done.stderr}")
    return done.stdout


def _install_vendored(vendor: Path) -> None:
    """Install what PyPI gives, and leave out of it what is never loaded."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    constraints = ROOT / "packaging/dev/constraints.txt"
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    options = ("--no-compile", "--constraint", constraints, "--target", vendor)
    _run(*pip, "install", *options, *project["dependencies"])
    shutil.rmtree(vendor / "bin", ignore_errors=True)
    # PySide's own Python code as files, or each start compiles it anew.
    as_files = {"PYTHONPATH": str(vendor), "SBK_EMBED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    _run(sys.executable, "-c", "import PySide6.QtCore", env=os.environ | as_files)
    if not (vendor / "shiboken6/files.dir").is_dir():
        sys.exit("PySide does not unpack its Python code any more")
    _trim_qt(vendor / "PySide6")
    for pattern in ("*.pyi", "*.pyx", "*.pxd", "*.pxi", "*.h", "*.c", "py.typed"):
        for path in vendor.rglob(pattern):
            path.unlink()
    for library in vendor.rglob("*.so*"):
        _run("strip", "--strip-unneeded", library)


def _trim_qt(pyside: Path) -> None:
    kept = {pyside / f"{module}.abi3.so" for module in MODULES}
    kept |= {path for pattern in PLUGINS for path in (pyside / "Qt/plugins").glob(pattern)}
    kept |= set(pyside.glob("*.py"))
    kept |= {pyside / f"Qt/translations/qtbase_{language}.qm" for language in LANGUAGES}
    kept |= set(pyside.glob("libpyside6.abi3.so*"))
    libraries = [path for path in kept if ".so" in path.name]
    while libraries:
        for name in _needed(libraries.pop()):
            library = pyside / "Qt/lib" / name
            if library.exists() and library not in kept:
                kept.add(library)
                libraries.append(library)
    for path in sorted(pyside.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in kept:
            path.unlink()


def _needed(library: Path) -> list[str]:
    return re.findall(r"\(NEEDED\).*\[(.+)\]", _run("readelf", "-d", library))


def _install_vmdesk(stage: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", "*.po", "*.pot")
    shutil.copytree(ROOT / "vmdesk", stage / PLACE / "vmdesk", ignore=ignored)
    for name in ("icons", "locale"):
        if (ROOT / "resources" / name).is_dir():
            place = stage / PLACE / "resources" / name
            shutil.copytree(ROOT / "resources" / name, place, ignore=ignored)
    (stage / "usr/bin").mkdir(parents=True)
    for program, module in PROGRAMS.items():
        launcher = LAUNCHER.format(place=PLACE, module=module)
        (stage / "usr/bin" / program).write_text(launcher)


def _install_desktop(share: Path) -> None:
    for source, target in (
        ("vmdesk.desktop", "applications/vmdesk.desktop"),
        ("vmdesk.metainfo.xml", "metainfo/org.vmdesk.vmdesk.metainfo.xml"),
        ("x-vmdesk-bundle.xml", "mime/packages/vmdesk.xml"),
    ):
        (share / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "resources" / source, share / target)
    _run(sys.executable, ROOT / "packaging/render_icons.py", share / "icons")


def _install_documents(share: Path) -> None:
    pages = share / "man/man1"
    _run(sys.executable, ROOT / "packaging/man.py", pages)
    for page in pages.glob("*.1"):
        _compress(page)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        _run(sys.executable, ROOT / "packaging/completions.py", made)
        for shell, place in (
            ("bash", "bash-completion/completions"),
            ("zsh", "zsh/vendor-completions"),
            ("fish", "fish/vendor_completions.d"),
        ):
            shutil.copytree(made / shell, share / place)
    overrides = share / "lintian/overrides/vmdesk"
    overrides.parent.mkdir(parents=True)
    overrides.write_text(OVERRIDES)
    documents = share / "doc/vmdesk"
    documents.mkdir(parents=True)
    shutil.copy(ROOT / "LICENSE", documents / "copyright")
    changes = documents / "changelog"
    entry = f"vmdesk ({__version__}) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n"
    changes.write_text(f"{entry} -- {MAINTAINER}  {formatdate(_epoch())}\n")
    _compress(changes)


def _epoch() -> float:
    """Return when the package is from, in seconds since 1970."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    return float(given) if given else (ROOT / "CHANGELOG.md").stat().st_mtime


def _compress(path: Path) -> None:
    with gzip.GzipFile(path.with_name(path.name + ".gz"), "wb", 9, mtime=0) as file:
        file.write(path.read_bytes())
    path.unlink()


def _depends(stage: Path) -> str:
    """Return what the package depends on, the system's libraries among it."""
    vendor = stage / PLACE / "vendor"
    binaries = sorted(str(path) for path in vendor.rglob("*.so*"))
    with tempfile.TemporaryDirectory() as folder:
        control = Path(folder) / "debian/control"
        control.parent.mkdir()
        control.write_text("Source: vmdesk\n\nPackage: vmdesk\nArchitecture: any\n")
        options = (f"-l{vendor}/PySide6/Qt/lib", f"-l{vendor}/shiboken6", "--ignore-missing-info")
        command = ("dpkg-shlibdeps", "-O", *options, f"-S{stage}", *binaries)
        libraries = _run(*command, cwd=Path(folder)).strip().partition("=")[2]
    major, minor = sys.version_info[:2]
    python = f"python3 (>= {major}.{minor}), python3 (<< {major}.{minor + 1})"
    return ", ".join((python, *NEEDED, libraries))


def _write_control(stage: Path, depends: str) -> None:
    files = (path for path in stage.rglob("*") if path.is_file() and not path.is_symlink())
    size = sum(-(-path.stat().st_size // 1024) for path in files)
    text = CONTROL.format(
        version=__version__,
        architecture=_run("dpkg", "--print-architecture").strip(),
        maintainer=MAINTAINER,
        size=size,
        depends=depends,
    )
    (stage / "DEBIAN/control").write_text(text)
    for name, deed in SCRIPTS.items():
        (stage / "DEBIAN" / name).write_text(f"#!/bin/sh\nset -e\n{deed}\n")


if __name__ == "__main__":
    main()
