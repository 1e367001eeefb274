"""PySide6 without what vmdesk has no use for: its features, and what writes its type stubs."""

import builtins
import linecache
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_STUB_WRITER = "shibokensupport.signature.lib.pyi_generator"


class _Nothing:
    """Finds a module that is not needed, and loads nothing."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        # What this is a Loader of, importlib.abc, would load more than is left out here.
        loader: Any = self
        return ModuleSpec(name, loader) if name == _STUB_WRITER else None

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to Python to make the module."""

    def exec_module(self, module: ModuleType) -> None:
        """Leave it empty."""


def load() -> None:
    """Load PySide6; to be called before anything imports it.

    It reads the source of each module that is imported from then on, and keeps it: a module may say
    ``from __feature__ import snake_case`` (``_mod_uses_pyside`` in shibokensupport/feature.py). It
    also loads the writer of its type stubs (loader.py beside it). Without both, a start is
    shorter by a thirtieth, and 3.6 MiB of 107 are saved.
    """
    nothing = _Nothing()
    sys.meta_path.insert(0, nothing)
    try:
        import PySide6.QtCore  # noqa: F401 (the others come with what uses them)
    finally:
        sys.meta_path.remove(nothing)
    # Where PySide puts its own, it keeps Python's.
    builtins.__import__ = getattr(builtins, "__orig_import__", builtins.__import__)
    linecache.clearcache()
