"""What a chunk may hold, where it is cut, and what an edit changes."""

import random
import re

import pytest

from resume_pipeline.domain.chunking import chunk_document
from resume_pipeline.domain.documents import Chunk, ChunkLimits, TokenCounter
from resume_pipeline.domain.hashing import chunk_id
from resume_pipeline.domain.markdown import parse_document

WORDS = [
    line.split()[0]
    for line in re.sub(r"\W+", "\n", (__doc__ or "") + ChunkLimits.__doc__ + Chunk.__doc__).split("\n")
    if line
]


def chunks_of(text: str, count_tokens: TokenCounter, **limits: int) -> list[Chunk]:
    return chunk_document(
        parse_document(text, fallback_title="File name"), limits=ChunkLimits(**limits), count_tokens=count_tokens
    )


def prose(words: int, seed: int = 0) -> str:
    choose = random.Random(seed)
    return " ".join(choose.choice(WORDS) + ("." if index % 12 == 11 else "") for index in range(words)) + "."


def folded(text: str) -> str:
    return " ".join(text.split())


def test_a_short_section_is_one_chunk_with_its_heading_line(count_tokens):
    (chunk,) = chunks_of("# Acme\n\nI led the **storage** team.\n", count_tokens)

    assert chunk.content == "# Acme\n\nI led the **storage** team."
    assert chunk.embedding_input == "Acme\nI led the storage team."
    assert chunk.heading_path == ("Acme",)
    assert (chunk.start_line, chunk.end_line) == (1, 3)


def test_the_embedding_input_is_title_then_heading_path_then_plain_text(count_tokens):
    text = "---\ntitle: Résumé\n---\n# Work\n\n## Acme\n\nBuilt *things*.\n"

    (chunk,) = chunks_of(text, count_tokens)

    assert chunk.embedding_input == "Résumé\nWork > Acme\nBuilt things."


def test_front_matter_makes_a_facts_chunk_before_the_body(count_tokens):
    text = "---\ntitle: Acme\nrole: Engineer\ncompany: Acme GmbH\nstart: 2019-03\n---\nText.\n"

    facts, body = chunks_of(text, count_tokens)

    assert facts.kind == "facts"
    assert facts.content.startswith("Title: Acme.\nRole: Engineer at Acme GmbH.")
    assert "March 2019 to present" in facts.embedding_input
    assert (facts.start_line, facts.end_line) == (1, 6)
    assert (body.kind, body.chunk_index, body.start_line) == ("body", 1, 7)


def test_a_chunk_never_begins_in_one_top_level_section_and_ends_in_another(count_tokens):
    text = "\n\n".join(["# Title", *(f"## Part {index}\n\n{prose(30, index)}" for index in range(8))])

    chunks = chunks_of(text, count_tokens)

    assert len(chunks) == 8
    assert all(chunk.content.count("## Part") == 1 for chunk in chunks)


def test_small_subsections_share_a_chunk(count_tokens):
    text = "\n\n".join(["# Title", "## Part", *(f"### Item {index}\n\n{prose(15, index)}" for index in range(4))])

    (chunk,) = chunks_of(text, count_tokens)

    assert chunk.heading_path == ("Title", "Part")


def test_a_heading_is_never_left_alone_at_the_end_of_a_chunk(count_tokens):
    text = "\n\n".join(f"### Heading {index}\n\n{prose(40 + 37 * (index % 5), index)}" for index in range(60))

    for chunk in chunks_of(text, count_tokens):
        assert not chunk.content.rsplit("\n\n", 1)[-1].startswith("#")


def test_a_long_fence_is_cut_between_lines_and_every_piece_is_fenced(count_tokens):
    lines = [f"value_{index} = compute({index})" for index in range(200)]
    text = "# Code\n\n```python\n" + "\n".join(lines) + "\n```\n"

    chunks = [chunk for chunk in chunks_of(text, count_tokens) if "compute" in chunk.content]

    assert len(chunks) > 3
    for chunk in chunks:
        fenced = chunk.content.removeprefix("# Code\n\n")
        assert fenced.startswith("```python\n")
        assert fenced.endswith("\n```")
    found = [line for chunk in chunks for line in chunk.content.split("\n") if line.startswith("value_")]
    assert found == lines


def test_a_long_table_is_cut_between_rows_and_every_piece_has_the_head(count_tokens):
    rows = [f"| name {index} | the value of {index} |" for index in range(150)]
    text = "| Name | Value |\n|------|-------|\n" + "\n".join(rows) + "\n"

    chunks = chunks_of(text, count_tokens)

    assert len(chunks) > 3
    assert all(chunk.content.startswith("| Name | Value |\n|------|-------|\n| name") for chunk in chunks)
    assert all("Name | Value\n" in chunk.embedding_input for chunk in chunks)
    assert [line for chunk in chunks for line in chunk.content.split("\n")[2:]] == rows


def test_a_long_list_is_cut_between_items(count_tokens):
    items = [f"- {prose(20, index)}" for index in range(60)]

    chunks = chunks_of("\n".join(items), count_tokens)

    assert [line for chunk in chunks for line in chunk.content.split("\n")] == items


def test_a_long_paragraph_is_cut_between_sentences(count_tokens):
    chunks = chunks_of(prose(3000), count_tokens)

    assert len(chunks) > 5
    assert all(chunk.content.endswith(".") for chunk in chunks)


