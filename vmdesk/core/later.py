"""Modules that are loaded when something of them is used first.

In a package that says ``later.load_at_first_use(__name__)``, ``from package import module`` costs
nothing: the module is loaded when it is asked for its first name. So the list of machines is on the
screen before anything is loaded that writes bundles. ``from package.module import name`` loads it
at once, and is for what the first picture needs.
"""

import sys
from importlib import import_module
from pathlib import Path


class Later:
    """Stands for a module, and loads it when it is asked for something."""

    __slots__ = ("_name",)
    _name: str

    def __init__(self, name: str) -> None:
        object.__setattr__(self, "_name", name)

    def __getattr__(self, attribute: str) -> object:
        return getattr(import_module(self._name), attribute)

    def __setattr__(self, attribute: str, value: object) -> None:
        setattr(import_module(self._name), attribute, value)

    def __delattr__(self, attribute: str) -> None:
        delattr(import_module(self._name), attribute)


def load_at_first_use(package: str) -> None:
    """Give a package, which is being imported, stand-ins for its modules."""

    module = sys.modules[package]
    # To find each of them as the import system does takes two milliseconds of a start.
    files = [path for folder in module.__path__ for path in Path(folder).iterdir()]
    names = {path.stem for path in files if path.suffix == ".py" or (path / "__init__.py").exists()}

    def stand_in(name: str) -> Later:
        if name.startswith("__") or name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        # The import system puts each module that is loaded into this place.
        later = vars(module)[name] = Later(f"{package}.{name}")
        return later

    # https://peps.python.org/pep-0562/
    vars(module)["__getattr__"] = stand_in
