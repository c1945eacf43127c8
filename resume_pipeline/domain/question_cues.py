"""What kind of thing a question asks for, and the words by which a passage shows that it has one.

A date for "when", a number for "how many", "because" for "why". A cue that is met says little alone; it is one
feature of ``domain.evidence``. English only; a question in another language has no cues.
"""

import re

_PAIRS = (
    (r"\bwho\b.*\b(sang|sings?|sung|song)\b", r"\b(sung|recorded|performed|sings?|sang|vocals?|singer|band|song by)\b"),
    (r"\bwho\b.*\b(wrote|writes|written|author)\b", r"\b(written|wrote|author|writer|composed|novel by|book by)\b"),
    (
        r"\bwho\b.*\b(plays?|played|stars?|starred|voice|voiced|actor|actress)\b|\bcast\b",
        r"\b(played|portrayed|plays|actor|actress|starring|stars|voiced|cast|role)\b",
    ),
    (
        r"\bwho\b.*\b(invented|discovered|founded|created|built|made|started|began|established)\b",
        r"\b(invented|discovered|founded|created|built|made|started|began|established|developed|inventor|founder)\b",
    ),
    (
        r"\b(meaning|mean|means|stands? for|definition|defined?)\b",
        r"\b(means?|meaning|refers?|defined|describes?|stands? for|interpreted|symboli[sz]es?|is an?|about|called)\b",
    ),
    (
        r"\b(comes? from|origin|originated?|get (its|their|his|her) name|named|start)\b",
        r"\b(origin|originat\w+|derive[sd]?|coined|named?|first|from)\b",
    ),
    (
        r"\b(why|cause[sd]?|reasons?|led to)\b",
        r"\b(because|due to|cause[sd]?|reasons?|result\w*|led to|since|therefore|so that|in order|as a consequence)\b",
    ),
    (
        r"\b(purpose|role|function|used for|use of|point of|goal)\b",
        r"\b(purpose|role|function|used|serves?|designed|intended|in order to|responsible|allow\w*|goal|aim\w*)\b",
    ),
    (r"\bwhere\b", r"\b(in|at|from|near|located|on)\b (the )?(?-i:[A-Z])|\blocated\b|\blocation\b|found in"),
    (
        r"\bhow (many|much|long|old|far|tall|big|often|high|fast|hot)\b"
        r"|\b(number|price|cost|age|percent\w*) of\b|\bprice\b|\brating\b",
        r"\b\d[\d,.]*\b",
    ),
    (
        r"\b(when|what (year|date|day|time)|which year)\b",
        r"\b(1[0-9]{3}|20[0-9]{2})\b|\b(January|February|March|April|(?-i:May)|June|July|August|September|October"
        r"|November|December)\b",
    ),
    (
        r"\b(difference|different|differentiate|versus|vs|compare|distinguish)\b",
        r"\b(differ\w*|whereas|while|unlike|however|contrast|compared|distinct\w*|rather than|not)\b",
    ),
    (
        r"\b(happen(s|ed)?|ends?|dies?)\b",
        r"\b(die[sd]?|dead|death|kill\w*|end\w*|happen\w*|later|finale|eventually|after)\b",
    ),
    (
        r"\b(types?|kinds?|forms?|components?|parts?|examples?)\b",
        r"\b(types?|kinds?|forms?|components?|parts?|such as|includ\w+|consist\w*|examples?)\b",
    ),
)
_CUES = tuple((re.compile(asked, re.IGNORECASE), re.compile(shown, re.IGNORECASE)) for asked, shown in _PAIRS)


def cues_met(question: str, passage: str) -> int:
    """How many of the things that a question asks for the passage has the words of."""
    return sum(1 for asked, shown in _CUES if asked.search(question) and shown.search(passage))


def meets_a_cue(question: str, sentence: str) -> bool:
    """Whether a sentence has the words of something that the question asks for."""
    return cues_met(question, sentence) > 0
