"""The retriever over a real index: typing errors, scopes, modes, rerankers, and what a result says about itself."""

import pytest

from resume_pipeline.domain.documents import ChunkLimits
from resume_pipeline.embedding.tokens import load_token_counter
from resume_pipeline.errors import EmbeddingSpaceError, PublishError
from resume_pipeline.ingestion.chunks import chunk_documents
from resume_pipeline.ingestion.documents import record_documents
from resume_pipeline.ingestion.embeddings import embed_chunks
from resume_pipeline.ingestion.lexical_index import build_lexical_index
from resume_pipeline.ingestion.writing import writing
from resume_pipeline.retrieval.context import excerpts
from resume_pipeline.retrieval.hits import Correction
from resume_pipeline.retrieval.reranking import load_reranker
from resume_pipeline.retrieval.retriever import Retriever, SearchResult
from resume_pipeline.storage.visibility import SearchScope
from resume_pipeline_tests.conftest import published

NOTES = {
    "kubernetes.md": "# Clusters\n\nWe ran Kubernetes in three regions and upgraded it twice a year.\n",
    "postgres.md": "# Databases\n\nPostgreSQL replication with logical slots, and what broke.\n",
    "rust.md": "# Languages\n\nRust for the parser, Java for the rest.\n",
    "kraków.md": "# Kraków\n\nMeetups about observability.\n",
}


@pytest.fixture(scope="module")
def notes(server, tmp_path_factory):
    with published(server, tmp_path_factory.mktemp("content"), NOTES) as pipeline:
        yield pipeline


@pytest.fixture
def changing(pipeline):
    """The same, for a test that writes."""
    for path, body in NOTES.items():
        pipeline.write(path, body)
    pipeline.run()
    return pipeline


def search(pipeline, question: str, **options) -> SearchResult:
    return Retriever(pipeline.sessions, lambda _: pipeline.embedder).search(question, **options)


@pytest.mark.parametrize(
    ("question", "path", "corrections"),
    [
        ("kuberntes upgrades", "kubernetes.md", (Correction("kuberntes", "kubernetes"),)),
        ("Kubrenetes", "kubernetes.md", (Correction("Kubrenetes", "kubernetes"),)),
        ("replicaton slots", "postgres.md", (Correction("replicaton", "replication"),)),
        ("obsrevability in krakow", "kraków.md", (Correction("obsrevability", "observability"),)),
        ("kubernetes", "kubernetes.md", ()),
    ],
)
def test_typing_errors_are_corrected_and_shown(notes, question, path, corrections):
    result = search(notes, question, mode="lexical")

    assert result.hits[0].path == path
    assert result.corrections == corrections


@pytest.mark.parametrize("question", ["rest", "qqqqzzzz", "3141592"])
def test_what_is_right_or_like_nothing_is_left_alone(notes, question):
    assert search(notes, question).corrections == ()


@pytest.mark.parametrize("question", ["does he do kuberntes", "I know kuberntes", "is a kuberntes"])
def test_short_words_before_a_mistyped_one_are_not_taken_for_it(notes, question):
    assert search(notes, question).corrections == (Correction("kuberntes", "kubernetes"),)


def test_words_that_no_passage_has_leave_room_for_those_that_some_have(notes):
    pasted = " ".join(f"unknown{letter}{other}" for letter in "abcdefghij" for other in "klmnopqrst")

    assert search(notes, f"{pasted} replication", mode="lexical").hits[0].path == "postgres.md"


@pytest.mark.parametrize(
    "question", ["kubernetes\0", "kuber\ud800netes regions", '"' * 5000 + " kubernetes", "-" * 9000]
)
def test_no_text_breaks_a_search(notes, question):
    assert len(search(notes, question, limit=2).hits) <= 2


def test_coverage_is_the_share_of_the_words_in_the_best_hit(notes):
    assert search(notes, "kubernetes regions").coverage == 1.0
    assert 0 < search(notes, "kubernetes zebra quilts").coverage < 0.5
    assert search(notes, "zebra quilts").coverage == 0.0
    assert search(notes, "the of").coverage is None


