"""A content root with golden questions whose answers are known."""

import json
from pathlib import Path

import pytest

from resume_pipeline_tests.pipeline import Pipeline

ANIMALS = {
    "zebra": "The zebra has a stripe, a second stripe and one more stripe on its coat, and grazes in the savanna.",
    "tiger": "The tiger hunts at dusk; a single stripe of it is enough to frighten the village by the river for weeks.",
    "heron": "The heron stands in shallow water and waits without a movement until a frog forgets that it is there.",
    "otter": "The otter keeps a favourite pebble under its arm and cracks the shells of mussels on it, floating.",
}


def golden(folder: Path, *questions: dict) -> Path:
    """Write golden questions into a content root."""
    file = folder / "golden_questions.jsonl"
    file.write_text("\n".join(json.dumps(question) for question in questions) + "\n", encoding="utf-8")
    return file


def question(words: str, path: str | None, span: str | None = None) -> dict:
    """One golden question; without a path the content does not say."""
    relevant = [{"path": path, **({"text_span": span} if span else {})}] if path else []
    return {"id": words, "question": words, "relevant": relevant}


@pytest.fixture
def animals(pipeline: Pipeline) -> Pipeline:
    """Four documents, and one question for each of them that its words answer."""
    for name, text in ANIMALS.items():
        pipeline.write(f"{name}.md", f"# {name.title()}\n\n{text}\n")
    golden(
        pipeline.content,
        question("Which one grazes in the savanna?", "zebra.md", "grazes in the savanna"),
        question("Who hunts at dusk?", "tiger.md", "hunts at dusk"),
        question("Who waits for a frog?", "heron.md", "until a frog forgets"),
        question("favourite pebble", "otter.md", "a favourite pebble under its arm"),
        question("What does a giraffe cost?", None),
    )
    return pipeline
