"""The translations: whole, in line with the code, and seen by those who ask for them."""

import os
import re
import subprocess
import sys
import tomllib
from gettext import GNUTranslations

import catalogs
import pytest
from babel.messages.catalog import Catalog, Message

LANGUAGES = {"de": "Virtuelle Maschinen verwalten.", "es": "Gestionar máquinas virtuales."}
PLACEHOLDER = re.compile(r"{\w*}|%\(\w+\)[a-z]|%[a-z]")
WINDOW = """
import locale
from PySide6.QtWidgets import QDialogButtonBox
from vmdesk.app import build
application, window, controller = build(["--connect", "test:///default"])
box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
print(window.actions_of_window.settings.text(), box.buttons()[0].text())
assert locale.setlocale(locale.LC_MESSAGES) == "C", "libvirt's words would not be known"
controller.shut_down_vmdesk()
"""


@pytest.fixture(params=LANGUAGES)
def catalog(request: pytest.FixtureRequest) -> Catalog:
    (path,) = [path for path in catalogs.catalogs() if catalogs.language(path) == request.param]
    return catalogs.read(path)


def forms(text: object) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)  # type: ignore[arg-type]


def run_code(code: str, **variables: str) -> str:
    command = [sys.executable, "-c", code]
    environment = {**os.environ, **variables}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return done.stdout.strip()


def run(module: str, *arguments: str, **variables: str) -> str:
    command = [sys.executable, "-m", module, *arguments]
    environment = {**os.environ, **variables}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    return done.stdout + done.stderr


def test_the_template_has_what_the_code_says() -> None:
    assert catalogs.TEMPLATE.read_bytes() == catalogs.written(catalogs.extracted())


def test_every_text_has_its_translation(catalog: Catalog) -> None:
    catalog.update(catalogs.read(catalogs.TEMPLATE), no_fuzzy_matching=True)
    assert [message.id for message in catalogs.missing(catalog)] == []


def test_what_is_filled_in_is_the_same_in_every_language(catalog: Catalog) -> None:
    for message in catalog:
        if not message.id:
            continue
        wanted = {tuple(sorted(PLACEHOLDER.findall(text))) for text in forms(message.id)}
        found = {tuple(sorted(PLACEHOLDER.findall(text))) for text in forms(message.string)}
        assert found == wanted, message.id


def test_a_key_to_press_stays_one(catalog: Catalog) -> None:
    def has_mnemonic(message: Message) -> tuple[bool, bool]:
        return "&" in forms(message.id)[0], "&" in forms(message.string)[0]

    odd = [message.id for message in catalog if len(set(has_mnemonic(message))) > 1]
    assert odd == []


@pytest.mark.parametrize(
    ("language", "one", "many"),
    [("de", "1 Maschine läuft", "2 Maschinen laufen"), ("es", "1 máquina en", "2 máquinas en")],
)
def test_one_thing_is_not_spoken_of_as_many(language: str, one: str, many: str) -> None:
    catalogs.compile_all()
    compiled = catalogs.LOCALE / language / "LC_MESSAGES/vmdesk.mo"
    with compiled.open("rb") as file:
        words = GNUTranslations(file)
    for count, start in ((1, one), (2, many), (0, many.replace("2", "0"))):
        text = words.ngettext("{count} machine runs", "{count} machines run", count)
        assert text.format(count=count).startswith(start)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("module", ["vmdesk", "vmdesk.cli"])
def test_a_program_speaks_the_users_language(module: str, language: str) -> None:
    text = run(module, "--help", LANGUAGE=language)
    assert LANGUAGES[language] in text
    for english in ("usage:", "options:", "show this help", "Manage"):
        assert english not in text


def test_mistakes_are_told_in_the_users_language() -> None:
    text = run("vmdesk.cli", "grow", LANGUAGE="de")
    assert "Fehler: Argument BEFEHL: ungültige Auswahl: 'grow'" in text
    assert "Hinweis: Aufruf: vmdeskctl" in text


def test_figures_are_written_as_the_language_does() -> None:
    code = "from vmdesk.core import formatting; print(formatting.size(13314398618))"
    assert run_code(code, LANGUAGE="de") == "12,4 GiB"
    assert run_code(code, LANGUAGE="en") == "12.4 GiB"


def test_qt_speaks_the_same_language_as_vmdesk() -> None:
    shown = {
        language: run_code(WINDOW, LANGUAGE=language, QT_QPA_PLATFORM="offscreen")
        for language in ("de", "es", "fr")
    }
    assert shown["de"] == "&Einstellungen… Abbrechen"
    assert shown["es"] == "&Preferencias… Cancelar"
    assert shown["fr"] == "S&ettings… Cancel", "half a translation is worse than none"


@pytest.mark.parametrize(
    "variables", [{"LANGUAGE": "en:de"}, {"LANGUAGE": "de", "LC_ALL": "C"}, {"LANGUAGE": "xx"}]
)
def test_english_is_spoken_to_those_who_want_it(variables: dict[str, str]) -> None:
    assert "Manage virtual machines." in run("vmdesk.cli", "--help", **variables)


def test_every_language_is_installed_with_the_program() -> None:
    project = tomllib.loads((catalogs.ROOT / "pyproject.toml").read_text())
    installed = project["tool"]["setuptools"]["data-files"]
    for path in catalogs.catalogs():
        compiled = path.with_suffix(".mo").relative_to(catalogs.ROOT)
        place = f"share/vmdesk/locale/{catalogs.language(path)}/LC_MESSAGES"
        assert installed[place] == [str(compiled)]


def test_apostrophes_are_typographic_ones_everywhere() -> None:
    straight = re.compile(r"\w'(\w| )")
    found = [m.id for m in catalogs.extracted() if any(straight.search(t) for t in forms(m.id))]
    # The one that Python's own argparse looks up.
    assert found == ["show program's version number and exit"]
