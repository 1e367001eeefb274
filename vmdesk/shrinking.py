"""Pictures that are no larger than somebody has use for."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage


def shrunk(picture: QImage, size: QSize) -> QImage:
    """Return a picture that fits into ``size``, in its own proportions; a smaller one as it is."""
    if picture.width() <= size.width() and picture.height() <= size.height():
        return picture
    smooth = Qt.TransformationMode.SmoothTransformation
    return picture.scaled(size, Qt.AspectRatioMode.KeepAspectRatio, smooth)
