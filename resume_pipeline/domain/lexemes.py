"""Text as the lexical index should see it: the same function prepares chunks and questions.

Postgres' parser makes ``c`` of C++, C# and C, one token of ``AWS/GCP``, and one of a whole Chinese sentence. Add a
rule here when a word of the field is lost that way; the dictionary and the ranking are ``storage``'s.
"""

import re
import unicodedata

NAMES = (
    (re.compile(r"(?<![\w+#])([cC])\+\+(?!\+)"), r"\1plusplus"),
    (re.compile(r"(?<![\w+#])([cCfFjJ])#(?![\w#])"), r"\1sharp"),
    (re.compile(r"(?<![\w.])\.(?:NET|Net|net)(?!\w)"), "dotnet"),
)
"""Names of languages and platforms whose signs the parser would drop, and a word in their place."""

BETWEEN_WORDS = re.compile(r"(?<=\w)[/_](?=\w)")

# Scripts written without spaces: Thai, Lao, Burmese, Khmer, kana, Bopomofo, CJK ideographs and their extensions.
UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3100-\u312f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    r"\U00020000-\U0003ffff]+"
)
LETTERS_WITHOUT_DECOMPOSITION = str.maketrans("łŁøØđĐħĦıŧŦ", "lLoOdDhHitT")


def searchable(text: str) -> str:
    """The text with names spelled out, slashes opened, accents off, and unspaced scripts as overlapping pairs.

    Pairs of characters need no dictionary and find every word of two or more characters, at about the recall of a
    word segmenter for Chinese and Japanese (Nie, Gao, Zhang and Zhou 2000, "On the use of words and n-grams").
    """
    for pattern, replacement in NAMES:
        text = pattern.sub(replacement, text)
    text = BETWEEN_WORDS.sub(" ", text)
    if text.isascii():
        return text
    return UNSPACED.sub(_pairs, _without_accents(text))


def _pairs(match: re.Match[str]) -> str:
    run = match[0]
    pairs = [run] if len(run) == 1 else [run[place : place + 2] for place in range(len(run) - 1)]
    return f" {' '.join(pairs)} "


def _without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.translate(LETTERS_WITHOUT_DECOMPOSITION))
    # U+0300-036F are the marks of Latin, Greek and Cyrillic; those of other scripts are part of their words.
    kept = "".join(character for character in decomposed if not "\u0300" <= character <= "\u036f")
    return unicodedata.normalize("NFKC", kept)
