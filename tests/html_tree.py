"""An HTML page as a test asks about it: elements with their attributes, text and ancestors."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "input", "link", "img", "br", "hr", "base", "embed", "source"}
_INLINE = {"a", "b", "bdi", "code", "span"}
# What a start tag ends, as HTML allows to leave the end tag out.
_ENDS = {
    "li": {"li"},
    "dt": {"dt", "dd"},
    "dd": {"dt", "dd"},
    "option": {"option"},
    "td": {"td", "th"},
    "th": {"td", "th"},
    "tr": {"td", "th", "tr"},
    "tbody": {"td", "th", "tr", "thead", "tbody"},
}


@dataclass(eq=False)
class Element:
    tag: str
    attributes: dict
    parent: "Element | None"
    children: list = field(default_factory=list)

    def all(self, tag=None, **attributes):
        """The elements below, in document order; `class_` asks for one class of them."""
        wanted = attributes.pop("class_", None)
        return [
            one
            for one in self._below()
            if (tag is None or one.tag == tag)
            and (wanted is None or wanted in one.attributes.get("class", "").split())
            and all(one.attributes.get(name) == value for name, value in attributes.items())
        ]

    def one(self, tag=None, **attributes):
        (found,) = self.all(tag, **attributes)
        return found

    @property
    def text(self):
        """What a reader sees, with single spaces; parts of a line are not taken apart."""
        return " ".join(self._text().split())

    def _text(self):
        parts = [one if isinstance(one, str) else one._text() for one in self.children]
        text = "".join(parts)
        return text if self.tag in _INLINE else f" {text} "

    def _below(self):
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child._below()


class _Parser(HTMLParser):
    def __init__(self):
        super().__init__()
        self.root = Element("", {}, None)
        self.open = [self.root]

    def handle_starttag(self, tag, attrs):
        ended = _ENDS.get(tag, set())
        while self.open[-1].tag in ended:
            self.open.pop()
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"{tag}: an attribute twice: {names}"
        element = Element(tag, dict(attrs), self.open[-1])
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.open[-1].children.append(Element(tag, dict(attrs), self.open[-1]))

    def handle_endtag(self, tag):
        optional = set().union(*_ENDS.values())
        while self.open[-1].tag != tag:
            assert self.open[-1].tag in optional, f"{self.open[-1].tag} is open at </{tag}>"
            self.open.pop()
        self.open.pop()

    def handle_data(self, data):
        self.open[-1].children.append(data)


def parse(page):
    """The tree of a page. Asserts that every element that needs an end has one in its place."""
    parser = _Parser()
    parser.feed(page)
    parser.close()
    assert len(parser.open) == 1, [one.tag for one in parser.open]
    return parser.root