@pytest.mark.parametrize(
    "text", ["統合開発環境を用いた" * 900, "ภาษาไทยเป็นภาษาที่" * 900, "👩‍👩‍👧‍👦" * 900, "x" * 20_000, "e\u0301" * 9_000]
)
def test_text_without_spaces_keeps_the_maximum_and_loses_nothing(text, count_tokens):
    chunks = chunks_of(text, count_tokens)

    assert "".join(chunk.content for chunk in chunks) == text
    assert all(max(chunk.tokens, chunk.input_tokens) <= 500 for chunk in chunks)
    assert not any(chunk.content.startswith(("\u0301", "\u200d", "ั", "ี", "ุ")) for chunk in chunks)


def test_an_absurdly_long_heading_does_not_push_the_input_over_the_maximum(count_tokens):
    text = f"---\ntitle: {prose(400)}\n---\n# {prose(900, 1)}\n\n## {prose(700, 2)}\n\n{prose(900, 3)}\n"

    chunks = chunks_of(text, count_tokens)

    assert all(max(chunk.tokens, chunk.input_tokens) <= 500 for chunk in chunks)


def test_overlap_repeats_the_end_of_the_chunk_before_only_within_a_section(count_tokens):
    text = f"# Title\n\n## One\n\n{prose(900)}\n\n## Two\n\nShort.\n"

    plain = chunks_of(text, count_tokens)
    lapped = chunks_of(text, count_tokens, overlap_tokens=60)

    assert all(max(chunk.tokens, chunk.input_tokens) <= 500 for chunk in lapped)
    assert sum(chunk.tokens for chunk in lapped) > sum(chunk.tokens for chunk in plain)
    assert lapped[-1].content == "## Two\n\nShort."
    before, after = lapped[0], lapped[1]
    assert after.content.split("\n\n")[0] in folded(before.content)


def test_every_chunk_stands_in_the_file_at_its_lines(count_tokens):
    blocks = [
        f"## Part {part}\n\n" + "\n\n".join(prose(60, part * 10 + index) for index in range(7)) for part in range(6)
    ]
    text = "# Title\n\n" + "\n\n".join(blocks) + "\n"
    lines = text.split("\n")

    for chunk in chunks_of(text, count_tokens):
        assert folded(chunk.content) in folded("\n".join(lines[chunk.start_line - 1 : chunk.end_line]))


def test_long_prose_makes_chunks_near_the_target_and_hardly_a_tiny_one(count_tokens):
    text = "\n\n".join(prose(20 + (index * 37) % 90, index) for index in range(900))

    tokens = [chunk.tokens for chunk in chunks_of(text, count_tokens)]

    assert 200 <= sum(tokens) / len(tokens) <= 300
    assert sum(count < 50 for count in tokens) / len(tokens) < 0.02


def test_the_numbers_of_a_chunk_are_those_of_its_texts(count_tokens):
    for index, chunk in enumerate(chunks_of(f"# Title\n\n{prose(2000)}", count_tokens)):
        assert chunk.chunk_index == index
        assert chunk.tokens == count_tokens(chunk.content)
        assert chunk.input_tokens == count_tokens(chunk.embedding_input)


def long_document(seed: int, *, headings: bool) -> list[str]:
    choose = random.Random(seed)
    blocks = ["# Title"]
    for index in range(420):
        if headings and index % 11 == 0:
            blocks.append(f"## Section {index}: {prose(3, seed + index)}")
        blocks.append(prose(choose.randint(15, 150), seed * 1000 + index))
    return blocks


def ids(blocks: list[str], count_tokens: TokenCounter) -> set[object]:
    return {chunk_id(chunk) for chunk in chunks_of("\n\n".join(blocks), count_tokens)}


def edited(blocks: list[str], kind: str, choose: random.Random) -> list[str]:
    place = choose.choice([index for index, block in enumerate(blocks) if not block.startswith("#")])
    sentences = blocks[place].split(". ")
    match kind:
        case "a word changed":
            sentences[-1] = f"{sentences[-1]} edited"
        case "a sentence added":
            sentences.append(prose(9, choose.randrange(10**6)))
        case "a sentence taken away":
            sentences = sentences[:-1] or ["Gone."]
        case "a paragraph rewritten":
            sentences = [prose(choose.randint(15, 150), choose.randrange(10**6))]
        case "a paragraph added":
            return [*blocks[:place], prose(choose.randint(15, 150), choose.randrange(10**6)), *blocks[place:]]
        case "a paragraph taken away":
            return [*blocks[:place], *blocks[place + 1 :]]
    return [*blocks[:place], ". ".join(sentences), *blocks[place + 1 :]]


@pytest.mark.parametrize("headings", [True, False], ids=["with headings", "one giant section"])
@pytest.mark.parametrize("kind", ["a word changed", "a sentence added", "a sentence taken away"])
def test_an_edit_within_a_paragraph_makes_at_most_two_new_chunks(kind, headings, count_tokens):
    choose = random.Random(kind)
    blocks = long_document(1, headings=headings)
    before = ids(blocks, count_tokens)

    new = [len(ids(edited(blocks, kind, choose), count_tokens) - before) for _ in range(12)]

    assert len(before) > 90
    assert max(new) <= 2


@pytest.mark.parametrize("headings", [True, False], ids=["with headings", "one giant section"])
@pytest.mark.parametrize("kind", ["a paragraph rewritten", "a paragraph added", "a paragraph taken away"])
def test_a_whole_paragraph_changed_hardly_ever_makes_more_than_two_new_chunks(kind, headings, count_tokens):
    choose = random.Random(kind)
    blocks = long_document(2, headings=headings)
    before = ids(blocks, count_tokens)

    new = [len(ids(edited(blocks, kind, choose), count_tokens) - before) for _ in range(12)]

    assert sum(count > 2 for count in new) <= 1
    assert max(new) <= 4
