"""Pictures come out of files as they are, smaller where they are too large, and hold nobody up."""

import sys
import time
from collections.abc import Iterator
from threading import Thread

import pytest
from PySide6.QtCore import QBuffer, QIODevice, QSize
from PySide6.QtGui import QImage

from vmdesk.pictures import LARGE, SMALL, shrunk, suits, unpacked

MOST = QSize(1280, 800)


def file(width: int, height: int, form: str = "PNG", color: str = "#336699") -> bytes:
    picture = QImage(width, height, QImage.Format.Format_RGB32)
    picture.fill(color)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, form)  # type: ignore[call-overload]
    return bytes(buffer.data().data())


@pytest.mark.parametrize("form", ["PNG", "PPM"])
def test_a_small_picture_is_unpacked_as_it_is(form: str) -> None:
    picture = unpacked(file(720, 400, form), MOST)
    assert picture.size() == QSize(720, 400)
    assert picture.pixelColor(700, 390).name() == "#336699"


@pytest.mark.parametrize("form", ["PNG", "PPM"])
def test_a_large_picture_is_made_to_fit_in_its_own_proportions(form: str) -> None:
    picture = unpacked(file(3840, 2160, form), MOST)
    assert picture.size() == QSize(1280, 720)
    assert picture.pixelColor(1270, 710).name() == "#336699"
    assert shrunk(picture, QSize(640, 400)).size() == QSize(640, 360)


def test_of_a_picture_that_is_hardly_wide_a_line_stays() -> None:
    assert unpacked(file(8, 20_000), MOST).size() == QSize(1, 800)


@pytest.mark.parametrize("data", [b"", b"no picture at all", file(64, 64)[:40]])
def test_what_is_no_picture_is_none(data: bytes) -> None:
    assert unpacked(data, MOST).isNull()


@pytest.mark.parametrize(
    ("size", "made_for", "most", "is_it"),
    [
        (QSize(720, 400), SMALL, LARGE, True),
        (QSize(720, 400), LARGE, SMALL, True),
        (QSize(1024, 768), LARGE, SMALL, False),
        (QSize(768, 432), SMALL, LARGE, False),
        (QSize(768, 432), SMALL, SMALL, True),
    ],
)
def test_a_picture_suits_another_size_if_nothing_was_lost(
    size: QSize, made_for: QSize, most: QSize, is_it: bool
) -> None:
    assert suits(QImage(size, QImage.Format.Format_RGB32), made_for, most) is is_it


class Other:
    """Another thread that counts whenever it gets Python's lock."""

    def __init__(self) -> None:
        self.count = 0
        self.is_over = False

    def run(self) -> None:
        while not self.is_over:
            self.count += 1
            time.sleep(0)


@pytest.fixture
def other() -> Iterator[Other]:
    before = sys.getswitchinterval()
    # Nobody is asked for the lock: whoever has it keeps it until it is let go.
    sys.setswitchinterval(600)
    other = Other()
    thread = Thread(target=other.run)
    thread.start()
    yield other
    other.is_over = True
    thread.join()
    sys.setswitchinterval(before)


def test_other_threads_go_on_while_a_picture_is_unpacked(other: Other) -> None:
    data = file(3840, 2160)

    def has_gone_on() -> bool:
        before = other.count
        unpacked(data, MOST)
        # A few times at calls that are over at once, and hundreds of times in a long one.
        return other.count > before + 50

    # A thread that may go on need not get a processor at once.
    assert any(has_gone_on() for _time in range(20))
