"""Files made of nothing but one thing, as large as one likes: what takes quadratic time, or long for each, shows.

``SHAPES[name](characters)`` is such a file. A new kind of block, or of anything read line by line, gets a shape here.
"""

from collections.abc import Callable
from functools import partial

Shape = Callable[[int], str]


def repeated(unit: str, characters: int, opening: str = "") -> str:
    """``unit`` as often as it fits, whole each time."""
    return opening + unit * max(1, (characters - len(opening)) // len(unit))


def counted(unit: str, characters: int) -> str:
    """``unit`` with each ``@`` replaced by 1, 2, 3 …"""
    count = max(1, characters // (len(unit) + 4 * unit.count("@")))
    return "".join(unit.replace("@", str(number)) for number in range(1, count + 1))


def stairs(unit: str, step: str, characters: int) -> str:
    """``unit`` one ``step`` further in on each line."""
    depth = 1
    while len(step) * depth * depth // 2 + (len(unit) + 1) * depth < characters:
        depth += 1
    return "\n".join(step * level + unit for level in range(depth))


_REPEATED = {
    "list items": "- a b c\n",
    "list items with blank lines": "- a b c\n\n",
    "list items of stars": "* a b c\n",
    "list items of two levels": "- a b c\n  - d\n",
    "list items of three levels": "- a\n  - b\n    - c\n",
    "list items with tabs": "-\ta\n",
    "list items with emphasis": "- **a** `b`\n",
    "list items of three markers": "- a\n+ b\n* c\n",
    "list items that hold nothing": "-\n",
    "list items with lazy lines": "- a\nb\n",
    "list items and rules": "- a\n---\n",
    "list items of code": "- a\n\n      code\n",
    "list items of quotes": "- > a\n",
    "list items of headings": "- # a\n",
    "list items of fences": "- ```\n  a\n  ```\n",
    "task items": "- [ ] a b\n- [x] c\n",
    "lists after a line of text": "a:\n- b\n\n",
    "definitions": "a\n: b\n\n",
    "definitions without blank lines": "a\n: b\n",
    "lines that begin with a colon": ": b\n",
    "headings": "# a\n",
    "underlined headings": "a\n===\n\n",
    "short paragraphs": "a b\n\n",
    "lines of one paragraph": "a b\n",
    "quotes of one line": "> a\n\n",
    "quotes between paragraphs": "> a\n\nb\n\n",
    "lines of one quote": "> a\n",
    "quotes of list items": "> - a\n",
    "tiny tables": "|a|b|\n|-|-|\n|c|d|\n\n",
    "lines of pipes": "|a\n",
    "fences": "```\na\n```\n",
    "indented code": "    a\n\nb\n\n",
    "rules": "---\n\n***\n",
    "formulas": "$$\na\n$$\n",
    "html blocks": "<div>a</div>\n\n",
    "html lines": "<p>a</p>\n",
    "html tags": "<b>a</b> ",
    "html that never closes": "<div>",
    "comments": "<!-- a -->\n",
    "shortcodes": "{{< a >}}\n",
    "shortcodes in text": "b {{< a >}} c ",
    "components": "<A b={c}/>\n",
    "directives": ":::note\na\n:::\n",
    "imports": "import a from 'b'\n",
    "attributes": "a {: .x}\n",
    "blank lines": "\n",
    "emphasis": "*a* ",
    "emphasis that never closes": "*a_b ",
    "stars": "*",
    "code spans": "`a` ",
    "brackets": "[",
    "brackets that close": "[a] ",
    "closing brackets": "]",
    "links": "[a](b) ",
    "half links": "[a](",
    "images": "![a](b) ",
    "autolinks": "<https://a.b> ",
    "addresses": "https://a.b/c?d=e ",
    "inline formulas": "$a$ ",
    "dollars": "$a",
    "entities": "&amp; ",
    "ampersands": "&",
    "angles": "<",
    "braces": "{",
    "backslashes": "\\",
    "pipes on one line": "|",
    "quote marks on one line": "> ",
    "list markers on one line": "- ",
    "numbers": "1234567 ",
    "words": "lorem ipsum dolor ",
    "one word": "x",
    "chinese sentences": "我在上海负责搜索系统。",
    "chinese without stops": "我在上海负责搜索系统",
    "thai": "วิศวกรข้อมูลที่กรุงเทพ",
    "emoji": "👩‍💻",
}
_OPENED = {
    "rows of one table": ("|a|b|\n|-|-|\n", "|c|d|\n"),
    "lines of one fence": ("```\n", "a\n"),
    "keys of YAML": ("---\n", "a: b\n"),
    "keys of TOML": ("+++\n", 'a="b"\n'),
}
_COUNTED = {
    "numbered items": "@. a b\n",
    "numbered headings": "# h@\n",
    "headings of two levels": "# h@\n\n## i@\n\n",
    "footnotes": "[^@]: b\n",
    "footnotes with references": "a[^@]\n\n[^@]: b\n\n",
    "link references": "[r@]: /u\n",
    "link references with blank lines": "[r@]: /u\n\n",
}
SHAPES: dict[str, Shape] = {
    **{name: partial(repeated, unit) for name, unit in _REPEATED.items()},
    **{name: partial(repeated, unit, opening=opening) for name, (opening, unit) in _OPENED.items()},
    **{name: partial(counted, unit) for name, unit in _COUNTED.items()},
    "lists nested line by line": partial(stairs, "- a", "  "),
    "quotes nested line by line": partial(stairs, " a", ">"),
}
