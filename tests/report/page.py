"""Reads a page strictly: every tag closed, in order; collects what the tests ask about."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """A parsed page.

    `problems` lists unbalanced tags; `ids`, `headings`, `numbers` ((table id, value, text)), `tables` (id → captions
    and cells without a scope) and `attributes` ((tag, name, value)) are what was found.
    """

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.problems: list[str] = []
        self.ids: list[str] = []
        self.headings: list[int] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.numbers: list[tuple[str, float, str]] = []
        self.tables: dict[str, list[str]] = {}
        self.tags: list[str] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self._table = ""
        self._value: float | None = None
        self.feed(text)
        self.close()
        self.problems += [f"<{tag}> never closed" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._seen(tag, attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._seen(tag, attrs)

    def _seen(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = {k: v or "" for k, v in attrs}
        if len(found) != len(attrs):
            self.problems.append(f"<{tag}> repeats an attribute")
        self.attributes += [(tag, k, v) for k, v in found.items()]
        if "id" in found:
            self.ids.append(found["id"])
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.headings.append(int(tag[1]))
        if tag == "table":
            self._table = found.get("id", "")
            self.tables[self._table] = []
        if tag == "caption":
            self.tables[self._table].append("caption")
        if tag == "th" and found.get("scope") not in ("row", "col"):
            self.tables[self._table].append("th without scope")
        if tag == "data":
            self._value = float(found["value"])

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1] != tag:
            self.problems.append(f"</{tag}> at {self.getpos()} closes <{self._open[-1] if self._open else ''}>")
        if tag in self._open:
            while self._open.pop() != tag:
                pass
        if tag == "data":
            self._value = None

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "style":
            return
        self.text.append(data)
        if self._value is not None:
            self.numbers.append((self._table, self._value, data))

    def words(self) -> str:
        """The text a reader sees, blanks made one."""
        return " ".join("".join(self.text).split())
