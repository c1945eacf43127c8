"""Inline markdown to the words a reader sees: links to their text, images to their alt text, no markup.

One pass over the text, so that a megabyte on one line costs what ten short files cost (a full inline parser is
quadratic on unmatched brackets, and three times slower on ordinary text). It follows CommonMark; how delimiter runs
pair is ``domain.emphasis``. Blocks are told apart in ``domain.blocks``.
"""

import re
from bisect import bisect_right
from collections.abc import Container
from dataclasses import dataclass, field
from html import unescape

from resume_pipeline.domain.characters import without_unsound
from resume_pipeline.domain.emphasis import Delimiter, delimiter, leftovers

_SPECIAL = re.compile(r"[\\`*_\[\]<&~$]")
_ATTRIBUTE = r"""\s++[A-Za-z_:][\w.:-]*+(?:\s*+=\s*+(?:[^\s"'=<>`]++|'[^']*+'|"[^"]*+"))?+"""
_PROCESSING = r"<\?(?s:.{0,1000}?)\?>"
_TOKEN = re.compile(
    rf"""
    \\(?P<escaped>[!-/:-@\[-`{{-~\n])
  | (?P<ticks>`+)
  | <(?P<autolink>[A-Za-z][A-Za-z0-9+.\-]{{1,31}}:[^\s<>]*+|[\w.!\#$%&'*+/=?^`{{|}}~-]+@[\w.-]+)>
  | (?P<comment><!--)
  | (?P<tag></?(?:[A-Z][A-Za-z0-9.]*+|[A-Za-z][A-Za-z0-9-]*+)(?:{_ATTRIBUTE})*+\s*+/?>
      |{_PROCESSING}|<![A-Za-z][^>]{{0,500}}>)
  | <!\[CDATA\[(?P<cdata>(?s:.{{0,2000}}?))\]\]>
  | (?P<entity>&(?:\#[xX][0-9a-fA-F]{{1,6}}|\#[0-9]{{1,7}}|[A-Za-z][A-Za-z0-9]{{1,31}});)
  | (?P<footnote>\[\^[^\]\s\[]{{1,200}}\](?!\())
  | (?P<math>\$(?![\s$])[^$\n`]{{1,300}}?(?<![\s\\])\$(?!\d)|\$\$[^$]{{1,2000}}?\$\$)
  | (?P<open>\[)
  | (?P<close>\])
  | (?P<run>\*+|_+|~+)
    """,
    re.VERBOSE,
)
_PLAIN = r"[^\s()\\<]|\\."
_IN_PARENTHESES = rf"\((?:{_PLAIN}|<|\((?:{_PLAIN}|<)*+\))*+\)"
_DESTINATION = rf"(?:<(?:[^<>\n\\]|\\.)*+>|(?:{_PLAIN}|{_IN_PARENTHESES})(?:{_PLAIN}|<|{_IN_PARENTHESES})*+)"
_TITLE = r"""(?:"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|\((?:[^()\\]|\\.)*+\))"""
_TARGET = re.compile(rf"\(\s*+(?:{_DESTINATION}(?:\s++{_TITLE})?+)?+\s*+\)", re.DOTALL)
_LABEL = re.compile(r"\[((?:[^\[\]\\]|\\.){0,999}+)\]", re.DOTALL)
_VERBATIM = {"escaped", "autolink", "math", "cdata"}
_ALT = re.compile(r"""\balt\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_INLINE_TAG = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|ins|kbd|mark|q|s|samp|small|span|strike|strong|sub"
    r"|sup|time|tt|u|var|wbr)\b",
    re.IGNORECASE,
)


def plain_text(markdown: str, references: Container[str] = frozenset(), *, keep_lines: bool = False) -> str:
    """What a reader reads of one run of inline markdown, white space folded (``keep_lines``: within lines only).

    ``references`` are the normalised labels that the document defines (see :func:`normalize_label`).
    """
    text = _Scan(markdown, references).run() if _SPECIAL.search(markdown) else markdown
    if not keep_lines:
        return " ".join(text.split())
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def without_tags(markdown: str) -> str:
    """``markdown`` line for line without its HTML tags, for display; an image's alt text stays, and so does code."""
    return _TagScan(markdown, frozenset()).run() if "<" in markdown else markdown


def normalize_label(label: str) -> str:
    """The form in which two link labels are the same one (as markdown-it keys its references)."""
    return " ".join(label.split()).lower().upper()


@dataclass(slots=True)
class _Bracket:
    """An opening bracket: where its text begins, and how many delimiter runs stand before it."""

    end: int
    image: bool
    runs_before: int
    active: bool = True


@dataclass(slots=True)
class _Scan:
    source: str
    references: Container[str]
    out: list[str] = field(default_factory=list)
    brackets: list[tuple[int, _Bracket]] = field(default_factory=list)
    delimiters: list[tuple[int, Delimiter]] = field(default_factory=list)
    ticks: dict[int, list[int]] | None = None

    def run(self) -> str:
        source, out, position = self.source, self.out, 0
        # Searching for one of a few characters is several times faster than searching for the whole expression.
        while special := _SPECIAL.search(source, position):
            start = special.start()
            out.append(source[position:start])
            match = _TOKEN.match(source, start)
            if match is None:
                out.append(source[start])
                position = start + 1
            else:
                position = self._take(match)
        out.append(source[position:])
        self._settle(0)
        return "".join(out)

    def _settle(self, first: int) -> None:
        """Write down what the delimiter runs from ``first`` on leave as text; they pair with no later one."""
        runs = self.delimiters[first:]
        for (index, _), rest in zip(runs, leftovers([run for _, run in runs]), strict=True):
            self.out[index] = rest
        del self.delimiters[first:]

    def _take(self, match: re.Match[str]) -> int:
        """The position to go on from, after what ``match`` found is written down."""
        kind, out = match.lastgroup or "", self.out
        if kind in _VERBATIM:
            out.append(match[kind])
        elif kind == "run":
            self.delimiters.append((len(out), delimiter(self.source, match.start(), match.end())))
            out.append("")
        elif kind == "open":
            self._open(match)
        elif kind == "close":
            return self._close(match.end())
        elif kind == "ticks":
            return self._code(match)
        elif kind == "tag":
            out.append(_tag_text(match["tag"]))
        elif kind == "entity":
            out.append(without_unsound(unescape(match["entity"])))
        elif kind == "comment":
            return self._comment(match)
        return match.end()

    def _open(self, match: re.Match[str]) -> None:
        image = self.out[-1].endswith("!")
        if image:
            self.out[-1] = self.out[-1][:-1]
        self.brackets.append((len(self.out), _Bracket(match.end(), image, len(self.delimiters))))
        self.out.append("![" if image else "[")

    def _code(self, match: re.Match[str]) -> int:
        """The position after a code span, or after the run of backticks that opens none."""
        if self.ticks is None:
            self.ticks = {}
            for run in re.finditer(r"`+", self.source):
                self.ticks.setdefault(run.end() - run.start(), []).append(run.start())
        length = match.end() - match.start()
        starts = self.ticks.get(length, [])
        following = bisect_right(starts, match.start())
        if following == len(starts):
            self.out.append(match["ticks"])
            return match.end()
        code = self.source[match.end() : starts[following]]
        if code.startswith((" ", "\n")) and code.endswith((" ", "\n")) and code.strip():
            code = code[1:-1]
        self.out.append(code)
        return starts[following] + length

    def _comment(self, match: re.Match[str]) -> int:
        end = self.source.find("-->", match.end() - 2)
        if end < 0:
            self.out.append(match["comment"])
            return match.end()
        return end + 3

    def _close(self, position: int) -> int:
        """The position after the link or image that a closing bracket ends; without one the bracket is text."""
        if not self.brackets:
            self.out.append("]")
            return position
        index, bracket = self.brackets.pop()
        end = self._link_end(bracket, position) if bracket.active or bracket.image else None
        if end is None:
            self.out.append("]")
            return position
        self.out[index] = ""
        self._settle(bracket.runs_before)
        if not bracket.image:
            # CommonMark: a link holds no other link, so the brackets still open around it are text.
            for _, outer in self.brackets:
                if not outer.image:
                    outer.active = False
        return end

    def _link_end(self, bracket: _Bracket, position: int) -> int | None:
        if target := _TARGET.match(self.source, position):
            return target.end()
        if position - bracket.end > 1000:
            return None
        own = self.source[bracket.end : position - 1]
        if label := _LABEL.match(self.source, position):
            named = label[1] if label[1].strip() else own
            return label.end() if normalize_label(named) in self.references else None
        return position if own.strip() and normalize_label(own) in self.references else None


@dataclass(slots=True)
class _TagScan(_Scan):
    """The same pass, leaving everything but tags as it is written."""

    def _take(self, match: re.Match[str]) -> int:
        written, end = match[0], match.end()
        if match["tag"]:
            breaks = "\n" * written.count("\n")
            self.out.append(breaks or _tag_text(written).replace("\n", " "))
            return end
        if match["ticks"]:
            before = len(self.out)
            end = self._code(match)
            del self.out[before:]
            if end == match.end() and len(written) >= 3:
                end = len(self.source)  # a fence that is never closed
        elif written.startswith("~~~"):
            closing = self.source.find(written, end)
            end = closing + len(written) if closing >= 0 else len(self.source)
        self.out.append(self.source[match.start() : end])
        return end


def _tag_text(tag: str) -> str:
    if alt := (tag[:4].lower() == "<img" and _ALT.search(tag)):
        return without_unsound(unescape(alt[1] or alt[2] or ""))
    if _INLINE_TAG.match(tag):
        return ""
    return "\n" if tag[:3].lower() == "<br" else " "
