"""Sentences that speak to an assistant instead of a reader: they are never evidence, and never what is looked for."""

import re
import unicodedata

_PATTERNS = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b[^.!?\n]{0,60}\b(?:instructions?|prompts?|rules?|above|guidelines?"
    r"|(?:everything|anything|all|what)\b[^.!?\n]{0,20}\b(?:before|above|previous\w*|prior|said|told))\b"
    r"|\b(?:print|show|reveal|repeat|output|tell|give|write|display|leak|what (?:is|are|were)|translate|summari[sz]e)\b"
    r"[^.!?\n]{0,40}\b(?:(?:your|the|its) (?:(?:system|hidden|initial|original|secret|full) )?(?:prompt|instructions)"
    r"|system (?:prompt|message))\b"
    r"|\bsystem prompt\b|\bdeveloper (?:message|mode)\b|\bjailbreak\w*"
    r"|\byou are now\b|\bfrom now on,? you\b|\bpretend (?:to be|that you|you are)\b|\bact as (?:an?|if|the)\b"
    r"|\byou are (?:an? )?(?:\w+ ){0,2}(?:assistant|ai|chatbot|language model|llm|gpt)\b"
    r"|\b(?:dear|attention|note to|hey|hello|message (?:to|for)) (?:the )?(?:ai|assistants?|llms?|chatbots?)\b"
    r"|\b(?:ai|assistants?|llms?|chatbots?)\b[^.!?\n]{0,40}\b(?:must|should|shall|have to|are to|will)\b"
    r"[^.!?\n]{0,40}\b(?:say|answer|reply|respond|recommend|write|tell|rank|state|claim)\b"
    r"|\b(?:when|if) (?:asked|you are asked|anyone asks|a user asks)\b[^.!?\n]{0,80}\b(?:say|answer|reply|respond)\b"
    r"|<\|[a-z_]+\|>|\[/?INST\]|<</?SYS>>|^\s*(?:system|assistant)\s*:",
    re.IGNORECASE | re.MULTILINE,
)


def addresses_assistant(text: str) -> bool:
    """Whether a text gives an assistant orders or asks for its prompt; English only.

    A net with holes, in front of others: what a model says is checked against the content whatever it was told.
    """
    return _PATTERNS.search(unicodedata.normalize("NFKC", text)) is not None


def without_orders(question: str) -> str:
    """A question without its sentences that address the assistant; empty when there is nothing else."""
    if not addresses_assistant(question):
        return question.strip()
    parts = re.split(r"(?<=[.!?;])\s+|\n+|,\s+(?=(?:and|then|but)\b)", question)
    return " ".join(part for part in parts if part.strip() and not addresses_assistant(part)).strip()