def test_a_search_by_one_side_has_that_sides_scores(notes):
    vector, lexical = (search(notes, "postgresql replication", mode=mode).hits for mode in ("vector", "lexical"))

    assert [hit.score for hit in vector] == [hit.vector_score for hit in vector]
    assert [hit.score for hit in lexical] == [hit.lexical_score for hit in lexical]
    assert len(vector) == len(NOTES)


def test_a_hybrid_hit_has_the_scores_of_both_sides(notes):
    best = search(notes, "postgresql replication").hits[0]

    assert best.path == "postgres.md"
    assert best.vector_score is not None and best.lexical_score is not None


@pytest.mark.parametrize("name", ["none", "feature", "mmr"])
@pytest.mark.parametrize("limit", [1, 3, 4, 50])
def test_each_reranker_gives_each_passage_once_and_no_more_than_asked(notes, name, limit):
    retriever = Retriever(notes.sessions, lambda _: notes.embedder, reranker=load_reranker(name))

    hits = retriever.search("kubernetes postgresql rust", limit=limit).hits

    assert len({(hit.path, hit.chunk_index) for hit in hits}) == len(hits) == min(limit, len(NOTES))
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_the_same_question_gives_the_same_order(notes):
    first, second = (search(notes, "what broke", limit=50).hits for _ in range(2))

    assert [hit.path for hit in first] == [hit.path for hit in second]


def test_the_candidate_can_be_searched_before_it_is_published(changing):
    changing.write("new.md", "# New\n\nTerraform modules.\n")
    with writing(changing.engine, timeout_seconds=10) as sessions:
        record_documents(sessions, changing.root, max_loss_share=0.25)
        chunk_documents(sessions, load_token_counter())
        embed_chunks(sessions, changing.embedder)
        build_lexical_index(sessions, "english")

    candidate = search(changing, "terraform", scope=SearchScope(changing.embedder.name, None))

    assert candidate.hits[0].path == "new.md" and candidate.generation == 0
    assert "new.md" not in {hit.path for hit in search(changing, "terraform", limit=50).hits}


def test_context_grows_hits_within_their_section(pipeline):
    paragraphs = [
        f"Part {n} of the story tells of {'harbour' if n == 3 else 'inland'} matters. " * 12 for n in range(8)
    ]
    pipeline.limits = ChunkLimits(target_tokens=120, max_tokens=200)
    pipeline.write("story.md", "# Story\n\n" + "\n\n".join(paragraphs) + "\n")
    pipeline.run()
    [hit] = search(pipeline, "harbour", limit=1).hits

    [excerpt] = excerpts(pipeline.sessions, [hit], max_tokens=2000)

    assert excerpt.hits == (0,)
    assert (excerpt.first_index, excerpt.last_index) == (hit.chunk_index - 1, hit.chunk_index + 1)
    assert hit.content in excerpt.content and len(excerpt.content) > 2 * len(hit.content)
    assert excerpt.start_line < hit.start_line <= hit.end_line < excerpt.end_line


def test_a_model_without_vectors_is_refused(notes):
    with pytest.raises(EmbeddingSpaceError, match="no vectors of nobody:1"):
        search(notes, "anything", scope=SearchScope("nobody:1", 1))


def test_before_the_first_publish_a_search_says_what_to_do(pipeline):
    with pytest.raises(PublishError, match="resume-pipeline ingest"):
        search(pipeline, "anything")


def test_an_index_without_lexemes_is_searched_by_vectors(changing):
    with changing.engine.begin() as connection:
        for table in ("postings", "lexical_segments", "lexical_chunks", "lexicon", "lexical_statistics"):
            connection.exec_driver_sql(f"DELETE FROM {table}")

    assert search(changing, "postgresql replication").hits[0].path == "postgres.md"
    assert search(changing, "postgresql replication", mode="lexical").hits == []
