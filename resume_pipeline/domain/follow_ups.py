"""What a question in a conversation looks for: a short or pronominal follow-up takes the words of the one before."""

import re
from collections.abc import Sequence

from resume_pipeline.domain.answers import Turn
from resume_pipeline.domain.stop_words import STOP_WORDS

SHORT_WORDS = 2
"""Content words up to which a question is taken for a follow-up."""
_OPENER = re.compile(
    r"\s*(?:and|but|or|so|also|what about|how about|what else|anything else|why|when|since when)\b", re.I
)
# "She" and "he" are the person that the content is about; "it" and "there" are something said before.
_BACK = re.compile(r"\b(?:it|its|that|this|those|these|there|then|they|them|their|one|ones|more|else|same)\b", re.I)
_WORD = re.compile(r"[^\W_][\w'+#.-]*[\w+#]|\w")


def search_question(question: str, history: Sequence[Turn]) -> str:
    """The question to search for: the question, with the content words of the last one when it goes on from there."""
    if not history or not is_follow_up(question):
        return question
    said = {word.casefold() for word in _WORD.findall(question)}
    before = [
        word
        for word in _WORD.findall(history[-1].question)
        if word.casefold() not in STOP_WORDS and word.casefold() not in said
    ]
    return " ".join([question, *dict.fromkeys(before)])


def is_follow_up(question: str) -> bool:
    """Whether a question can hardly be understood without the one before."""
    content = [word for word in _WORD.findall(question) if word.casefold() not in STOP_WORDS]
    opened = bool(_OPENER.match(question)) and len(content) <= 4
    return opened or len(content) <= SHORT_WORDS or (bool(_BACK.search(question)) and len(content) <= 6)
