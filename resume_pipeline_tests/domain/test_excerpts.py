"""Small to big: which chunks join a hit, that lines span, and that what was repeated stands once."""

from resume_pipeline.domain.chunking import chunk_document
from resume_pipeline.domain.documents import ChunkLimits
from resume_pipeline.domain.excerpts import Piece, grow
from resume_pipeline.domain.markdown import parse_document
from resume_pipeline.embedding.tokens import load_token_counter
from resume_pipeline_tests.pipeline import long_text


def piece(index: int, *, document: int = 1, path: tuple[str, ...] = ("A",), kind: str = "body", tokens: int = 100):
    return Piece(document, index, kind, path, index * 10 + 1, index * 10 + 9, f"text {index}", tokens)


def library(*pieces: Piece):
    """A way to load pieces that remembers what it was asked for."""
    asked: list[list[tuple[int, int]]] = []

    def load(places):
        asked.append(list(places))
        return {one.place: one for one in pieces if one.place in places}

    return load, asked


def test_a_hit_grows_by_its_neighbours_and_the_lines_span_them():
    load, asked = library(*(piece(index) for index in range(6)))

    [excerpt] = grow([piece(3)], load)

    assert asked == [[(1, 2), (1, 4)]]
    assert (excerpt.first_index, excerpt.last_index) == (2, 4)
    assert (excerpt.start_line, excerpt.end_line) == (21, 49)
    assert excerpt.content == "text 2\n\ntext 3\n\ntext 4"


def test_another_section_facts_and_the_end_of_a_document_stop_it():
    load, _ = library(piece(0, kind="facts", path=()), piece(1), piece(2, path=("A", "B")))

    [excerpt] = grow([piece(1)], load)
    [facts] = grow([piece(0, kind="facts", path=())], load)

    assert (excerpt.first_index, excerpt.last_index) == (1, 1)
    assert (facts.first_index, facts.last_index) == (0, 0)


def test_hits_that_touch_share_an_excerpt_at_the_place_of_the_better_one():
    load, asked = library(*(piece(index) for index in range(9)), *(piece(index, document=2) for index in range(3)))

    first, second = grow([piece(5), piece(1, document=2), piece(7)], load)

    assert (first.document, first.first_index, first.last_index, first.hits) == (1, 4, 8, (0, 2))
    assert (second.document, second.first_index, second.last_index, second.hits) == (2, 0, 2, (1,))
    assert len(asked) == 1


def test_an_excerpt_keeps_to_its_tokens_and_takes_what_follows_first():
    load, _ = library(*(piece(index) for index in range(6)))

    [two] = grow([piece(3)], load, max_tokens=200)
    [one] = grow([piece(3)], load, max_tokens=50)

    assert (two.first_index, two.last_index) == (3, 4)
    assert (one.first_index, one.last_index) == (3, 3)


def test_a_piece_is_in_one_excerpt_only_when_the_tokens_part_two_hits():
    load, _ = library(*(piece(index) for index in range(9)))

    found = grow([piece(3), piece(5)], load, max_tokens=300)

    assert [(one.first_index, one.last_index) for one in found] == [(2, 4), (5, 6)]


def test_the_overlap_of_real_chunks_stands_once_and_nothing_is_lost():
    document = parse_document(f"# Title\n\n{long_text(12)}\n", fallback_title="title")
    chunks = chunk_document(document, limits=ChunkLimits(150, 250, 40), count_tokens=load_token_counter())
    pieces = [
        Piece(1, chunk.chunk_index, chunk.kind, ("A",), chunk.start_line, chunk.end_line, chunk.content, chunk.tokens)
        for chunk in chunks
    ]
    assert len(pieces) > 3
    assert len("".join(one.content for one in pieces)) > len(long_text(12)) * 1.1

    load, _ = library(*pieces)
    [whole] = grow([pieces[0]], load, reach=len(pieces), max_tokens=100_000)

    assert "".join(whole.content.split()) == "".join(f"# Title\n\n{long_text(12)}".split())
