"""The virtual screen as everybody on it sees it: its windows, and pictures of it."""

import subprocess
from pathlib import Path

from PySide6.QtWidgets import QApplication


def viewers(name: str) -> int:
    """Count virt-viewer's windows of the machine ``name``."""
    tree = subprocess.run(
        ["xwininfo", "-root", "-tree"], check=True, capture_output=True, text=True
    ).stdout
    # A line reads: 0x200007 "memtest (1)": ("virt-viewer" "Virt-viewer")  730x456+0+0
    return sum(f'"{name} (' in line and '("virt-viewer"' in line for line in tree.splitlines())


def take_picture(file: Path) -> None:
    """Save a picture of the whole screen, other programs' windows included."""
    screen = QApplication.primaryScreen()
    assert screen.grabWindow(0).save(str(file))
