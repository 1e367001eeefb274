"""Have Qt's own words and its layout follow the language of ours."""

import locale

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from vmdesk.core import i18n


def follow(application: QApplication) -> None:
    """Translate Qt's buttons and menus, and lay out from the right where the language wants it."""
    translator = QTranslator(application)
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    # Not the desktop's language: a half-translated window is worse than an English one.
    if translator.load(f"qtbase_{i18n.language}", folder):
        application.installTranslator(translator)
    application.setLayoutDirection(QLocale(i18n.language).textDirection())
    # Qt has set all of the desktop's locale. What libvirt and the system say is looked up by its
    # English words, and shown as details.
    locale.setlocale(locale.LC_MESSAGES, "C")
