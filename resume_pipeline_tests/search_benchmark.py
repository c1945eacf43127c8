"""How fast and how good a search is: `make bench-search CORPUS=/path/to/markdown`.

Everything runs in one process over an embedded Postgres of its own: the corpus is ingested, then questions made of the
corpus' own sentences are asked in each mode, warm, with the local embedding model. The lexical index is then given one
per cent more, to see that the cost follows what is new.
"""

import argparse
import random
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import text

from resume_pipeline.embedding.registry import load_embedder
from resume_pipeline.embedding.tokens import load_token_counter
from resume_pipeline.ingestion.chunks import chunk_documents
from resume_pipeline.ingestion.documents import record_documents
from resume_pipeline.ingestion.embeddings import embed_chunks
from resume_pipeline.ingestion.indexing import build_vector_index
from resume_pipeline.ingestion.lexical_index import build_lexical_index
from resume_pipeline.ingestion.writing import writing
from resume_pipeline.retrieval.retriever import Retriever
from resume_pipeline.storage.embedded import EmbeddedPostgres
from resume_pipeline.storage.engine import make_engine
from resume_pipeline.storage.migrations import upgrade
from resume_pipeline.storage.visibility import SearchScope
from resume_pipeline_tests.benchmark import subset
from resume_pipeline_tests.pipeline import Pipeline

MODEL = "local:wordllama-256"
WORDS = 10
LIMIT = 10


def timed(name: str, work: Callable[[], object]) -> float:
    """Seconds of a piece of work, told as it is done."""
    started = time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    print(f"  {name}: {seconds:.2f} s", flush=True)
    return seconds


def ingest(pipeline: Pipeline) -> dict[str, float]:
    """Run the stages up to the candidate; the seconds of the two that index."""
    with writing(pipeline.engine, timeout_seconds=10) as sessions:
        timed("documents", lambda: record_documents(sessions, pipeline.root, max_loss_share=1))
        timed("chunks", lambda: chunk_documents(sessions, load_token_counter()))
        timed("embeddings", lambda: embed_chunks(sessions, pipeline.embedder))
        return {
            "lexical": timed("lexical index", lambda: build_lexical_index(sessions, "english")),
            "vector": timed(
                "vector index",
                lambda: build_vector_index(sessions, MODEL, kind="auto", exact_limit=20_000, recall_target=0.98),
            ),
        }


def questions(pipeline: Pipeline, count: int) -> list[str]:
    """Runs of ten words out of the texts of chunks, the same ones each time."""
    rows = pipeline.rows(
        "SELECT content FROM document_chunks WHERE kind = 'body' AND tokens > 60 "
        f"ORDER BY uuid_hash_extended(chunk_id, 11) LIMIT {count}"
    )
    chance = random.Random(5)
    found = []
    for (content,) in rows:
        # Visitors type words, not markdown: no links, fences or signs.
        words = re.findall(r"[^\W\d_]+(?:'[a-z]+)?", re.sub(r"\]\([^)]*\)|```.*?```", " ", content, flags=re.DOTALL))
        start = chance.randrange(max(1, len(words) - WORDS))
        found.append(" ".join(words[start : start + WORDS]))
    return found


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of them lie."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def ask(retriever: Retriever, scope: SearchScope, asked: Sequence[str]) -> None:
    """Ask everything in each mode and print a row for each."""
    print("\n| mode | questions | p50 ms | p95 ms | max ms |\n|---|---|---|---|---|")
    for mode in ("lexical", "vector", "hybrid"):
        for question in asked[:50]:
            retriever.search(question, limit=LIMIT, mode=mode, scope=scope)
        taken = [retriever.search(q, limit=LIMIT, mode=mode, scope=scope).milliseconds for q in asked]
        print(
            f"| {mode} | {len(asked)} | {percentile(taken, 0.5):.1f} | {percentile(taken, 0.95):.1f} "
            f"| {max(taken):.1f} |",
            flush=True,
        )


def recall(pipeline: Pipeline, retriever: Retriever, scope: SearchScope, asked: Sequence[str]) -> float:
    """Share of the ten nearest by exact search that the index finds, over the questions."""

    def nearest() -> list[set[tuple[str, int]]]:
        hits = [retriever.search(q, limit=LIMIT, mode="vector", scope=scope).hits for q in asked]
        return [{(hit.path, hit.chunk_index) for hit in found} for found in hits]

    found = nearest()
    with pipeline.engine.begin() as connection:
        kept = connection.execute(text("SELECT index_settings::text FROM embedding_models")).scalar_one()
        connection.execute(text("UPDATE embedding_models SET index_settings = '{}'"))
    true = nearest()
    with pipeline.engine.begin() as connection:
        connection.execute(text("UPDATE embedding_models SET index_settings = CAST(:kept AS jsonb)"), {"kept": kept})
    return sum(len(a & b) for a, b in zip(found, true, strict=True)) / sum(len(b) for b in true)


def append(pipeline: Pipeline, share: float) -> tuple[int, float]:
    """Add a changed copy of a share of the files; (new chunks, seconds of the lexical stage)."""
    files = sorted(pipeline.content.rglob("*.md"))
    for file in files[:: int(1 / share)]:
        copy = pipeline.content / "added" / file.relative_to(pipeline.content)
        copy.parent.mkdir(parents=True, exist_ok=True)
        body = file.read_text(encoding="utf-8", errors="replace")
        copy.write_text("\n\n".join(f"{part} Again." for part in body.split("\n\n")), encoding="utf-8")
    with writing(pipeline.engine, timeout_seconds=10) as sessions:
        record_documents(sessions, pipeline.root, max_loss_share=1)
        chunk_documents(sessions, load_token_counter())
        started = time.perf_counter()
        report = build_lexical_index(sessions, "english")
        return report.new, time.perf_counter() - started


def bench(corpus: Path, files: int, count: int, scratch: Path) -> None:
    """Ingest, ask, append."""
    server = EmbeddedPostgres(scratch / "state")
    server.start()
    engine = make_engine(server.url())
    try:
        upgrade(engine)
        pipeline = Pipeline(engine, subset(corpus, scratch / "content", files), load_embedder(MODEL))
        seconds = ingest(pipeline)
        [(chunks,)] = pipeline.rows("SELECT count(*) FROM lexical_chunks")
        [(size,)] = pipeline.rows("SELECT pg_total_relation_size('lexicon') + pg_total_relation_size('postings')")
        asked = questions(pipeline, count)
        retriever = Retriever(pipeline.sessions, lambda _: pipeline.embedder)
        scope = SearchScope(MODEL, None)
        print(f"\n{chunks:,} chunks; lexicon and postings {size / 1e6:.0f} MB")
        ask(retriever, scope, asked)
        print(f"\nrecall@10 of the vector index over the questions: {recall(pipeline, retriever, scope, asked):.4f}")
        new, taken = append(pipeline, 0.01)
        print(
            f"lexical index: built in {seconds['lexical']:.1f} s; {new:,} chunks more ({new / chunks:.1%}) "
            f"took {taken:.2f} s ({taken / seconds['lexical']:.1%})"
        )
    finally:
        engine.dispose()
        server.stop()


def main() -> None:
    """Print the tables as they stand in docs/performance.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--files", type=int, default=7_000)
    parser.add_argument("--questions", type=int, default=300)
    options = parser.parse_args()
    if not options.corpus.is_dir():
        raise SystemExit(f"make bench-search CORPUS=/path/to/markdown: {str(options.corpus)!r} is no folder.")
    scratch = Path(tempfile.mkdtemp())
    try:
        bench(options.corpus, options.files, options.questions, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
