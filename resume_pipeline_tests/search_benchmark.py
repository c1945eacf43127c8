"""How fast and how good a search is: `make bench-search CORPUS=/path/to/markdown`.

Everything runs in one process over an embedded Postgres of its own: the corpus is ingested, then questions made of the
corpus' own sentences are asked of what is published, in each mode, warm, with the local embedding model. The lexical
index is then given one per cent more, to see that the cost follows what is new. `--state DIR` keeps the ingested corpus
for the next call.
"""

import argparse
import os
import random
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from resume_pipeline.embedding.registry import load_embedder
from resume_pipeline.embedding.tokens import load_token_counter
from resume_pipeline.ingestion.chunks import chunk_documents
from resume_pipeline.ingestion.documents import record_documents
from resume_pipeline.ingestion.embeddings import embed_chunks
from resume_pipeline.ingestion.indexing import build_vector_index
from resume_pipeline.ingestion.lexical_index import build_lexical_index
from resume_pipeline.ingestion.publishing import publish
from resume_pipeline.ingestion.writing import writing
from resume_pipeline.retrieval.retriever import Retriever
from resume_pipeline.storage.embedded import EmbeddedPostgres
from resume_pipeline.storage.engine import Engine, make_engine
from resume_pipeline.storage.migrations import upgrade
from resume_pipeline_tests.benchmark import subset
from resume_pipeline_tests.pipeline import Pipeline

MODEL = "local:wordllama-256"
WORDS = 10
LIMIT = 10
ADDED = "added"


def timed(name: str, work: Callable[[], object]) -> float:
    """Seconds of a piece of work, told as it is done."""
    started = time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    print(f"  {name}: {seconds:.2f} s", flush=True)
    return seconds


def ingest(pipeline: Pipeline) -> float:
    """Run the stages up to the publish; the seconds that the lexical index took."""
    with writing(pipeline.engine, timeout_seconds=10) as sessions:
        timed("documents", lambda: record_documents(sessions, pipeline.root, max_loss_share=1))
        timed("chunks", lambda: chunk_documents(sessions, load_token_counter()))
        timed("embeddings", lambda: embed_chunks(sessions, pipeline.embedder))
        lexical = timed("lexical index", lambda: build_lexical_index(sessions, "english"))
        timed(
            "vector index",
            lambda: build_vector_index(sessions, MODEL, kind="auto", exact_limit=20_000, recall_target=0.98),
        )
        timed("publish", lambda: publish(sessions, MODEL, min_coverage=0.9, quality=pipeline.quality))
        return lexical


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


@dataclass(frozen=True, slots=True)
class CpuClock:
    """Milliseconds of processor time: of this process, and of the server's processes that answer its connections.

    Wall-clock time says little on a machine that others use, too. Linux only: elsewhere the server's time is NaN.
    """

    backends: Sequence[int]

    @classmethod
    def of(cls, engine: Engine) -> "CpuClock":
        """The clock of an engine whose pool has made the connections that count."""
        with engine.connect() as connection:
            found = connection.scalars(
                text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = :kind"),
                {"kind": "client backend"},
            )
            return cls(list(found))

    def read(self) -> tuple[float, float]:
        """(client, server) so far."""
        try:
            ticks = sum(self._ticks(pid) for pid in self.backends)
        except OSError:
            return time.process_time() * 1000, float("nan")
        return time.process_time() * 1000, ticks * 1000 / os.sysconf("SC_CLK_TCK")

    @staticmethod
    def _ticks(pid: int) -> int:
        # utime and stime, the 14th and 15th field (proc(5)); the second, the program's name, may hold spaces.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])


