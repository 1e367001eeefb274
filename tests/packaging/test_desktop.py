"""What a desktop is told of vmdesk holds: entry, metadata, file type and icons."""

import configparser
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from lxml import etree
from PySide6.QtGui import QImage

from vmdesk import __version__, app
from vmdesk.core.bundle import layout
from vmdesk.core.bundle import writer as bundle_writer
from vmdesk.core.bundle.layout import ArchiveForm, Role

ROOT = Path(__file__).parents[2]
ENTRY = ROOT / "resources/vmdesk.desktop"
METAINFO = ROOT / "resources/vmdesk.metainfo.xml"
MIME = ROOT / "resources/x-vmdesk-bundle.xml"
BUNDLE = "application/x-vmdesk-bundle"
LATER = "application/vnd.efi.iso"
"""What newer versions of shared-mime-info call an installation disc."""
TELL_TYPES = """
import sys
from PySide6.QtCore import QMimeDatabase
database = QMimeDatabase()
for file in sys.argv[1:]:
    print(database.mimeTypeForFile(file).name())
"""


def run(*command: str | Path, **environment: str) -> str:
    """Run a validator that has to be content, and return what it says."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def entry() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(ENTRY, encoding="utf-8")
    return parser


@pytest.fixture
def types(tmp_path: Path) -> Path:
    """A folder of shared data whose types are the system's and ours."""
    packages = tmp_path / "share/mime/packages"
    packages.mkdir(parents=True)
    for file in (MIME, Path("/usr/share/mime/packages/freedesktop.org.xml")):
        (packages / file.name).symlink_to(file)
    told = run("update-mime-database", packages.parent, XDG_DATA_DIRS=str(tmp_path / "share"))
    assert told == ""
    return tmp_path / "share"


def test_the_desktop_entry_is_valid() -> None:
    assert run("desktop-file-validate", ENTRY) == ""


def test_the_metadata_are_valid() -> None:
    assert "Validation was successful" in run("appstreamcli", "validate", "--no-net", METAINFO)


def test_what_the_desktop_entry_runs_is_understood(entry: configparser.ConfigParser) -> None:
    for section in entry.sections():
        program, *arguments = shlex.split(entry[section]["Exec"])
        assert program == "vmdesk"
        app.build_parser().parse_args([word for word in arguments if not word.startswith("%")])


def test_every_action_of_the_desktop_entry_is_there(entry: configparser.ConfigParser) -> None:
    actions = entry["Desktop Entry"]["Actions"].rstrip(";").split(";")
    assert [f"Desktop Action {action}" for action in actions] == entry.sections()[1:]


def test_desktop_entry_and_metadata_tell_the_same(entry: configparser.ConfigParser) -> None:
    root = etree.parse(METAINFO).getroot()
    provided = {element.text for element in root.findall("provides/mediatype")}
    assert root.findtext("launchable") == ENTRY.name
    assert provided <= set(entry["Desktop Entry"]["MimeType"].split(";"))
    assert root.findtext("summary") == entry["Desktop Entry"]["Comment"]
    newest = root.find("releases/release")
    assert newest is not None
    assert newest.get("version") == __version__


def test_the_types_that_vmdesk_opens_exist(entry: configparser.ConfigParser, types: Path) -> None:
    opened = entry["Desktop Entry"]["MimeType"].rstrip(";").split(";")
    known = (types / "mime/types").read_text().split()
    aliases = [line.split()[0] for line in (types / "mime/aliases").read_text().splitlines()]
    assert set(opened) <= {*known, *aliases, LATER}


def test_bundles_are_told_by_content_and_by_name(types: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.write_bytes(b"x" * 4096)
    nameless = tmp_path / "nameless"
    with (
        nameless.open("wb") as file,
        bundle_writer.writing(file.fileno(), ArchiveForm.TAR, "web", lambda _count: None) as writer,
    ):
        writer.add_bytes("web.xml", Role.DOMAIN, b"<domain/>", layout.required_hint(4096))
        writer.add_disk("web.qcow2", bundle_writer.look_at(disk), "vda", 4096)
    run("tar", "-cf", tmp_path / "other", "-C", tmp_path, "disk")
    named = [tmp_path / name for name in ("a.vm.tar", "a.vm.tar.gz", "a.vm.tar.zst", "a.tar.gz")]
    for empty in named:
        empty.touch()
    files = [nameless, tmp_path / "other", *named]
    told = run(
        sys.executable, "-c", TELL_TYPES, *files, XDG_DATA_DIRS=str(types), XDG_DATA_HOME="/none"
    )
    other = ["application/x-tar", *[BUNDLE] * 3, "application/x-compressed-tar"]
    assert told.split() == [BUNDLE, *other]


def test_the_icon_is_drawn_in_every_size(tmp_path: Path) -> None:
    run(sys.executable, ROOT / "packaging/render_icons.py", tmp_path)
    theme = tmp_path / "hicolor"
    for folder in theme.glob("*x*"):
        size = int(folder.name.partition("x")[0])
        image = QImage(str(folder / "apps/vmdesk.png"))
        assert (image.width(), image.height()) == (size, size)
        assert image.pixelColor(0, 0).alpha() == 0
        assert image.pixelColor(size // 3, size // 2).alpha() == 255
    assert len(list(theme.glob("*x*"))) == 9
    assert (theme / "scalable/apps/vmdesk.svg").is_file()
    assert (theme / "symbolic/apps/vmdesk-symbolic.svg").is_file()
