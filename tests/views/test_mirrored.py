"""Where things are in a window that is read from right to left."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QStyle

from vmdesk.views import mirrored

DIRECTIONS = (Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft)
RECTS = st.builds(QRect, *[st.integers(-500, 500)] * 2, *[st.integers(1, 500)] * 2)


@given(direction=st.sampled_from(DIRECTIONS), bounds=RECTS, part=RECTS)
def test_a_part_is_where_qt_would_have_it(
    direction: Qt.LayoutDirection, bounds: QRect, part: QRect
) -> None:
    before = QRect(part)
    expected = QStyle.visualRect(direction, bounds, part)
    assert mirrored.place(direction, bounds, part) == expected
    assert part == before


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("side", ["AlignLeft", "AlignRight", "AlignHCenter"])
def test_text_begins_at_the_side_where_qt_would_have_it(
    direction: Qt.LayoutDirection, side: str
) -> None:
    wanted = Qt.AlignmentFlag[side] | Qt.AlignmentFlag.AlignVCenter
    assert mirrored.alignment(direction, wanted) == QStyle.visualAlignment(direction, wanted)
