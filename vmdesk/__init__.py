"""vmdesk manages the virtual machines of a Linux workstation.

Layers, each importing only from those to its right (import-linter holds us to it)::

    app | cli > views > controller > models > tasks | settings > core.operations > core

``core`` never imports PySide6, ``cli`` never imports PySide6, and only ``core`` imports
``libvirt`` and ``subprocess``.
"""

__version__ = "0.1.0"
