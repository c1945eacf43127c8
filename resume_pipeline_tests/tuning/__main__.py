"""Print the tables: one setting a line, one set of questions a column."""

import argparse
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from resume_pipeline import PROJECT_ROOT
from resume_pipeline.domain.documents import ChunkLimits
from resume_pipeline.domain.reranking import FEATURE_WEIGHTS, Features
from resume_pipeline.embedding.base import Embedder
from resume_pipeline.embedding.registry import load_embedder
from resume_pipeline.storage.embedded import EmbeddedPostgres
from resume_pipeline_tests.tuning.export import Exporter
from resume_pipeline_tests.tuning.measure import figures
from resume_pipeline_tests.tuning.question_sets import QuestionSet, question_sets
from resume_pipeline_tests.tuning.ranking import Ranking, Searcher

DEFAULT = Ranking()
FUSED = replace(DEFAULT, reranker="none")
LIMITS = ChunkLimits()
Row = tuple[str, ChunkLimits, Ranking]


def tables() -> Iterator[tuple[str, list[Row]]]:
    """(title, rows) of each table."""
    one = {"lexical": replace(FUSED, vector_weight=0.0), "vector": replace(FUSED, vector_weight=1.0)}
    yield (
        "From one side to all of it",
        [
            *((name, LIMITS, ranking) for name, ranking in one.items()),
            ("rrf, equal weights", LIMITS, replace(FUSED, fusion="rrf", vector_weight=0.5)),
            ("convex", LIMITS, FUSED),
            ("convex, feature (default)", LIMITS, DEFAULT),
        ],
    )
    lexical = one["lexical"]
    yield (
        "Weight of title and headings (lexical)",
        [(f"{weight:g}", LIMITS, replace(lexical, header=weight)) for weight in (0, 0.5, 1, 2, 3)],
    )
    yield (
        "k1, b (lexical)",
        [
            (f"{k1}, {b}", LIMITS, replace(lexical, k1=k1, b=b))
            for k1, b in ((0.6, 0.6), (0.9, 0.4), (0.9, 0.6), (0.9, 0.75), (1.2, 0.5), (1.2, 0.75), (2.0, 0.75))
        ],
    )
    yield (
        "Weight of the vector side",
        [(f"convex, {weight}", LIMITS, replace(FUSED, vector_weight=weight)) for weight in (0.1, 0.2, 0.3, 0.4, 0.5)]
        + [
            (f"rrf, {weight}", LIMITS, replace(FUSED, fusion="rrf", vector_weight=weight)) for weight in (0.1, 0.3, 0.5)
        ],
    )
    yield (
        "Candidates of each side",
        [(str(count), LIMITS, replace(FUSED, candidates=count)) for count in (30, 50, 100, 200)],
    )
    yield "Reranker", [("none", LIMITS, FUSED), *reranked(), ("mmr", LIMITS, replace(DEFAULT, reranker="mmr"))]
    yield (
        "Typing errors corrected",
        [
            ("no", LIMITS, replace(DEFAULT, spelling=False)),
            ("yes", LIMITS, DEFAULT),
        ],
    )
    sizes = [ChunkLimits(160, 266), ChunkLimits(200, 333), ChunkLimits(240, 400), LIMITS, ChunkLimits(400, 666)]
    overlaps = [ChunkLimits(300, 500, 30), ChunkLimits(300, 500, 60)]
    yield (
        "Chunk size / maximum / overlap, in tokens",
        [
            (f"{limits.target_tokens} / {limits.max_tokens} / {limits.overlap_tokens}", limits, FUSED)
            for limits in sizes + overlaps
        ],
    )


def reranked() -> list[Row]:
    """The feature reranker, whole, without each of its features, and with those it leaves out."""
    rows: list[Row] = [("feature (default)", LIMITS, DEFAULT)]
    for name in ("heading", "phrase", "proximity", "neighbour", "length", "similarity"):
        rows.append((f"without {name}", LIMITS, replace(DEFAULT, weights=replace(FEATURE_WEIGHTS, **{name: 0.0}))))
    rows.append(("with coverage 0.2", LIMITS, replace(DEFAULT, weights=replace(FEATURE_WEIGHTS, coverage=0.2))))
    rows.append(("with window 0.2", LIMITS, replace(DEFAULT, weights=replace(FEATURE_WEIGHTS, window=0.2))))
    rows.append(("heading alone", LIMITS, replace(DEFAULT, weights=Features(heading=FEATURE_WEIGHTS.heading))))
    return rows


class Tuner:
    """Measures rows over all sets, each index and each question's vector made once."""

    def __init__(self, sets: list[QuestionSet], exporter: Exporter, embedder: Embedder) -> None:
        self._sets, self._exporter, self._embedder = sets, exporter, embedder
        self._searchers: dict[tuple[str, ChunkLimits], Searcher] = {}

    def line(self, row: Row) -> str:
        """A row of a table in markdown: two figures for each set, and the mean of all."""
        name, limits, ranking = row
        found = [self._figures(question_set, limits, ranking) for question_set in self._sets]
        mean = sum(first + second for first, second in found) / (2 * len(found))
        cells = " | ".join(f"{first:.3f} / {second:.3f}" for first, second in found)
        return f"| {name} | {cells} | {mean:.4f} |"

    def _figures(self, question_set: QuestionSet, limits: ChunkLimits, ranking: Ranking) -> tuple[float, float]:
        exported = self._exporter.export(question_set.files, limits)
        texts = [asked.text for asked in question_set.questions]
        searcher = self._searchers.setdefault((question_set.name, limits), Searcher(exported, texts, self._embedder))
        return figures(question_set, exported, searcher.rankings(ranking))


def main() -> None:
    """Print all tables, or those whose title holds a word."""
    parser = argparse.ArgumentParser(prog="make tune", description=__doc__)
    parser.add_argument("questions", type=Path, help="a folder of markdown with questions.jsonl")
    parser.add_argument("--content", type=Path, default=PROJECT_ROOT / "content")
    parser.add_argument("--corpus", type=Path, help="a folder of documentation with descriptions in its front matter")
    parser.add_argument("--model", default="local:wordllama-256")
    parser.add_argument("--only", default="", help="a word of a table's title")
    options = parser.parse_args()
    if not (options.questions / "questions.jsonl").is_file():
        raise SystemExit("make tune QUESTIONS=/path/to/folder: a folder of markdown with questions.jsonl is needed.")
    embedder = load_embedder(options.model)
    sets = question_sets(options.questions, options.content, options.corpus)
    scratch = Path(tempfile.mkdtemp())
    server = EmbeddedPostgres(scratch / "state")
    server.start()
    try:
        tuner = Tuner(sets, Exporter(server, scratch, embedder), embedder)
        names = " | ".join(f"{question_set.name} ({len(question_set.questions)})" for question_set in sets)
        for title, rows in tables():
            if options.only.lower() in title.lower():
                print(f"\n### {title}\n\n| | {names} | mean |\n|---" + "|---" * (len(sets) + 1) + "|", flush=True)
                for row in rows:
                    print(tuner.line(row), flush=True)
    finally:
        server.stop()
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
