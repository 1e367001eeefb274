"""Pictures that are unpacked on another thread, and no larger than somebody has use for."""

from PySide6.QtCore import QBuffer, QByteArray, QSize, Qt
from PySide6.QtGui import QImage, QImageReader

LARGE = QSize(1280, 800)
"""Pixels at most of the selected machine's picture: what the pane shows on a dense screen."""
SMALL = QSize(768, 480)
"""Pixels at most of another's, and of one that is kept: a console of text is whole, and the pane
has something to show at once. A large one may have 4 MiB."""

_PNG = b"\x89PNG"


def unpacked(data: bytes, most: QSize) -> QImage:
    """Return the picture of a PNG or PPM as ``shrunk`` would; a null image if it is none.

    The window's thread goes on meanwhile: ``QImage.fromData`` keeps Python's lock for all of the
    time, which is 37 ms for a PNG of a 4K screen, and a reader lets it go (PySide6 6.9.3).
    """
    buffer = QBuffer()
    buffer.setData(data)
    # Left to find out the format, it would load the plugins for all others, and keep them.
    reader = QImageReader(buffer, QByteArray(b"png" if data.startswith(_PNG) else b"ppm"))
    reader.setAutoDetectImageFormat(False)
    size = reader.size()
    if not _fits(size, most):
        fitting = size.scaled(most, Qt.AspectRatioMode.KeepAspectRatio)
        reader.setScaledSize(fitting.expandedTo(QSize(1, 1)))
    return reader.read()


def shrunk(picture: QImage, most: QSize) -> QImage:
    """Return a picture that fits into ``most``, in its own proportions; a smaller one as it is."""
    if _fits(picture.size(), most):
        return picture
    smooth = Qt.TransformationMode.SmoothTransformation
    return picture.scaled(most, Qt.AspectRatioMode.KeepAspectRatio, smooth)


def suits(picture: QImage, made_for: QSize, most: QSize) -> bool:
    """Whether a picture that was made for one size is what would be made of it for another."""
    is_whole = picture.width() < made_for.width() and picture.height() < made_for.height()
    return made_for == most or (is_whole and _fits(picture.size(), most))


def _fits(size: QSize, most: QSize) -> bool:
    return size.width() <= most.width() and size.height() <= most.height()
