"""What was not edited is written back byte for byte; dangerous XML is refused."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from vmdesk.core import xml_tree
from vmdesk.core.job import Cause, OperationError
from vmdesk.core.xml_tree import XmlDocument

ODD = """<?xml version="1.0" encoding='ISO-8859-1'?>
<!-- edited by hand -->

<a  one = '1'
    two="it's > 2" xmlns:q='urn:q'><?php x?>
\t<b/><b /><c></c><c
/>
  <q:d q:e="&quot;&#65;" xml:lang='de'>&lt;é &gt; ]] &amp;<![CDATA[<raw>&]]></q:d >  tail
  <!-- <b> --> <f>x</f>
</a >
<!-- end -->
"""


def test_an_untouched_document_is_repeated_byte_for_byte() -> None:
    assert XmlDocument(ODD).text == ODD
    assert XmlDocument(ODD.replace("\n", "\r\n")).text == ODD.replace("\n", "\r\n")


def test_a_changed_attribute_rewrites_its_tag_alone() -> None:
    document = XmlDocument(ODD)
    document.root[-1].set("new", "it's")
    assert document.text == ODD.replace("<f>", "<f new='it&apos;s'>")


def test_a_changed_tag_keeps_its_namespaces() -> None:
    document = XmlDocument(ODD)
    document.root.attrib.pop("one")
    element = document.root.find("{urn:q}d")
    assert element is not None
    element.set("plain", "1")
    assert "<a xmlns:q='urn:q' two='it&apos;s &gt; 2'><?php x?>" in document.text
    assert "<q:d q:e='&quot;A' xml:lang='de' plain='1'>" in document.text


def test_a_changed_text_is_escaped_and_leaves_the_tag_alone() -> None:
    document = XmlDocument("<a><b  c = '1'>old</b>&gt;</a>")
    document.root[0].text = "x < y & z"
    assert document.text == "<a><b  c = '1'>x &lt; y &amp; z</b>&gt;</a>"


@pytest.mark.parametrize("index", [None, 0, 1, 2])
def test_a_new_element_gets_a_line_like_its_siblings_and_leaves_none_behind(
    index: int | None,
) -> None:
    source = "<a>\n  <b/>\n  <c/>\n</a>"
    document = XmlDocument(source)
    new = etree.Element("new")
    etree.SubElement(new, "inner")
    xml_tree.insert(document.root, new, index)
    lines = source.splitlines()
    at = 3 if index is None else index + 1
    lines[at:at] = ["  <new>", "    <inner/>", "  </new>"]
    assert document.text.splitlines() == lines
    xml_tree.remove(new)
    assert document.text == source


def test_a_new_element_opens_an_empty_one() -> None:
    document = XmlDocument("<a>\n  <b c = '1'/>\n</a>")
    xml_tree.insert(document.root[0], etree.Element("new"))
    assert document.text == "<a>\n  <b c = '1'>\n    <new/>\n  </b>\n</a>"
    xml_tree.remove(document.root[0][0])
    assert document.text == "<a>\n  <b c = '1'/>\n</a>"


@pytest.mark.parametrize("text", ["", "<a>", "plain", "<a/><b/>", "<a>\x00</a>", "<a>\ud800</a>"])
def test_what_is_no_xml_is_refused(text: str) -> None:
    with pytest.raises(OperationError) as caught:
        XmlDocument(text)
    assert caught.value.cause is Cause.BAD_INPUT


def test_entities_are_refused_and_never_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    for subset in (f'[<!ENTITY e SYSTEM "{secret}">]', '[<!ENTITY e "boom">]', 'SYSTEM "x.dtd"'):
        with pytest.raises(OperationError) as caught:
            XmlDocument(f"<!DOCTYPE a {subset}><a>&e;</a>")
        assert "the secret" not in caught.value.details


def test_a_deep_document_is_written_without_recursion() -> None:
    text = "<a>" * 200 + "</a>" * 200
    assert XmlDocument(text).text == text


_SPACE = st.sampled_from(["", " ", "\n", "\n\t", "  "])
_NAME = st.sampled_from(["a", "b", "disk", "_x-1"])
_VALUE = st.sampled_from(["", "1", "it's", "&lt;&#65;", "é", "a > b", "/x y"])
_TEXT = st.sampled_from(["", "\n  ", "text", "&amp;", "<![CDATA[<a>]]>", "<!-- <c> -->", "<?p i?>"])


@st.composite
def _tags(draw: st.DrawFn, inside: str) -> str:
    name = draw(_NAME)
    attributes = "".join(
        f" {draw(_SPACE)}k{number}{draw(_SPACE)}={draw(_SPACE)}"
        + (f"'{value.replace(chr(39), '')}'" if draw(st.booleans()) else f'"{value}"')
        for number, value in enumerate(draw(st.lists(_VALUE, max_size=3)))
    )
    if not inside and draw(st.booleans()):
        return f"<{name}{attributes}{draw(_SPACE)}/>"
    return f"<{name}{attributes}{draw(_SPACE)}>{inside}</{name}{draw(_SPACE)}>"


_CONTENT = st.recursive(
    _TEXT,
    lambda inner: st.lists(st.one_of(_TEXT, inner.flatmap(_tags)), max_size=4).map("".join),
    max_leaves=12,
)


@settings(database=None)
@given(_CONTENT.flatmap(_tags))
def test_any_manner_of_writing_survives(text: str) -> None:
    document = XmlDocument(text)
    assert document.text == text
    # What was edited back and forth is the same for any reader.
    new = etree.Element("new")
    xml_tree.insert(document.root, new)
    document.root.set("k0", "changed")
    again = etree.fromstring(document.text)
    assert again.get("k0") == "changed"
    assert len(again) == len(document.root)
