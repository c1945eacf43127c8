"""From a file's bytes to sound text: which encoding, whether it is text at all, and what was wrong with the bytes.

Add here what is decided from bytes. Guessing an older encoding is ``content.legacy_encoding``, unsound characters are
``domain.characters``; markup, front matter and words are ``domain``'s too.
"""

import codecs
import re
from dataclasses import dataclass

from resume_pipeline.content.legacy_encoding import detect_encoding
from resume_pipeline.domain.characters import REPLACEMENT, line_of, sound_text
from resume_pipeline.domain.documents import Problem

# The longer marks first: UTF-32 in little endian begins with the mark of UTF-16.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NOT_UTF8 = re.compile("[\udc80-\udcff]+")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_ASCII_BYTES = bytes(range(128))
_CONTROL_BYTES = bytes([*range(7), *range(14, 27), *range(28, 32), 127])
_NOT_TEXT = Problem(
    "error", "It is not text, although its name says so. If it is UTF-16 without a byte order mark, save it as UTF-8."
)
_WRONG_MARK = "It begins with the mark of UTF-16 but is plain ASCII; the mark was left out. Save it as UTF-8."
_ANYTHING = re.compile("")


@dataclass(frozen=True, slots=True)
class DecodedText:
    """Sound text, how its bytes were read, and what a person should know. An ``error`` comes with an empty text."""

    text: str
    encoding: str
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Raw:
    """Text as the bytes say it, and what had to be assumed about it; ``shown_by`` finds the first line of that."""

    text: str
    encoding: str
    doubt: str = ""
    shown_by: re.Pattern[str] = _NOT_ASCII


def decode(data: bytes) -> DecodedText:
    r"""The text of a file: NFC, ``\n`` line ends, no character that harms. Never raises; linear in the size.

    UTF-8 with or without a byte order mark, UTF-16 and UTF-32 with one; damaged UTF-8 with U+FFFD for what is broken;
    else the most likely older encoding. Everything but sound Unicode comes with a warning; what is no text, an error.
    """
    raw = _decode_bytes(data)
    if raw is None:
        return DecodedText("", "binary", (_NOT_TEXT,))
    text = raw.text.replace("\r\n", "\n").replace("\r", "\n")
    doubts = [Problem("warning", raw.doubt, _first_line(raw.shown_by, text))] if raw.doubt else []
    text, warnings = sound_text(text)
    return DecodedText(text, raw.encoding, (*doubts, *warnings))


def _decode_bytes(data: bytes) -> _Raw | None:
    """None: not text."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            if encoding != "utf-8" and len(data) > 40 and _is_ascii_text(data[len(mark) :]):
                return _Raw(data[len(mark) :].decode("ascii"), "utf-8", _WRONG_MARK, _ANYTHING)
            return _decode_unicode(data[len(mark) :], encoding)
    return _decode_unicode(data, "utf-8")


def _decode_unicode(data: bytes, encoding: str) -> _Raw | None:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return _decode_damaged_utf8(data) if encoding == "utf-8" else _decode_damaged_wide(data, encoding)
    return None if _too_many(text.count("\x00"), len(text), 0.1) else _Raw(text, encoding)


def _decode_damaged_wide(data: bytes, encoding: str) -> _Raw | None:
    text = data.decode(encoding, "replace")
    broken = text.count(REPLACEMENT)
    if _too_many(broken + text.count("\x00"), len(text), 0.02):
        return None
    return _Raw(text, encoding, _damage(broken, encoding), re.compile(REPLACEMENT))


def _decode_damaged_utf8(data: bytes) -> _Raw | None:
    """Bytes that are no UTF-8: with more sound than broken sequences it was meant to be; else it is something older."""
    controls = len(data) - len(data.translate(None, _CONTROL_BYTES))
    if _too_many(controls, len(data), 0.02):
        return None
    text = data.decode("utf-8", "surrogateescape")
    broken = sum(map(len, _NOT_UTF8.findall(text)))
    ascii_characters = len(data) - len(data.translate(None, _ASCII_BYTES))
    sound = len(text) - ascii_characters - broken
    if sound >= broken:
        repaired = _NOT_UTF8.sub(REPLACEMENT, text)
        return _Raw(repaired, "utf-8", _damage(broken, "utf-8"), re.compile(REPLACEMENT))
    encoding = detect_encoding(data)
    doubt = f"It is not UTF-8 and was read as {encoding}, which is a guess. Save it as UTF-8."
    return _Raw(data.decode(encoding, "replace"), encoding, doubt)


def _is_ascii_text(data: bytes) -> bool:
    """Whether these are ASCII letters and no UTF-16, in which ASCII has NUL bytes and other scripts have high ones."""
    return b"\x00" not in data and data.isascii()


def _damage(broken: int, encoding: str) -> str:
    return f"{broken:,} bytes or more are no {encoding} and were replaced by U+FFFD. Correct them and save as UTF-8."


def _too_many(unlikely: int, length: int, share: float) -> bool:
    """Whether so many characters that do not occur in text mean that it is none; a few never do."""
    return unlikely > 4 and unlikely > share * length


def _first_line(pattern: re.Pattern[str], text: str) -> int | None:
    match = pattern.search(text)
    return line_of(text, match.start()) if match else None
