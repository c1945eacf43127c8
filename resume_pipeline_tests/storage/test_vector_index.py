"""Vector indexes over real rows: built, used, as good as promised, and never built twice."""

import itertools
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from resume_pipeline.domain.filters import make_filter
from resume_pipeline.errors import IndexUnusableError
from resume_pipeline.ingestion.indexing import build_vector_index
from resume_pipeline.ingestion.reports import IndexReport
from resume_pipeline.storage.bulk import copy_rows
from resume_pipeline.storage.chunks import CHUNK_COLUMNS
from resume_pipeline.storage.embedded import EmbeddedPostgres
from resume_pipeline.storage.embedding_models import StoredModel, find_model, register_model
from resume_pipeline.storage.embeddings import store_vectors
from resume_pipeline.storage.engine import Engine, Sessions, make_engine, make_sessions
from resume_pipeline.storage.narrowing import narrow
from resume_pipeline.storage.search import Wanted, find_candidates
from resume_pipeline.storage.snapshot import take_snapshot
from resume_pipeline.storage.vector_index import (
    apply_search_settings,
    build_index,
    find_indexes,
    index_name,
    nearest,
    nearest_statement,
    uses_index,
    vector_text,
)
from resume_pipeline.storage.visibility import SearchScope

MODEL = "test:48"
DIMENSIONS = 48
CHUNKS = 2000
CLUSTERS = 40
NUMBERS = itertools.count(1)
CHUNKS_PER_DOCUMENT = 10
GENERATION = 1


@dataclass
class Corpus:
    """Chunks with clustered vectors, ten to a document, all live; the truth is computed here, not in Postgres."""

    sessions: Sessions
    ids: list[uuid.UUID]
    vectors: np.ndarray

    @property
    def model(self) -> StoredModel:
        with self.sessions() as session:
            return find_model(session, MODEL)

    def build(self, kind: str, *, exact_limit: int = 20_000, recall: float = 0.95) -> IndexReport:
        return build_vector_index(self.sessions, MODEL, kind=kind, exact_limit=exact_limit, recall_target=recall)

    def nearest(self, query: np.ndarray, count: int, among: Sequence[int] | None = None) -> set[uuid.UUID]:
        """The true nearest chunks, by numpy."""
        places = np.arange(len(self.ids)) if among is None else np.asarray(among)
        order = np.argsort(-(self.vectors[places] @ query), kind="stable")[:count]
        return {self.ids[places[place]] for place in order}

    def search(self, query: np.ndarray, count: int, **filters: str) -> list[tuple[uuid.UUID, float]]:
        """What the search statement finds, with the settings that are stored."""
        with self.sessions() as session:
            model = find_model(session, MODEL)
            asked = [make_filter(key, value) for key, value in filters.items()]
            narrowing = narrow(session, SearchScope(MODEL, GENERATION), filters=asked)
            found = find_candidates(session, Wanted(narrowing, count, model, vector_text(query))).vector
            return [(uuid.UUID(id_), score) for id_, score in sorted(found.items(), key=lambda item: -item[1])]

    def recall(self, queries: np.ndarray) -> float:
        """Share of the true ten nearest that the index finds by the stored settings."""
        found = 0
        with self.sessions() as session:
            model = find_model(session, MODEL)
            apply_search_settings(session, model.index_settings, candidates=10)
            for query in queries:
                hits = nearest(session, model, model.index_settings["kind"], vector_text(query), 10)
                ids = [id_ for id_, _ in hits]
                found += len(set(ids) & self.nearest(query, 10))
        return found / (10 * len(queries))

    def execute(self, statement: str) -> list[Any]:
        with self.sessions.begin() as session:
            result = session.execute(text(statement))
            return list(result.all()) if result.returns_rows else []


def clustered(random: np.random.Generator, count: int, centres: np.ndarray) -> np.ndarray:
    """Vectors of length 1 around centres."""
    vectors = centres[random.integers(0, len(centres), count)] + 0.6 * random.standard_normal((count, DIMENSIONS))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


RANDOM = np.random.default_rng(20261122)
CENTRES = RANDOM.standard_normal((CLUSTERS, DIMENSIONS))
VECTORS = clustered(RANDOM, CHUNKS, CENTRES)
QUERIES = clustered(RANDOM, 40, CENTRES)
IDS = [uuid.UUID(int=place) for place in range(CHUNKS)]


