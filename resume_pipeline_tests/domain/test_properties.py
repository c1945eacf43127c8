"""What holds for any text: no crash, limits, no text lost, and lines that are true."""

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resume_pipeline.domain.chunking import chunk_document
from resume_pipeline.domain.documents import ChunkLimits, ParsedDocument
from resume_pipeline.domain.front_matter import split_front_matter
from resume_pipeline.domain.inline import plain_text
from resume_pipeline.domain.markdown import parse_document
from resume_pipeline.domain.markup import strip_unseen
from resume_pipeline.domain.text_cutting import cut_lines, cut_text

EXAMPLES = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

MARKUP = st.sampled_from(
    """<!-- --> <script> </script> {{< >}} {{ }} {% %} ``` ~~~ ` `` --- +++ *** ** _ ~~ [ ]( ) ![ ](u) [a] === > | \\
    |-|-| $$ $ <div> </div> <A·b={c}> { } [^1] [^1]:· :·def &amp; word Wörter. 日本語 ภาษา 👩‍👩 -· 1.· #· ##· [a]:·b
    a:·b title:·x |·a·|·b·| import·x·from·'y' export·const·a·=·{ ¶ ¶¶ ¶ ¶¶ · ···· ⇥""".replace(" ", "\0")
    .translate({ord("\n"): "\0", ord("·"): " ", ord("¶"): "\n", ord("⇥"): "\t"})
    .strip("\0")
    .split("\0")
)
HOSTILE = st.lists(st.one_of(MARKUP, MARKUP, st.text(max_size=8)), max_size=40).map("".join)

WORD = st.text(alphabet="abcdefghijklmnopqrstuvwxyzäé", min_size=1, max_size=9)
SENTENCE = st.lists(WORD, min_size=1, max_size=25).map(lambda words: " ".join(words).capitalize() + ".")
PARAGRAPH = st.lists(SENTENCE, min_size=1, max_size=6).map(" ".join)
BLOCK = st.one_of(
    PARAGRAPH,
    PARAGRAPH,
    st.tuples(st.integers(1, 6), WORD).map(lambda heading: "#" * heading[0] + " " + heading[1]),
    st.lists(SENTENCE, min_size=1, max_size=12).map(lambda items: "\n".join("- " + item for item in items)),
    st.lists(SENTENCE, min_size=1, max_size=12).map(lambda lines: "```text\n" + "\n".join(lines) + "\n```"),
    st.lists(SENTENCE, min_size=1, max_size=12).map(
        lambda rows: "| head | end |\n|---|---|\n" + "\n".join(f"| {row} | x |" for row in rows)
    ),
    st.lists(SENTENCE, min_size=1, max_size=4).map(lambda lines: "> " + "\n> ".join(lines)),
)
DOCUMENT = st.lists(BLOCK, min_size=1, max_size=14).map("\n\n".join)
LIMITS = st.sampled_from(
    [ChunkLimits(), ChunkLimits(60, 90), ChunkLimits(16, 16), ChunkLimits(40, 70, 15), ChunkLimits(300, 500, 60)]
)


def folded(text: str) -> str:
    return " ".join(text.split())


def blocks_of(document: ParsedDocument):
    return [block for section in document.sections for block in section.blocks]


@EXAMPLES
@given(text=HOSTILE, limits=LIMITS)
def test_any_text_is_read_and_cut_within_the_limits(text, limits, count_tokens):
    document = parse_document(text, fallback_title="File name")

    for chunk in chunk_document(document, limits=limits, count_tokens=count_tokens):
        assert chunk.content.strip()
        assert chunk.tokens == count_tokens(chunk.content) <= limits.max_tokens
        assert chunk.input_tokens == count_tokens(chunk.embedding_input) <= limits.max_tokens
        assert 1 <= chunk.start_line <= chunk.end_line <= text.count("\n") + 1


@EXAMPLES
@given(text=HOSTILE, limits=LIMITS)
def test_every_word_of_every_block_is_in_some_chunk(text, limits, count_tokens):
    document = parse_document(text, fallback_title="File name")
    chunks = chunk_document(document, limits=limits, count_tokens=count_tokens)
    texts = [chunk.content for chunk in chunks] + [chunk.embedding_input for chunk in chunks]
    everything = re.sub(r"\s", "", "".join(texts))

    for block in blocks_of(document):
        for word in re.findall(r"[a-zA-Zäöü]{3,12}", block.text):
            assert word in everything


@EXAMPLES
@given(text=DOCUMENT, limits=LIMITS)
def test_every_line_of_a_chunk_stands_in_the_file_at_its_lines(text, limits, count_tokens):
    document = parse_document(text, fallback_title="File name")
    lines = text.split("\n")
    repeated = {"```text", "```", "| head | end |", "|---|---|"}

    for chunk in chunk_document(document, limits=limits, count_tokens=count_tokens):
        at_its_lines = folded("\n".join(lines[chunk.start_line - 1 : chunk.end_line]))
        for line in chunk.content.split("\n") if not limits.overlap_tokens else ():
            assert line in repeated or folded(line) in at_its_lines


@EXAMPLES
@given(text=DOCUMENT)
def test_chunks_hold_every_sentence_once_and_in_order(text, count_tokens):
    document = parse_document(text, fallback_title="File name")
    chunks = chunk_document(document, limits=ChunkLimits(60, 90), count_tokens=count_tokens)
    bare = re.compile(r"```(?:text)?|\| head \| end \||\|---\|---\||\s")

    assert bare.sub("", "".join(chunk.content for chunk in chunks)) == bare.sub("", text)


@EXAMPLES
@given(text=HOSTILE)
def test_what_no_reader_sees_goes_without_moving_a_line(text):
    readable = strip_unseen(text)

    assert readable.text.count("\n") == text.count("\n")
    assert all(1 <= (problem.line or 0) <= text.count("\n") + 1 for problem in readable.problems)


@EXAMPLES
@given(text=st.sampled_from(["---\n", "+++\n", "{"]).flatmap(lambda opening: HOSTILE.map(lambda rest: opening + rest)))
def test_front_matter_never_costs_the_body(text):
    front = split_front_matter(text)
    lines = text.split("\n")

    assert front.body == "\n".join(lines[front.body_start_line - 1 :])
    assert all(1 <= (problem.line or 0) <= len(lines) for problem in front.problems)


@EXAMPLES
@given(text=HOSTILE)
def test_plain_text_is_folded_and_never_raises(text):
    assert plain_text(text) == folded(plain_text(text))


@EXAMPLES
@given(text=st.one_of(HOSTILE, st.text(max_size=400)), tokens=st.integers(8, 60))
def test_cut_pieces_are_the_text(text, tokens, count_tokens):
    for cut in (cut_text, cut_lines):
        pieces = list(cut(text, max_tokens=tokens, count_tokens=count_tokens))

        assert "".join(pieces) == text
        assert all(count_tokens(piece) <= tokens for piece in pieces)
