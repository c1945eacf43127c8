"""The lexical index gives BM25's scores, whatever segments it is in and whichever lexemes are looked up or walked."""

import math
import random
from collections import Counter, defaultdict

import pytest
from sqlalchemy import text

from resume_pipeline.domain.lexemes import searchable
from resume_pipeline.errors import ConfigurationError
from resume_pipeline.ingestion import lexical_index
from resume_pipeline.ingestion.lexical_index import MERGED_AT, build_lexical_index, due_for_merging
from resume_pipeline.ingestion.writing import writing
from resume_pipeline.storage import lexical_statement
from resume_pipeline.storage.asked import asked_lexemes
from resume_pipeline.storage.lexical_statement import CERTAIN
from resume_pipeline.storage.lexicon import read_statistics
from resume_pipeline.storage.narrowing import narrow
from resume_pipeline.storage.search import Wanted, find_candidates
from resume_pipeline.storage.segments import HEADER_WEIGHT, K1, B, Segment, list_segments
from resume_pipeline.storage.visibility import SearchScope
from resume_pipeline_tests.pipeline import Pipeline

WORDS = [f"word{number}" for number in range(60)]


def write_notes(pipeline: Pipeline, count: int, *, start: int = 0, words: int = 40) -> None:
    """Notes of Zipf-distributed words, so that some lexemes are in nearly all of them and some in few."""
    for number in range(start, start + count):
        chance = random.Random(number)
        chosen = [WORDS[min(len(WORDS) - 1, int(chance.paretovariate(0.7)) - 1)] for _ in range(words)]
        pipeline.write(f"note-{number:03}.md", f"# Note {chosen[0]}\n\n{' '.join(chosen)}.\n")


def scores(pipeline: Pipeline, question: str, count: int = 1000) -> dict[str, float]:
    """What the search statement gives, by chunk id as text."""
    with pipeline.sessions() as session:
        statistics = read_statistics(session)
        asked = asked_lexemes(session, question, statistics)
        narrowing = narrow(session, SearchScope(pipeline.embedder.name, None), statistics=statistics)
        found = find_candidates(session, Wanted(narrowing, count, asked=asked)).lexical
    return {str(chunk_id): score for chunk_id, score in found.items()}


def bm25(pipeline: Pipeline, question: str) -> dict[str, float]:
    """The formula, worked out in Python from the lexemes that Postgres makes of each chunk."""
    rows = pipeline.rows(
        "SELECT l.chunk_id::text, u.lexeme, cardinality(u.positions) + "
        f"{HEADER_WEIGHT - 1} * cardinality(array_positions(u.weights, 'A')) "
        "FROM lexical_chunks l, unnest(l.search_vector) AS u(lexeme, positions, weights)"
    )
    frequencies: dict[str, Counter[str]] = defaultdict(Counter)
    for chunk_id, lexeme, frequency in rows:
        frequencies[chunk_id][lexeme] = frequency
    with pipeline.engine.connect() as connection:
        asked = connection.scalars(
            text("SELECT lexeme FROM unnest(to_tsvector('english', :q))"), {"q": searchable(question)}
        ).all()
    mean = sum(sum(counts.values()) for counts in frequencies.values()) / len(frequencies)
    result: dict[str, float] = {}
    for chunk_id, counts in frequencies.items():
        score, length = 0.0, sum(counts.values())
        for lexeme in asked:
            n = sum(lexeme in other for other in frequencies.values())
            idf = math.log(1 + (len(frequencies) - n + 0.5) / (n + 0.5))
            tf = counts[lexeme]
            score += idf * tf * (K1 + 1) / (tf + K1 * (1 - B + B * length / mean))
        if score:
            result[chunk_id] = score
    return result


def close(scores: dict[str, float], rel: float = 1e-5) -> object:
    return pytest.approx(scores, rel=rel)


QUESTIONS = ["word0 word1 word2", "word0 word7 word30", "word40", "a note about word3 and word25 and word0", "word1"]


def test_scores_are_those_of_bm25(pipeline):
    write_notes(pipeline, 60)
    pipeline.run()
    for question in QUESTIONS:
        found = scores(pipeline, question)

        assert found
        assert found == close(bm25(pipeline, question))


def test_looking_up_frequent_lexemes_keeps_the_top_as_it_is(pipeline, monkeypatch):
    write_notes(pipeline, 120)
    pipeline.run()
    monkeypatch.setattr(lexical_statement, "WALKED", 5)
    for question in QUESTIONS:
        expected = sorted(bm25(pipeline, question).values(), reverse=True)

        found = sorted(scores(pipeline, question, count=20).values(), reverse=True)

        assert found[:CERTAIN] == pytest.approx(expected[:CERTAIN], rel=1e-5)
        assert len(found) == min(20, len(expected))


def test_segments_merge_as_they_grow_in_number_and_scores_stay(pipeline):
    for run in range(7):
        write_notes(pipeline, 12, start=run * 12)
        pipeline.run()
    with pipeline.sessions() as session:
        segments = list_segments(session)

    assert [segment.chunks for segment in segments] == [12 * MERGED_AT, 12, 12, 12]
    # Weights rest on the mean length of their segment's day, which may be off by a tenth.
    assert scores(pipeline, QUESTIONS[1]) == close(bm25(pipeline, QUESTIONS[1]), rel=0.05)


