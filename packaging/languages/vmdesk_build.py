"""Build vmdesk with setuptools, once its translations are compiled (PEP 517 and 660)."""

from typing import Any

import catalogs
from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403 # what is not named below stays as it is


def build_wheel(*arguments: Any, **named: Any) -> str:
    """Build a wheel."""
    catalogs.compile_all()
    return build_meta.build_wheel(*arguments, **named)


def build_editable(*arguments: Any, **named: Any) -> str:
    """Build what lets this tree be used in place."""
    catalogs.compile_all()
    return build_meta.build_editable(*arguments, **named)


def build_sdist(*arguments: Any, **named: Any) -> str:
    """Build an archive of the sources."""
    catalogs.compile_all()
    return build_meta.build_sdist(*arguments, **named)
