"""Pictures that are unpacked on another thread, and no larger than somebody has use for."""

from PySide6.QtCore import QBuffer, QSize, Qt
from PySide6.QtGui import QImage, QImageReader


def unpacked(data: bytes, most: QSize) -> QImage:
    """Return the picture of a PNG or PPM as ``shrunk`` would; a null image if it is none.

    The window's thread goes on meanwhile: ``QImage.fromData`` keeps Python's lock for all of the
    time, which is 37 ms for a PNG of a 4K screen, and a reader lets it go (PySide6 6.9.3).
    """
    buffer = QBuffer()
    buffer.setData(data)
    reader = QImageReader(buffer)
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


def _fits(size: QSize, most: QSize) -> bool:
    return size.width() <= most.width() and size.height() <= most.height()
