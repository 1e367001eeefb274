"""PySide6 comes without what nobody here uses, and what it came with is still in it elsewhere."""

import subprocess
import sys

LOOK = """
import builtins, linecache, sys
import PySide6.QtCore
import json.tool

def look():
    import json
    return any(name.endswith("json/__init__.py") for name in linecache.cache)

writer = sys.modules["shibokensupport.signature.lib.pyi_generator"]
print("feature" in builtins.__import__.__name__, hasattr(writer, "Writer"), look())
"""


def look(before: str = "") -> str:
    command = [sys.executable, "-c", before + LOOK]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    return done.stdout


def test_no_source_is_read_and_no_writer_of_stubs_loaded() -> None:
    assert look("from vmdesk import binding\nbinding.load()\n") == "False False False\n"


def test_by_itself_the_binding_does_both() -> None:
    """If this fails, PySide6 has become leaner, and ``vmdesk.binding`` may be of no use."""
    assert look() == "True True True\n"


def test_classes_and_signals_work_as_ever() -> None:
    use = """
from vmdesk import binding
binding.load()
from PySide6.QtCore import QObject, Signal
class Bell(QObject):
    rung = Signal(int)
bell = Bell()
bell.rung.connect(lambda times: print("rung", times))
bell.rung.emit(2)
try:
    bell.setObjectName(1, 2)
except TypeError as error:
    print("setObjectName" in str(error))
"""
    command = [sys.executable, "-c", use]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert (done.stdout, done.stderr) == ("rung 2\nTrue\n", "")
