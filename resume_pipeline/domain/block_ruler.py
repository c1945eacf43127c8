"""A ruler for markdown-it-py's block parser that tries only the rules a line's first character allows.

The parser asks every rule about every line, and again whether the line ends the paragraph, list or quote above it:
twenty questions a line, of which the first character answers all but three. What a rule accepts is its own matter;
here stands only the character it demands first. A rule without an entry is always asked.
"""

from markdown_it.ruler import Ruler
from markdown_it.rules_block import StateBlock

from resume_pipeline.domain.block_rules import BlockRule

_DIGITS = "0123456789"
_FIRST_CHARACTERS = {
    "fence": "`~",
    "math_block": "$",
    "math_block_label": "$",
    "blockquote": ">",
    "hr": "*-_",
    "list": "*+-" + _DIGITS,
    "footnote_def": "[",
    "reference": "[",
    "html_block": "<",
    "heading": "#",
}
_ONLY_INDENTED = {"code"}
_FIRST_OF_A_DEFINITION = ":~"


class FirstCharacterRuler(Ruler[BlockRule]):
    """The same answers as the ruler it is made from, in a fraction of the calls."""

    def __init__(self, ruler: Ruler[BlockRule]) -> None:
        super().__init__()
        self.__rules__ = list(ruler.__rules__)
        self._dispatchers: dict[str, list[BlockRule]] = {}

    def getRules(self, chainName: str = "") -> list[BlockRule]:  # noqa: N802, N803 (its name in markdown-it-py)
        """One rule that stands for the whole chain."""
        found = self._dispatchers.get(chainName)
        if found is None:
            found = self._dispatchers[chainName] = [self._dispatcher(chainName)]
        return found

    def _dispatcher(self, chain: str) -> BlockRule:
        rules = [rule for rule in self.__rules__ if rule.enabled and (not chain or chain in rule.alt)]
        everything = [rule.fn for rule in rules]
        named = [(rule.name, rule.fn) for rule in rules if rule.name not in _ONLY_INDENTED]
        other = [fn for name, fn in named if _may_match(name, "", chain)]
        characters = {*"".join(_FIRST_CHARACTERS.values()), *_FIRST_OF_A_DEFINITION}
        by_character = {
            character: [fn for name, fn in named if _may_match(name, character, chain)] for character in characters
        }

        def dispatch(state: StateBlock, line: int, end: int, silent: bool) -> bool:
            start = state.bMarks[line] + state.tShift[line]
            if start >= state.eMarks[line] or state.sCount[line] - state.blkIndent >= 4:
                possible = everything
            else:
                possible = by_character.get(state.src[start], other)
            for rule in possible:  # noqa: SIM110 (a generator would cost as much as the rule)
                if rule(state, line, end, silent):
                    return True
            return False

        return dispatch


def _may_match(name: str, character: str, chain: str) -> bool:
    """Whether the rule can accept a line that begins with ``character`` ("" for any that no rule names)."""
    if name == "deflist" and chain:
        # Within a chain it is asked for a definition; at the top for a term, which may begin with anything.
        return bool(character) and character in _FIRST_OF_A_DEFINITION
    wanted = _FIRST_CHARACTERS.get(name)
    return wanted is None or (bool(character) and character in wanted)
