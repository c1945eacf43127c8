"""`evaluate`, `gaps` and the figures in `ingest` and `status`, as a person or a tool calls them."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from resume_pipeline import PROJECT_ROOT
from resume_pipeline_tests.cli.test_commands import Terminal
from resume_pipeline_tests.evaluation.conftest import ANIMALS, golden, question

FIGURES = {"questions", "answerable", "hit_at_1", "hit_at_5", "hit_at_10", "mrr_at_10", "p50_ms", "p95_ms"}


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """The sample portfolio, ingested."""
    terminal = Terminal(tmp_path_factory.mktemp("an evaluation"))
    shutil.copytree(PROJECT_ROOT / "content", terminal.content)
    terminal.first = terminal.json("ingest")
    yield terminal
    terminal.run("db", "stop")


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    """Another folder, whose questions file names its paths with the folder before them."""
    folder = tmp_path / "zoo: it's 100%"
    folder.mkdir()
    for name, text in ANIMALS.items():
        (folder / f"{name}.md").write_text(f"# {name.title()}\n\n{text}\n", encoding="utf-8")
    golden(
        folder,
        question("Which one grazes in the savanna?", f"{folder.name}/zebra.md", "grazes in the savanna"),
        question("favourite pebble", f"{folder.name}/otter.md"),
        question("What does a giraffe cost?", None),
    )
    return folder


def test_the_golden_questions_of_the_sample_pass_the_bar_and_are_reported_by_ingest_and_status(terminal):
    evaluation = terminal.first["evaluation"]
    assert evaluation["passed"] and evaluation["questions"] >= 40
    assert set(evaluation["by_mode"]) == {"hybrid", "vector", "lexical"}
    assert evaluation["hit_at_5"] >= 0.8 and evaluation["problems"] == []
    status = terminal.json("status")["evaluation"]
    assert status["hit_at_5"] == evaluation["hit_at_5"] and status["p95_ms"] > 0


def test_evaluate_asks_what_is_live_by_each_mode_and_names_what_was_not_found(terminal):
    found = terminal.json("evaluate")

    assert set(found) >= {*FIGURES, "by_mode", "failures"}
    assert found["questions"] == found["answerable"] + 12
    assert found["hit_at_5"] == terminal.first["evaluation"]["hit_at_5"] == found["by_mode"]["hybrid"]["hit_at_5"]
    assert found["generation"] == 1 and found["scratch_database"] is None
    assert len(found["failures"]) == round((1 - found["hit_at_5"]) * found["answerable"])
    for failure in found["failures"]:
        assert failure["question"] and failure["expected"][0]["path"] and failure["found"][0]["path"]
    assert set(terminal.json("evaluate", "--mode", "vector")["by_mode"]) == {"vector"}


def test_another_folder_is_read_into_a_database_of_its_own_which_is_kept_until_it_is_discarded(terminal, animals):
    chunks = terminal.run("chunks").stdout
    arguments = ("evaluate", "--content", str(animals))

    first = terminal.run(*arguments, "--json")
    found = json.loads(first.stdout)
    assert (found["questions"], found["answerable"], found["hit_at_5"]) == (3, 2, 1.0)
    assert "without the folder" in found["warnings"][0] and "without the folder" in first.stderr
    second = terminal.run(*arguments)
    assert "--discard" in second.stdout and found["scratch_database"] in second.stdout
    (animals / "otter.md").unlink()
    third = terminal.json(*arguments)
    assert third["hit_at_5"] == 0.5 and third["problems"] == [{"line": 2, "reason": "no document otter.md"}]

    assert terminal.run("chunks").stdout == chunks, "the live index is not touched"
    discarded = terminal.json(*arguments, "--discard")["discarded"]
    assert [scratch["name"] for scratch in discarded] == [found["scratch_database"]]
    assert terminal.json("evaluate", "--discard")["discarded"] == []


def test_a_questions_file_with_bad_lines_is_told_line_by_line(terminal, tmp_path):
    file = tmp_path / "q.jsonl"
    file.write_text('{"question": "kafka", "relevant": [{"path": "resume.md"}]}\n{"oops"\n')
    result = terminal.run("evaluate", "--questions", str(file), "--mode", "lexical")
    assert result.returncode == 0 and "line 2: no JSON" in result.stderr

    missing = terminal.run("evaluate", "--questions", str(tmp_path / "none.jsonl"))
    assert missing.returncode == 1 and "none.jsonl" in missing.stderr and "Traceback" not in missing.stderr


def test_what_was_searched_and_not_found_is_listed(terminal):
    for words in ("Can she program in COBOL?", "salesforce", "kafka"):
        terminal.run("search", words)
    terminal.run("search", "glockenspiel", RESUME_QUERY_LOG="off")

    found = terminal.json("gaps")
    assert found["questions"] == 3
    assert {gap["question"] for gap in found["gaps"]} == {"Can she program in COBOL?", "salesforce"}
    assert "salesforce" in terminal.run("gaps").stdout


def test_an_ingest_below_the_bar_ends_with_the_figures_and_a_person_may_accept_it(terminal):
    file = terminal.content / "golden_questions.jsonl"
    before = file.read_text()
    golden(terminal.content, question("Who is the king of France?", "resume.md", "the king of France"))
    (terminal.content / "talks.md").write_text("# Talks\n\nNone any more.\n")
    try:
        held = terminal.json("ingest", exit_code=1)
        assert held["published"] is False and held["evaluation"]["passed"] is False
        for part in ("hit@5 is 0.000", "RESUME_MIN_HIT_AT_5", "--accept-lower-quality"):
            assert part in held["error"]
        assert terminal.json("status")["generation"] == 1
        assert terminal.json("evaluate", "--candidate")["failures"][0]["expected"][0]["path"] == "resume.md"
        assert "hit@5 is 0.000" in terminal.run("publish").stderr
        assert terminal.json("publish", "--accept-lower-quality")["generation"] == 2
    finally:
        file.write_text(before)
