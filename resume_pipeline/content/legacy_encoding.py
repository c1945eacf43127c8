"""The most likely encoding of text that is no Unicode: Western Europe's if that gives words, else what a library says.

Add an encoding or a better judgement here. Deciding that text is no Unicode is ``content.decode``.
"""

import re

from charset_normalizer import from_bytes

WESTERN = "cp1252"
_SAMPLE_BYTES = 65_536

# What people's older editors wrote. With all of Python's encodings to choose from, a short text is soon taken for one
# of DOS or Macintosh. Thai (cp874) is left out: short Chinese texts in GBK pass for it.
_LATIN = ["cp1252", "cp1250", "iso8859_2", "cp1254", "cp1257"]
_OTHERS = ["cp1251", "koi8_r", "cp866", "cp1253", "iso8859_7", "cp1255", "cp1256"]
_EAST_ASIAN = ["cp932", "euc_jp", "gb18030", "big5", "cp949"]

_LETTER = "A-Za-zŠšŒœŽžŸƒÀ-ÖØ-öø-ÿ"
_ODD_INSIDE_WORD = re.compile(f"[{_LETTER}][¹²³£¥¢±¿¡¶¼½¾¯¸µ¬¦¤¨ŠŒŽŸ][a-z]|[a-zß-ÿ][À-ÖØ-Þ][a-z]")
_PRINTABLE_ASCII = re.compile(rb"[!-~]+")
_HIGH_BYTES = re.compile(rb"[\x80-\xff]+")


def detect_encoding(data: bytes) -> str:
    """The name of a Python codec for ``data``, which holds bytes above 127 that are no UTF-8.

    Judged on at most 64 KB of lines that are not plain ASCII, so that a large file costs no more than a small one.
    """
    sample = _telling_lines(data)
    if not _is_mostly_ascii(sample):
        return _library_guess(sample, [*_LATIN, *_OTHERS, *_EAST_ASIAN])
    return WESTERN if _reads_as_western(sample) else _library_guess(sample, _LATIN)


def _library_guess(sample: bytes, candidates: list[str]) -> str:
    best = from_bytes(sample, cp_isolation=candidates).best()
    return best.encoding if best is not None else WESTERN


def _telling_lines(data: bytes) -> bytes:
    lines: list[bytes] = []
    room = _SAMPLE_BYTES
    for line in data.splitlines(keepends=True):
        high = _HIGH_BYTES.search(line)
        if high is not None:
            start = max(0, high.start() - room // 2)
            lines.append(line[start : start + room])
            room -= len(lines[-1])
            if room <= 0:
                break
    sample = b"".join(lines)
    # A cut may fall into a character of two bytes; back to the last space, where there is one.
    return sample if room > 0 else sample[: sample.rfind(b" ") + 1] or sample


def _is_mostly_ascii(sample: bytes) -> bool:
    """Whether bytes above 127 are few, alone or in pairs, as accented letters are; other scripts write whole words."""
    runs = [len(run) for run in _HIGH_BYTES.findall(sample)]
    ascii_characters = sum(map(len, _PRINTABLE_ASCII.findall(sample)))
    return ascii_characters >= 2 * sum(runs) and sum(runs) <= 2 * len(runs)


def _reads_as_western(sample: bytes) -> bool:
    """Whether in cp1252 no sign or capital stands inside a word, where other encodings have their letters."""
    try:
        text = sample.decode(WESTERN)
    except UnicodeDecodeError:
        return False
    return not _ODD_INSIDE_WORD.search(text)
