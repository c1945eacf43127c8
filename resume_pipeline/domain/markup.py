"""Source text without what no reader of the page sees: comments, scripts, styles, template tags, MDX code.

It works on the source before blocks are told apart, because a comment may span blank lines, headings and lists that
must not become blocks. Each thing taken out leaves its line ends behind, so line numbers stay true. Code (fenced,
indented, or in backticks) is left as it is. Markup that a reader sees the effect of (emphasis, links, tags) is
``domain.inline``.
"""

import re
from dataclasses import dataclass, field
from textwrap import dedent

from resume_pipeline.domain.documents import Problem
from resume_pipeline.domain.markup_syntax import (
    ALT,
    BLOCK_TAG,
    DIRECTIVE_HOLDS,
    DIRECTIVE_LIMIT,
    JSX,
    JSX_FAILURES,
    LIST_LINE,
    NEEDED,
    NOTE_ENDS,
    OPENER,
    TEMPLATE_ENDS,
    TEMPLATE_LIMIT,
)

_HTML_ALT = re.compile(r"""\balt\s*=\s*["']([^"'\n]*)["']""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Readable:
    """The text left to parse, line for line that of the source."""

    text: str
    problems: tuple[Problem, ...] = ()


def strip_unseen(text: str, *, first_line: int = 1) -> Readable:
    """``text`` without what no reader sees; ``first_line`` is the number of its first line in the file."""
    if not NEEDED.search(text):
        return Readable(text)
    scan = _Scan(text, first_line)
    scan.run()
    return Readable("".join(scan.out), tuple(scan.problems))


@dataclass(slots=True)
class _Scan:
    text: str
    first_line: int
    out: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    copied: int = 0
    jsx_failures: int = 0
    line_start: int = 0
    blank_to: int = 0
    missing: set[str] = field(default_factory=set)
    list_verdict: tuple[int, bool] = (0, False)
    paragraph: tuple[int, dict[int, list[int]]] = (-1, {})

    def run(self) -> None:
        steps = {
            "fence": self._fence_end,
            "indented": self._indented_end,
            "ticks": self._code_span_end,
            "comment": self._comment_end,
            "directive": self._directive_end,
            "element": self._element_end,
            "template": self._template_end,
            "tag": self._jsx_end,
            "import": self._whole_match,
            "export": self._export_end,
            "attributes": self._whole_match,
            "note": self._note_end,
        }
        position = 0
        while match := OPENER.search(self.text, position):
            step = steps.get(match.lastgroup or "")
            position = step(match) if step else match.end()
        self.out.append(self.text[self.copied :])

    def _cut(self, start: int, end: int, keep: str = "") -> int:
        """Take ``start:end`` out; where it opened its line, the blanks after it go too (they would indent the rest)."""
        self.out.append(self.text[self.copied : start])
        self.out.append(keep or "\n" * self.text.count("\n", start, end))
        if self._opens_line(start):
            while end < len(self.text) and self.text[end] in " \t":
                end += 1
            self.line_start = self.blank_to = end
        self.copied = end
        return end

    def _opens_line(self, start: int) -> bool:
        """Whether only blanks stand before ``start`` in its line (asked in ascending order: no line is read twice)."""
        found = self.text.rfind("\n", self.line_start, start)
        if found >= 0:
            self.line_start, self.blank_to = found + 1, found + 1
        if self.blank_to >= self.line_start and not self.text[self.blank_to : start].strip():
            self.blank_to = start
            return True
        self.line_start = max(self.line_start, start)
        self.blank_to = -1
        return False

    def _find(self, needle: str, start: int) -> int:
        """Where ``needle`` is next, or -1; what is missing once is not looked for again."""
        if needle in self.missing:
            return -1
        found = self.text.find(needle, start)
        if found < 0:
            self.missing.add(needle)
        return found

    def _warn(self, reason: str, position: int) -> None:
        line = self.first_line + self.text.count("\n", 0, position)
        self.problems.append(Problem("warning", reason, line))

    def _fence_end(self, match: re.Match[str]) -> int:
        fence = match["fence"]
        closing = re.compile(rf"^[ \t>]*{re.escape(fence[0])}{{{len(fence)},}}[ \t]*$", re.MULTILINE)
        end = closing.search(self.text, match.end())
        return end.end() if end else len(self.text)

    def _indented_end(self, match: re.Match[str]) -> int:
        """The end of an indented code block; of its first line only where it is no code (a list item goes on)."""
        start = match.start()
        previous = self.text.rfind("\n", 0, max(0, start - 1)) + 1
        if self.text[previous:start].strip() or self._inside_list(start):
            return match.end() - 1
        line_end = self.text.find("\n", start)
        line_end = len(self.text) if line_end < 0 else line_end
        while line_end < len(self.text):
            following = self.text.find("\n", line_end + 1)
            following = len(self.text) if following < 0 else following
            line = self.text[line_end + 1 : following]
            if line.strip() and not line.startswith(("    ", "\t")):
                break
            line_end = following
        return line_end

    def _code_span_end(self, match: re.Match[str]) -> int:
        """After the code span, or after the backticks when they open none before the paragraph ends."""
        limit, runs = self.paragraph
        if match.start() >= limit:
            end = re.compile(r"\n[ \t]*\n").search(self.text, match.end())
            limit, runs = (end.start() if end else len(self.text)), {}
            for run in re.compile(r"`+").finditer(self.text, match.start(), limit):
                runs.setdefault(run.end() - run.start(), []).append(run.start())
            for starts in runs.values():
                starts.reverse()
            self.paragraph = (limit, runs)
        length = match.end() - match.start()
        starts = runs.get(length, [])
        while starts and starts[-1] <= match.start():
            starts.pop()
        return starts[-1] + length if starts else match.end()

    def _comment_end(self, match: re.Match[str]) -> int:
        start = match.start()
        for short in ("<!-->", "<!--->"):
            if self.text.startswith(short, start):
                return self._cut(start, start + len(short))
        end = self._find("-->", start + 4)
        if end >= 0:
            return self._cut(start, end + 3)
        if not self._opens_line(start):
            # In the middle of a line CommonMark sees no comment; the author meant one, so the paragraph's rest goes.
            self._warn("The comment opened by '<!--' is never closed; the rest of its paragraph is left out.", start)
            blank = re.compile(r"\n[ \t]*\n").search(self.text, start)
            return self._cut(start, blank.start() if blank else len(self.text))
        self._warn("The comment opened by '<!--' is never closed; the rest of the file is left out.", start)
        return self._cut(start, len(self.text))

    def _directive_end(self, match: re.Match[str]) -> int:
        """After a line like ``:::note`` or ``:::row:::``; the words of a picture or a title stay.

        What it holds is often indented by four spaces and more, which would make code of it.
        """
        alt = ALT.search(match["directive"])
        words = alt[1] if alt else match["label"] or match["title"] or ""
        end = self._cut(match.start("directive"), match.end("directive"), keep=words)
        held = DIRECTIVE_HOLDS.match(self.text, end, end + DIRECTIVE_LIMIT)
        return self._cut(end, held.end(), keep=dedent(held[0])) if held else end

    def _element_end(self, match: re.Match[str]) -> int:
        """After ``</script>``; an element that is never closed takes the rest only where it opens a line."""
        name = match["element"].lower()
        key = f"</{name}"
        if key not in self.missing:
            if end := re.compile(rf"</{name}\s*>", re.IGNORECASE).search(self.text, match.end()):
                return self._cut(match.start(), end.end())
            self.missing.add(key)
        if not self._opens_line(match.start()):
            return match.end()
        self._warn(f"<{name}> is never closed; the rest of the file is left out.", match.start())
        return self._cut(match.start(), len(self.text))

    def _template_end(self, match: re.Match[str]) -> int:
        start, opener = match.start(), match["template"]
        close = TEMPLATE_ENDS[opener]
        end = self.text.find(close, match.end(), match.end() + TEMPLATE_LIMIT)
        if end < 0:
            return match.end()
        end += len(close)
        block = BLOCK_TAG.match(self.text, start)
        closing = self._closing_tag(block["name"], end) if block else None
        if not block or not closing:
            return self._cut(start, end)
        if block["name"] == "comment":
            return self._cut(start, closing.end())
        self._cut(start, end)
        inner = self.text[self.copied : closing.start()]
        # What a highlight tag holds is code; four spaces make a code block of it without touching its lines.
        kept = re.sub(r"^(?=[^\n])", "    ", inner, flags=re.MULTILINE) if block["name"] == "highlight" else inner
        return self._cut(self.copied, closing.end(), keep=kept)

    def _closing_tag(self, name: str, start: int) -> re.Match[str] | None:
        if name in self.missing:
            return None
        pattern = rf"(?:\{{%-?|\{{\{{[<%])\s*(?:end|/\s*){name}\s*(?:-?%\}}|[>%]\}}\}})"
        found = re.compile(pattern).search(self.text, start)
        if not found:
            self.missing.add(name)
        return found

    def _jsx_end(self, match: re.Match[str]) -> int:
        """After a component's tag (``<Tabs items={[1]}>``, ``</Tabs>``, ``<>``); other tags are left to the parser."""
        start = match.start()
        if self.jsx_failures > JSX_FAILURES:
            return start + 1
        tag = JSX.match(self.text, start, start + TEMPLATE_LIMIT)
        if not tag:
            self.jsx_failures += 1
            return start + 1
        name, attributes = tag["name"] or "", tag["attributes"] or ""
        expression = "={" in attributes or "{..." in attributes
        alone = name[:1].isupper() and ("." in name or self._opens_line(start))
        if expression or alone:
            return self._cut(start, tag.end())
        if self.text[self.text.rfind("\n", start, tag.end()) + 1 : tag.end()].strip() not in {">", "/>"}:
            return tag.end()
        # The tag's end would open a quote: "<img" on a line, its attributes on others, ">" on the last.
        words = _HTML_ALT.search(tag[0])
        return self._cut(start, tag.end(), keep=(words[1] if words else "") + "\n" * tag[0].count("\n"))

    def _note_end(self, match: re.Match[str]) -> int:
        """After a comment of another dialect than HTML's."""
        close = NOTE_ENDS[match["note"].lower()]
        if close in self.missing:
            return match.end()
        end = self.text.find(close, match.end(), match.end() + DIRECTIVE_LIMIT)
        if end < 0:
            self.missing.add(close)
            return match.end()
        return self._cut(match.start(), end + len(close))

    def _whole_match(self, match: re.Match[str]) -> int:
        return self._cut(match.start(), match.end())

    def _export_end(self, match: re.Match[str]) -> int:
        """After the statement: where its brackets balance, or the paragraph's end when they never do."""
        start, depth = match.start(), 0
        for bracket in re.compile(r"[\[\](){}]|\n").finditer(self.text, start, start + 20_000):
            if bracket[0] == "\n":
                if depth <= 0:
                    return self._cut(start, bracket.start())
            else:
                depth += 1 if bracket[0] in "[({" else -1
        blank = self.text.find("\n\n", match.end())
        return self._cut(start, blank if blank >= 0 else len(self.text))

    def _inside_list(self, start: int) -> bool:
        """Whether the indented line at ``start`` belongs to a list item, a definition or a footnote above it."""
        known_to, verdict = self.list_verdict
        end = start
        while end > known_to:
            begin = self.text.rfind("\n", 0, end - 1) + 1
            line = self.text[begin : end - 1]
            if line.strip() and not line.startswith(("    ", "\t")):
                verdict = bool(LIST_LINE.match(line))
                break
            end = begin
        else:
            verdict = verdict if known_to else False
        self.list_verdict = (start, verdict)
        return verdict