def load(engine: Engine, vectors: np.ndarray) -> Corpus:
    """Documents, chunks, occurrences and vectors, in plain rows."""
    sessions = make_sessions(engine)
    ids = IDS[: len(vectors)]
    hashes = [place.to_bytes(32, "big") for place in range(len(vectors))]
    documents = range(1, len(vectors) // CHUNKS_PER_DOCUMENT + 1)
    with sessions.begin() as session:
        model = register_model(session, MODEL, vectors[0])
        copy_rows(
            session,
            "documents",
            "document_id source_path bytes_sha256 recipe title body metadata problems published_in".split(),
            # One document in a hundred is a talk; one in twenty stands in the folder jobs.
            (
                (n, f"{'jobs' if n % 20 == 0 else 'notes'}/{n}.md", b"", "r", "t", "b", kind_of(n), {}, GENERATION)
                for n in documents
            ),
        )
        copy_rows(
            session,
            "document_chunks",
            CHUNK_COLUMNS,
            ((id_, digest, "body", "t", [], "c", "e", 1, 1) for id_, digest in zip(ids, hashes, strict=True)),
        )
        copy_rows(
            session,
            "chunk_occurrences",
            "document_id chunk_index chunk_id start_line end_line".split(),
            ((1 + n // CHUNKS_PER_DOCUMENT, n % CHUNKS_PER_DOCUMENT, id_, 1, 1) for n, id_ in enumerate(ids)),
        )
        assert store_vectors(session, model, hashes, vectors) == len(vectors)
    return Corpus(sessions, ids, vectors)


def kind_of(document: int) -> dict[str, str]:
    return {"type": "talk" if document % 100 == 50 else "note"}


def chunks_of(documents: Sequence[int]) -> list[int]:
    """Places of the chunks of these documents."""
    return [(d - 1) * CHUNKS_PER_DOCUMENT + n for d in documents for n in range(CHUNKS_PER_DOCUMENT)]


@pytest.fixture(scope="module")
def loaded(server: EmbeddedPostgres) -> str:
    """The name of a database with two thousand live chunks, to copy from."""
    copy_database(server, "vectors", "migrated")
    engine = make_engine(server.url("vectors"))
    load(engine, VECTORS)
    engine.dispose()
    return "vectors"


def copy_database(server: EmbeddedPostgres, name: str, template: str) -> None:
    engine = make_engine(server.url())
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    engine.dispose()


@pytest.fixture
def corpus(server: EmbeddedPostgres, loaded: str) -> Iterator[Corpus]:
    """Two thousand live chunks in a database of their own."""
    name = f"{loaded}_{next(NUMBERS)}"
    copy_database(server, name, loaded)
    engine = make_engine(server.url(name))
    yield Corpus(make_sessions(engine), IDS, VECTORS)
    engine.dispose()


@pytest.fixture
def few(engine):
    """Thirty live chunks."""
    return load(engine, VECTORS[:30])


@pytest.mark.parametrize("kind", ["exact", "hnsw", "ivfflat"])
def test_an_index_of_each_kind_is_built_used_and_reaches_the_recall(corpus, kind):
    report = corpus.build(kind)

    assert (report.kind, report.vectors) == (kind, CHUNKS)
    assert report.built is (kind != "exact")
    assert report.used_by_search
    assert (report.size_bytes > 0) is (kind != "exact")
    assert report.recall_at_10 >= 0.95
    assert corpus.recall(QUERIES) >= 0.95
    assert corpus.model.index_settings == report.settings


@pytest.mark.parametrize(("kind", "node"), [("exact", "Seq Scan"), ("hnsw", "Index Scan"), ("ivfflat", "Index Scan")])
def test_the_plan_of_the_search_statement_shows_the_index(corpus, kind, node):
    corpus.build(kind)
    model = corpus.model

    with corpus.sessions() as session:
        apply_search_settings(session, model.index_settings, candidates=100)
        statement = text("EXPLAIN " + nearest_statement(model, kind))
        plan = "\n".join(session.scalars(statement, {"query": vector_text(QUERIES[0]), "candidates": 100}))

    assert node in plan
    assert (index_name(model, kind) in plan) is (kind != "exact")


@pytest.mark.parametrize(("kind", "node"), [("exact", "Seq Scan"), ("hnsw", "Index Scan"), ("ivfflat", "Index Scan")])
def test_the_plan_that_a_connection_keeps_for_its_searches_shows_the_index(corpus, kind, node):
    corpus.build(kind)
    with corpus.sessions() as session:
        seen = take_snapshot(session, SearchScope(MODEL, GENERATION), {})
        wanted = Wanted(narrow(session, seen.scope), 50, seen.model, vector_text(QUERIES[0]))
        found = find_candidates(session, wanted)
        [name] = session.scalars(text("SELECT name FROM pg_prepared_statements WHERE statement LIKE '%nearest%'"))
        kept = text(f"EXPLAIN EXECUTE {name} (:query, {GENERATION}, 50)")
        plan = "\n".join(session.scalars(kept, {"query": vector_text(QUERIES[0])}))

    assert len(found.vector) == 50
    assert node in plan
    assert (index_name(seen.model, kind) in plan) is (kind != "exact")


def test_an_index_that_queries_do_not_match_counts_as_unused(corpus):
    corpus.build("hnsw")
    model = corpus.model
    corpus.execute(f"DROP INDEX {index_name(model, 'hnsw')}")

    with corpus.sessions() as session:
        assert not uses_index(session, model, model.index_settings, vector_text(QUERIES[0]))


@pytest.mark.parametrize("kind", ["hnsw", "ivfflat"])
def test_an_index_on_few_vectors_is_no_failure_although_postgres_scans_them(few, kind):
    report = few.build(kind)

    assert report.built
    assert report.used_by_search
    assert {id_ for id_, _ in few.search(QUERIES[0], 10)} == few.nearest(QUERIES[0], 10)


def test_few_vectors_without_their_index_count_as_unused(few):
    few.build("hnsw")
    model = few.model
    few.execute(f"DROP INDEX {index_name(model, 'hnsw')}")

    with few.sessions() as session:
        assert not uses_index(session, model, model.index_settings, vector_text(QUERIES[0]))


def test_auto_scans_up_to_the_limit_and_builds_hnsw_above_it(corpus):
    assert corpus.build("auto", exact_limit=CHUNKS).kind == "exact"

    above = corpus.build("auto", exact_limit=CHUNKS - 1)

    assert (above.kind, above.built) == ("hnsw", True)


def test_auto_drops_the_index_when_the_vectors_fall_below_the_limit_again(corpus):
    corpus.build("auto", exact_limit=CHUNKS - 1)

    report = corpus.build("auto", exact_limit=CHUNKS)

    assert (report.kind, report.built, report.used_by_search) == ("exact", False, True)
    with corpus.sessions() as session:
        assert find_indexes(session, corpus.model) == {}


@pytest.mark.parametrize("kind", ["exact", "hnsw"])
def test_a_second_call_builds_nothing_and_measures_nothing(corpus, kind):
    first = corpus.build(kind)
    written = "SELECT xmin::text, ctid::text FROM embedding_models"
    index = "SELECT oid, relfilenode FROM pg_class WHERE relname LIKE 'ix_chunk_embeddings_m1%'"
    before = corpus.execute(written), corpus.execute(index)

    second = corpus.build(kind)

    assert second.built is False
    assert second.settings == first.settings
    assert (corpus.execute(written), corpus.execute(index)) == before


def test_new_vectors_or_another_target_are_measured_again_without_a_new_index(corpus):
    corpus.build("hnsw")
    corpus.execute(f"DELETE FROM document_chunks WHERE chunk_id = '{corpus.ids[0]}'")

    fewer = corpus.build("hnsw")
    harder = corpus.build("hnsw", recall=0.5)

    assert (fewer.built, fewer.vectors) == (False, CHUNKS - 1)
    assert (harder.built, harder.settings["recall_target"]) == (False, 0.5)


@pytest.mark.parametrize(("before", "after"), [("ivfflat", "hnsw"), ("hnsw", "ivfflat")])
def test_an_index_of_another_kind_is_replaced(corpus, before, after):
    corpus.build(before)

    report = corpus.build(after)

    assert (report.kind, report.built) == (after, True)
    kinds = corpus.execute("SELECT relname FROM pg_class WHERE relname LIKE 'ix_chunk_embeddings_m1%'")
    assert [name for (name,) in kinds] == [index_name(corpus.model, after)]
    assert corpus.recall(QUERIES) >= 0.95


def test_an_invalid_index_is_replaced(corpus):
    corpus.build("hnsw")
    corpus.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_chunk_embeddings_m1_hnsw'::regclass")

    report = corpus.build("hnsw")

    assert report.built
    with corpus.sessions() as session:
        assert all(index.valid for index in find_indexes(session, corpus.model).values())


def test_an_invalid_index_beside_a_valid_one_is_replaced(corpus):
    corpus.build("hnsw")
    corpus.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_chunk_embeddings_m1_hnsw'::regclass")
    with corpus.sessions.begin() as session:
        build_index(session, corpus.model, "ivfflat", vectors=CHUNKS)

    report = corpus.build("hnsw")

    assert (report.kind, report.built, report.used_by_search) == ("hnsw", True, True)


@pytest.mark.parametrize("kind", ["exact", "hnsw", "ivfflat"])
def test_a_filter_that_keeps_one_percent_still_fills_the_limit(corpus, kind):
    corpus.build(kind)
    kept = chunks_of([50, 150])
    assert len(kept) == CHUNKS // 100

    for query in QUERIES[:5]:
        found = {id_ for id_, _ in corpus.search(query, 10, type="talk")}
        assert len(found) == 10
        assert found <= {corpus.ids[place] for place in kept}
        assert kind != "exact" or found == corpus.nearest(query, 10, kept)
        assert len(corpus.search(query, 100, type="talk")) == len(kept)


def test_a_filter_that_keeps_five_percent_is_answered_well_through_hnsw(corpus):
    corpus.build("hnsw")
    kept = chunks_of(range(20, CHUNKS // CHUNKS_PER_DOCUMENT + 1, 20))
    assert len(kept) == CHUNKS // 20

    right = 0
    for query in QUERIES:
        found = corpus.search(query, 10, path="jobs/*")
        assert len(found) == 10
        right += len({id_ for id_, _ in found} & corpus.nearest(query, 10, kept))

    assert right / (10 * len(QUERIES)) >= 0.95


@pytest.mark.parametrize("kind", ["exact", "hnsw", "ivfflat"])
def test_a_search_gives_true_cosine_similarities_nearest_first(corpus, kind):
    corpus.build(kind)

    found = corpus.search(QUERIES[0], 25)

    similarities = [similarity for _, similarity in found]
    assert similarities == sorted(similarities, reverse=True)
    truth = [float(corpus.vectors[id_.int] @ QUERIES[0]) for id_, _ in found]
    np.testing.assert_allclose(similarities, truth, atol=2e-3)  # half precision in the index


def test_what_is_not_live_is_not_found_however_near_it_is(corpus):
    corpus.build("hnsw")
    nearest = corpus.nearest(QUERIES[0], 10)
    documents = ",".join(str(1 + id_.int // CHUNKS_PER_DOCUMENT) for id_ in nearest)
    corpus.execute(f"UPDATE documents SET published_in = {GENERATION + 1} WHERE document_id IN ({documents})")

    found = corpus.search(QUERIES[0], 10)

    assert len(found) == 10
    assert not {id_ for id_, _ in found} & nearest


def test_the_settings_of_one_search_do_not_reach_the_next_transaction(corpus):
    with corpus.sessions() as session:
        before = session.scalar(text("SELECT current_setting('hnsw.ef_search', true)"))
        apply_search_settings(session, {"kind": "hnsw", "ef_search": 333}, candidates=10)
        assert session.scalar(text("SHOW hnsw.ef_search")) == "333"
        session.commit()

        assert session.scalar(text("SHOW hnsw.ef_search")) != "333"
        assert before in {None, "", "40"}


def test_an_index_without_a_model_is_refused_with_the_next_step(engine):
    with pytest.raises(IndexUnusableError, match=r"no vectors of nobody:1.*chunk_embeddings"):
        build_vector_index(make_sessions(engine), "nobody:1", kind="auto", exact_limit=1, recall_target=0.9)


def test_a_model_without_vectors_has_nothing_to_measure(engine):
    sessions = make_sessions(engine)
    with sessions.begin() as session:
        register_model(session, MODEL, VECTORS[0])

    report = build_vector_index(sessions, MODEL, kind="auto", exact_limit=10, recall_target=0.95)

    assert (report.kind, report.vectors, report.built) == ("exact", 0, False)


def test_registering_a_model_again_changes_nothing(engine):
    sessions = make_sessions(engine)
    with sessions.begin() as session:
        first = register_model(session, MODEL, VECTORS[0])
    with sessions.begin() as session:
        second = register_model(session, MODEL, VECTORS[1])

    assert first.embedding_model_id == second.embedding_model_id
    assert second.canary.tobytes() == VECTORS[0].tobytes()
