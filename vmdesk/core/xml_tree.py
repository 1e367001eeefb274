"""Read XML safely, edit it without disturbing the rest, and write it back as it was."""

import re
from collections.abc import Iterator, Mapping

from lxml import etree

from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, OperationError

# The parser has accepted the text before this splits it, so it need not find any mistake.
_TOKEN = re.compile(
    r"""(?P<comment><!--.*?-->) | (?P<cdata><!\[CDATA\[.*?\]\]>) | (?P<pi><\?.*?\?>)
      | (?P<end></[^>]*>) | (?P<start><(?:[^<>"']++|"[^"]*"|'[^']*')*+>) | (?P<text>[^<]++)""",
    re.VERBOSE | re.DOTALL,
)
# libvirt quotes attributes with an apostrophe and escapes both kinds (virBufferEscapeString).
_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_ATTRIBUTE = _TEXT | str.maketrans({"'": "&apos;", '"': "&quot;"})
_INDENT = "  "
_XML = ("xml", "http://www.w3.org/XML/1998/namespace")


class XmlDocument:
    """An lxml tree that remembers how each node was written.

    ``text`` repeats the source byte for byte, except for the nodes that were changed: these are
    written in libvirt's own manner. Raises ``OperationError`` for text that is no XML, or that
    declares a document type (the way to entities, and to files and networks).
    """

    def __init__(self, text: str) -> None:
        self.root = _parsed(text)
        self._prolog, self._epilog = "", ""
        # Holding the nodes keeps lxml from making other Python objects for them.
        self._written: dict[etree._Element, _Written] = {}
        self._remember(text)

    @property
    def text(self) -> str:
        """The document as text, with every untouched byte as it was."""
        return "".join((self._prolog, *self._pieces(), self._epilog))

    def _remember(self, source: str) -> None:
        nodes = self.root.iter()
        parents: list[_Written] = []
        before: _Written | None = None  # the sibling whose tail is being read
        for token in _TOKEN.finditer(source):
            kind, raw = token.lastgroup, token.group()
            if not parents and self._written:
                self._epilog += raw
            elif not parents and kind != "start":
                self._prolog += raw
            elif kind in ("text", "cdata"):
                if before:
                    before.tail += raw
                else:
                    parents[-1].text += raw
            elif kind == "end":
                before = parents.pop()
                before.end = raw
            else:
                node = next(nodes)
                before = self._written[node] = _Written(node, raw)
                if kind == "start" and not raw.endswith("/>"):
                    parents.append(before)
                    before = None

    def _pieces(self) -> Iterator[str]:
        for event, node in etree.iterwalk(self.root, events=("start", "end", "comment", "pi")):
            written = self._written.get(node) or _Written(node)
            if event == "start":
                yield _start_tag(node, written)
                yield (written.text if node.text == written.held_text else _escaped(node.text))
                continue
            if event == "end":
                yield _end_tag(node, written)
            else:
                yield written.start
            if node is not self.root:
                yield (written.tail if node.tail == written.held_tail else _escaped(node.tail))


class _Written:
    """How one node was written, and what it held then; a new node was not written at all."""

    __slots__ = ("end", "held_attributes", "held_tail", "held_text", "start", "tail", "text")

    def __init__(self, node: etree._Element, start: str = "") -> None:
        self.start, self.end, self.text, self.tail = start, "", "", ""
        self.held_attributes = node.attrib.items() if start else None
        self.held_text = node.text if start else None
        self.held_tail = node.tail if start else None


def _parsed(text: str) -> etree._Element:
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_blank_text=False,
        huge_tree=False,
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, UnicodeEncodeError) as exc:
        raise OperationError(
            _("The description of the machine is damaged."),
            _("It is not well-formed XML."),
            str(exc),
            Cause.BAD_INPUT,
        ) from exc
    if root.getroottree().docinfo.doctype:
        raise OperationError(
            _("The description of the machine is refused."),
            _("It declares a document type, which no machine needs."),
            cause=Cause.BAD_INPUT,
        )
    return root


def _is_hollow(node: etree._Element) -> bool:
    return not len(node) and not node.text


def _start_tag(node: etree._Element, written: _Written) -> str:
    if node.attrib.items() == written.held_attributes:
        if written.end or _is_hollow(node):
            return written.start
        return written.start.removesuffix("/>").rstrip() + ">"
    parent = node.getparent()
    inherited: Mapping[str | None, str] = {} if parent is None else parent.nsmap
    pieces = ["<", _qualified(node, str(node.tag))]
    for prefix, uri in node.nsmap.items():
        if inherited.get(prefix) != uri:
            name = f"xmlns:{prefix}" if prefix else "xmlns"
            pieces.append(f" {name}='{uri.translate(_ATTRIBUTE)}'")
    for key, value in node.attrib.items():
        pieces.append(f" {_qualified(node, str(key))}='{str(value).translate(_ATTRIBUTE)}'")
    pieces.append("/>" if _is_hollow(node) and not written.end else ">")
    return "".join(pieces)


def _end_tag(node: etree._Element, written: _Written) -> str:
    if written.end or _is_hollow(node):
        return written.end
    return f"</{_qualified(node, str(node.tag))}>"


def _qualified(node: etree._Element, name: str) -> str:
    qname = etree.QName(name)
    if qname.namespace is None:
        return qname.localname
    if name == node.tag:
        prefix = node.prefix
    else:
        prefix = next(
            key for key, uri in (*node.nsmap.items(), _XML) if key and uri == qname.namespace
        )
    return f"{prefix}:{qname.localname}" if prefix else qname.localname


def insert(parent: etree._Element, child: etree._Element, index: int | None = None) -> None:
    """Put a new element among the children of ``parent`` (last by default), on its own line."""
    position = len(parent) if index is None else index
    depth = sum(1 for _ancestor in parent.iterancestors()) + 1
    etree.indent(child, _INDENT, level=depth)
    if not len(parent):
        parent.text = "\n" + _INDENT * depth
        child.tail = "\n" + _INDENT * (depth - 1)
    elif position < len(parent):
        child.tail = _line_break(parent[position])
    else:
        child.tail = parent[-1].tail
        parent[-1].tail = _line_break(parent[-1])
    parent.insert(position, child)


def remove(node: etree._Element) -> None:
    """Take an element out together with its line."""
    parent = node.getparent()
    assert parent is not None  # noqa: S101 - the root of a document is never removed
    if node.getnext() is None:
        previous = node.getprevious()
        if previous is not None:
            previous.tail = node.tail
        else:
            parent.text = None
    parent.remove(node)


def _line_break(node: etree._Element) -> str:
    """Return the line break and the indentation that stand before ``node``."""
    previous = node.getprevious()
    parent = node.getparent()
    before = previous.tail if previous is not None else parent.text if parent is not None else None
    _text, newline, indentation = (before or "").rpartition("\n")
    return newline + indentation if not indentation.strip() else ""


def number(text: str | None, default: int = 0) -> int:
    """Read a whole number as libvirt writes it; anything else is ``default``."""
    try:
        return int(text or "", 10)
    except ValueError:
        return default


def _escaped(text: str | None) -> str:
    return (text or "").translate(_TEXT)
