"""vmdesk manages the virtual machines of a Linux workstation.

Layers, each importing only from those to its right (import-linter holds us to it)::

    app | cli > api > views > controller > its parts > models > tasks | settings
        > core.operations > core

``core``, ``cli`` and ``api`` never import PySide6, and only ``core`` imports ``libvirt`` and
``subprocess``.
"""

__version__ = "0.1.0"