def test_adding_chunks_touches_only_their_own_segment(pipeline):
    write_notes(pipeline, 40)
    pipeline.run()
    before = pipeline.rows("SELECT term_id, segment_id, xmin::text FROM postings ORDER BY 1, 2")
    write_notes(pipeline, 1, start=40)

    pipeline.run()

    after = pipeline.rows("SELECT term_id, segment_id, xmin::text FROM postings ORDER BY 1, 2")
    assert set(before) < set(after)
    assert len({segment for _, segment, _ in set(after) - set(before)}) == 1


def test_a_run_without_changes_writes_nothing(pipeline):
    write_notes(pipeline, 20)
    pipeline.run()
    tables = ("lexicon", "postings", "lexical_chunks", "lexical_segments", "lexical_statistics")
    before = [pipeline.rows(f"SELECT xmin::text, ctid::text FROM {table}") for table in tables]

    pipeline.run()

    assert [pipeline.rows(f"SELECT xmin::text, ctid::text FROM {table}") for table in tables] == before


def test_frequencies_are_counted_anew_when_a_fifth_has_gone(pipeline):
    write_notes(pipeline, 40)
    pipeline.run()
    for number in range(10):
        (pipeline.content / f"note-{number:03}.md").unlink()
    pipeline.run(confirm_deletions=True)

    with pipeline.sessions() as session:
        assert read_statistics(session).chunks == 30
    [(counted,)] = pipeline.rows("SELECT document_frequency FROM lexicon WHERE lexeme = 'note'")
    assert counted == 30


def test_what_a_rollback_returns_to_has_its_words_though_the_index_is_younger(pipeline):
    pipeline.write("a.md", "# First\n\nA walrus, told of in the first edition.\n")
    pipeline.run()
    pipeline.write("a.md", "# Second\n\nA heron, told of in the second edition.\n")
    pipeline.run()
    with pipeline.engine.begin() as connection:
        for table in (
            "postings",
            "lexical_segments",
            "lexical_chunks",
            "lexicon_words",
            "lexicon",
            "lexical_statistics",
        ):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    pipeline.run()

    pipeline.roll_back()

    assert [hit.path for hit in pipeline.search("walrus", mode="lexical")] == ["a.md"]
    assert pipeline.search("heron", mode="lexical") == []


def test_another_configuration_makes_the_index_anew(pipeline):
    pipeline.write("a.md", "# Running\n\nThe runner ran in the running shoes.\n")
    pipeline.run()
    assert pipeline.rows("SELECT 1 FROM lexicon WHERE lexeme = 'run'")

    with writing(pipeline.engine, timeout_seconds=10) as sessions:
        report = build_lexical_index(sessions, "simple")

    assert report.recounted and report.new == report.chunks
    assert not pipeline.rows("SELECT 1 FROM lexicon WHERE lexeme = 'run'")
    assert pipeline.search("running", mode="lexical")


def test_an_unknown_configuration_is_refused_with_those_that_exist(pipeline):
    with pytest.raises(ConfigurationError, match=r"'klingon'; there are .*english.*simple"):
        build_lexical_index(pipeline.sessions, "klingon")


def test_a_killed_run_goes_on_where_it_was(pipeline, monkeypatch):
    monkeypatch.setattr(lexical_index, "SEGMENT_CHUNKS", 10)
    write_notes(pipeline, 35)
    stopped = []

    def stop_after_two(_stage: str, done: int, _total: int) -> None:
        stopped.append(done)
        if len(stopped) == 2:
            raise KeyboardInterrupt

    pipeline.run()
    monkeypatch.setattr(lexical_index, "MERGED_AT", 100)
    with writing(pipeline.engine, timeout_seconds=10) as sessions:
        with pytest.raises(KeyboardInterrupt):
            write_more(pipeline, sessions, stop_after_two)
        report = build_lexical_index(sessions, "english")

    assert report.chunks == len(pipeline.rows("SELECT 1 FROM document_chunks"))
    assert report.new == report.chunks - 35 - 20


def write_more(pipeline: Pipeline, sessions, progress) -> None:
    from resume_pipeline.embedding.tokens import load_token_counter
    from resume_pipeline.ingestion.chunks import chunk_documents
    from resume_pipeline.ingestion.documents import record_documents

    write_notes(pipeline, 40, start=35)
    record_documents(sessions, pipeline.root, max_loss_share=0.25)
    chunk_documents(sessions, load_token_counter())
    build_lexical_index(sessions, "english", progress=progress)


def segments_of(*chunks: int) -> list[Segment]:
    return [Segment(number, number * 100, number * 100 + 99, count, 10.0) for number, count in enumerate(chunks)]


@pytest.mark.parametrize(
    ("chunks", "merged"),
    [
        ((), []),
        ((10_000, 100, 100, 100), []),
        ((10_000, 100, 100, 100, 100), [100, 100, 100, 100]),
        ((100, 100, 100, 390), [100, 100, 100, 390]),
        ((100, 100, 100, 400), []),
        ((400, 400, 400, 100), []),
        ((100_000, 100_000, 100_000, 100_000), []),
    ],
)
def test_segments_of_like_size_are_due_for_merging(chunks, merged):
    assert [segment.chunks for segment in due_for_merging(segments_of(*chunks))] == merged
