"""The order of names."""

from vmdesk.core.natural_order import natural_key


def test_numbers_are_numbers_wherever_they_stand() -> None:
    names = ["b", "a10", "a2b20", "a2b3", "a2", "A1", "a", "10", "2a", "1"]
    assert sorted(names, key=natural_key) == names[::-1]


def test_digits_of_other_scripts_and_an_empty_name_do_no_harm() -> None:
    assert sorted(["x²", "x", "", "x٣", "x1"], key=natural_key)[:2] == ["", "x"]
