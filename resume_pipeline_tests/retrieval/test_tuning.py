"""The tables are of the search that visitors use: the same order, and sets of questions made as they say."""

import json
import random

import pytest

from resume_pipeline.domain.documents import ChunkLimits
from resume_pipeline.domain.ranking_metrics import Relevant
from resume_pipeline.retrieval.model_weights import vector_weight
from resume_pipeline_tests.pipeline import long_text
from resume_pipeline_tests.tuning.export import Exporter
from resume_pipeline_tests.tuning.measure import figures, recall
from resume_pipeline_tests.tuning.question_sets import (
    Asked,
    QuestionSet,
    as_long_files,
    by_heading,
    description,
    in_keywords,
    misspelt,
    with_typing_error,
)
from resume_pipeline_tests.tuning.ranking import Ranking, Searcher

FILES = {
    "acme.md": f"# Acme\n\nQuery latency fell by half.\n\n## Shards and replicas\n\n{long_text(9, seed='acme')}\n",
    "birch.md": f"# Birch\n\n## Cursor stability\n\nA planner picks the segment.\n\n{long_text(7, seed='birch')}\n",
    "cedar.md": "---\ntitle: Cedar\ntags: [tuple, page]\n---\n# Cedar\n\nEvery posting has a lexeme; commit often.\n",
}
QUESTIONS = [
    "query latency",
    "which planner picks the segment?",
    "shards and replicas",
    "posting lexeme tuple",
    "latancy",
]


@pytest.mark.parametrize("mode", ["lexical", "vector", "hybrid"])
def test_a_ranking_of_the_tables_is_that_of_a_search_in_the_database(server, tmp_path, pipeline, mode):
    pipeline.limits = ChunkLimits(60, 100, 0)
    for path, body in FILES.items():
        pipeline.write(path, body)
    pipeline.run()
    weight = {"lexical": 0.0, "vector": 1.0, "hybrid": vector_weight(pipeline.embedder.name)}[mode]
    ranking = Ranking(vector_weight=weight, reranker="feature" if mode == "hybrid" else "none", spelling=True)

    exported = Exporter(server, tmp_path / "exported", pipeline.embedder).export(FILES, pipeline.limits)
    ranked = Searcher(exported, QUESTIONS, pipeline.embedder).rankings(ranking)

    assert len(exported.chunks) > 10
    for question, order in zip(QUESTIONS, ranked):
        hits = pipeline.search(question, limit=8, mode=mode)
        chunks = [exported.chunks[chunk] for chunk in order[: len(hits)]]
        assert [(chunk.path, chunk.chunk_index) for chunk in chunks] == [(hit.path, hit.chunk_index) for hit in hits]
    exported.engine.dispose()


def test_recall_is_the_share_of_the_excerpts_letters():
    files = {"a.md": "onetwothree", "b.md": "four"}
    wanted = [Relevant("a.md", "one two"), Relevant("b.md", "four")]

    assert recall(wanted, files, [("a.md", 0, 6), ("b.md", 0, 4)]) == 1.0
    assert recall(wanted, files, [("a.md", 3, 11), ("b.md", 1, 2), None]) == pytest.approx(4 / 10)
    assert recall(wanted, files, []) == 0.0


def test_hits_are_judged_by_the_first_relevant_chunk(server, tmp_path, embedder):
    asked = (Asked("a", (Relevant("cedar.md"),)), Asked("b", (Relevant("acme.md", "fell by half"),)))
    exported = Exporter(server, tmp_path, embedder).export(FILES, ChunkLimits())
    [cedar, *_] = [number for number, chunk in enumerate(exported.chunks) if chunk.path == "cedar.md"]
    [half] = [number for number, chunk in enumerate(exported.chunks) if "fell by half" in chunk.content]
    others = [number for number, chunk in enumerate(exported.chunks) if chunk.path == "birch.md"] * 9

    found = figures(QuestionSet("s", FILES, asked), exported, [[cedar], [*others[:5], half]])

    assert found == pytest.approx((0.5, (1 + 1 / 6) / 2))
    exported.engine.dispose()


def test_keywords_are_words_of_the_question_in_their_order_and_typing_errors_leave_the_rest():
    asked = Asked("which planner picks the segment of a shard", ())
    base = QuestionSet("s", {}, (asked,))

    [keywords] = in_keywords(base).questions
    [typed] = misspelt(base).questions

    places = [asked.text.split().index(word) for word in keywords.text.split()]
    assert places == sorted(places)
    assert 2 <= len(places) <= 3
    changed = [pair for pair in zip(asked.text.split(), typed.text.split()) if pair[0] != pair[1]]
    assert 1 <= len(changed) <= 2
    for word in ("planner", "segment"):
        for seed in range(20):
            assert with_typing_error(word, random.Random(seed))[0] == word[0]


def test_long_files_hold_every_excerpt_and_no_title(tmp_path):
    questions = []
    for number in range(20):
        (tmp_path / f"d{number}.md").write_text(f"# Title {number}\n\nFact {number} is so . And more , too .\n")
        span = {"path": f"d{number}.md", "text_span": f"Fact {number} is so ."}
        questions.append({"question": f"fact {number}?", "relevant": [span], "sentences": [f"Fact {number} is so ."]})
    (tmp_path / "questions.jsonl").write_text("\n".join(json.dumps(line) for line in questions))

    long = as_long_files(tmp_path)

    assert len(long.files) < 20
    assert len(long.questions) == 20
    assert not any("Title" in text for text in long.files.values())
    for asked in long.questions:
        [excerpt] = asked.relevant
        assert excerpt.text_span in long.files[excerpt.path]


def test_a_heading_that_asks_stands_no_longer_in_its_file():
    sentence = "It compares what each of the plans would cost, and takes the one that is below all of the others."
    text = f"# A\n\n## How the planner chooses\n\n{sentence}\n"

    made = by_heading({"a.md": text})

    [asked] = made.questions
    assert asked.text == "How the planner chooses"
    assert asked.text not in made.files["a.md"]
    assert asked.relevant[0].text_span in made.files["a.md"]
    assert description('---\ndescription: "Learn more about: A"\n---\n') is None
    assert description('---\ndescription: "How a plan is chosen here"\n---\n') == "How a plan is chosen here"