def ask(retriever: Retriever, clock: CpuClock, asked: Sequence[str]) -> None:
    """Ask everything in each mode and print a row for each."""
    print("\n| mode | questions | p50 ms | p95 ms | max ms | client CPU ms | server CPU ms |")
    print("|---|---|---|---|---|---|---|")
    for mode in ("lexical", "vector", "hybrid"):
        for question in asked[:50]:
            retriever.search(question, limit=LIMIT, mode=mode)
        before = clock.read()
        taken = [retriever.search(question, limit=LIMIT, mode=mode).milliseconds for question in asked]
        client, server = ((now - then) / len(asked) for then, now in zip(before, clock.read(), strict=True))
        print(
            f"| {mode} | {len(asked)} | {percentile(taken, 0.5):.1f} | {percentile(taken, 0.95):.1f} "
            f"| {max(taken):.1f} | {client:.1f} | {server:.1f} |",
            flush=True,
        )


def recall(pipeline: Pipeline, retriever: Retriever, asked: Sequence[str]) -> float:
    """Share of the ten nearest by exact search that the index finds, over the questions."""

    def nearest() -> list[set[tuple[str, int]]]:
        hits = [retriever.search(q, limit=LIMIT, mode="vector").hits for q in asked]
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
    files = sorted(
        file for file in pipeline.content.rglob("*.md") if ADDED not in file.relative_to(pipeline.content).parts[:1]
    )
    round_ = len(list((pipeline.content / ADDED).glob("*"))) + 1
    for number, file in enumerate(files[:: int(1 / share)]):
        copy = pipeline.content / ADDED / str(round_) / f"{number}-{file.name}"
        copy.parent.mkdir(parents=True, exist_ok=True)
        body = file.read_text(encoding="utf-8", errors="replace")
        copy.write_text("\n\n".join(f"{part} Again {round_}." for part in body.split("\n\n")), encoding="utf-8")
    with writing(pipeline.engine, timeout_seconds=10) as sessions:
        record_documents(sessions, pipeline.root, max_loss_share=1)
        chunk_documents(sessions, load_token_counter())
        started = time.perf_counter()
        report = build_lexical_index(sessions, "english")
        return report.new, time.perf_counter() - started


def bench(corpus: Path, files: int, count: int, folder: Path) -> None:
    """Ingest unless the folder has it all already, ask, append."""
    kept = folder / "lexical_seconds"
    server = EmbeddedPostgres(folder / "state")
    server.start()
    engine = make_engine(server.url())
    try:
        content = folder / "content" if kept.exists() else subset(corpus, folder / "content", files)
        pipeline = Pipeline(engine, content, load_embedder(MODEL))
        if not kept.exists():
            upgrade(engine)
            kept.write_text(str(ingest(pipeline)), encoding="utf-8")
        built = float(kept.read_text(encoding="utf-8"))
        [(chunks,)] = pipeline.rows("SELECT chunks FROM generations WHERE state = 'live'")
        [(size,)] = pipeline.rows("SELECT pg_total_relation_size('lexicon') + pg_total_relation_size('postings')")
        asked = questions(pipeline, count)
        retriever = Retriever(pipeline.sessions, lambda _: pipeline.embedder)
        retriever.search(asked[0])
        print(f"\n{chunks:,} chunks; lexicon and postings {size / 1e6:.0f} MB")
        ask(retriever, CpuClock.of(engine), asked)
        print(f"\nrecall@10 of the vector index over the questions: {recall(pipeline, retriever, asked):.4f}")
        new, taken = append(pipeline, 0.01)
        print(
            f"lexical index: built in {built:.1f} s; {new:,} chunks more ({new / chunks:.1%}) "
            f"took {taken:.2f} s ({taken / built:.1%})"
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
    parser.add_argument("--state", type=Path, help="a folder to keep the ingested corpus in")
    options = parser.parse_args()
    if not options.corpus.is_dir():
        raise SystemExit(f"make bench-search CORPUS=/path/to/markdown: {str(options.corpus)!r} is no folder.")
    folder = options.state or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    try:
        bench(options.corpus, options.files, options.questions, folder)
    finally:
        if options.state is None:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
