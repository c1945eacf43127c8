"""What stands beside a hit, and how alike chunks are, as Postgres says."""

import numpy as np
import pytest

from resume_pipeline.domain.documents import ChunkLimits
from resume_pipeline.domain.excerpts import grow
from resume_pipeline.storage.embedding_models import find_model
from resume_pipeline.storage.neighbours import load_pieces
from resume_pipeline.storage.similarity import pairwise_similarities
from resume_pipeline_tests.pipeline import long_text


@pytest.fixture
def long_document(pipeline):
    pipeline.limits = ChunkLimits(100, 200, 0)
    pipeline.write("long.md", f"# Long\n\n{long_text(12)}\n")
    pipeline.run()
    return pipeline


def test_a_hit_in_the_database_grows_into_what_stands_in_the_file(long_document):
    [(document, last)] = long_document.rows(
        "SELECT document_id, max(chunk_index) FROM chunk_occurrences GROUP BY document_id"
    )
    with long_document.sessions() as session:
        pieces = load_pieces(session, [(document, index) for index in range(last + 5)])
        [excerpt] = grow([pieces[document, 2]], lambda places: load_pieces(session, places))

    assert len(pieces) == last + 1
    assert (excerpt.first_index, excerpt.last_index) == (1, 3)
    lines = (long_document.content / "long.md").read_text("utf-8").splitlines()
    written = "\n".join(lines[excerpt.start_line - 1 : excerpt.end_line])
    assert "".join(excerpt.content.split()) == "".join(written.split())


def test_similarities_are_those_of_the_vectors_in_both_orders(long_document):
    chunks = [
        row[0] for row in long_document.rows("SELECT chunk_id::text FROM document_chunks ORDER BY chunk_id LIMIT 4")
    ]
    texts = dict(long_document.rows("SELECT chunk_id::text, embedding_input FROM document_chunks"))
    with long_document.sessions() as session:
        model = find_model(session, long_document.embedder.name)
        found = pairwise_similarities(session, model, chunks)

    vectors = long_document.embedder.embed([texts[chunk] for chunk in chunks])
    assert len(found) == 12
    for i, one in enumerate(chunks):
        for j, other in enumerate(chunks):
            if i != j:
                assert found[one, other] == pytest.approx(float(np.dot(vectors[i], vectors[j])), abs=1e-5)
