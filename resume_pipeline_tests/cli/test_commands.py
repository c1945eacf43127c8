"""The commands as a person or a tool calls them: real processes, the sample portfolio, a server of their own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from resume_pipeline import PROJECT_ROOT


class Terminal:
    """Runs `resume-pipeline` with a state folder and a content root of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.content = folder / "my content"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("RESUME_", "DAGSTER_"))},
            "RESUME_STATE_DIR": str(folder / "state"),
            "RESUME_CONTENT_ROOT": str(self.content),
            "DATABASE_URL": "",
        }

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "resume_pipeline", *arguments],
            capture_output=True,
            text=True,
            cwd=self.folder,
            check=False,
            env={**self.environment, **environment},
        )

    def json(self, *arguments: str, exit_code: int = 0) -> Any:
        result = self.run(*arguments, "--json")
        assert result.returncode == exit_code, result.stderr
        (line,) = result.stdout.splitlines()
        return json.loads(line)


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """The sample portfolio, ingested."""
    terminal = Terminal(tmp_path_factory.mktemp("a terminal"))
    shutil.copytree(PROJECT_ROOT / "content", terminal.content)
    terminal.first = terminal.json("ingest")
    yield terminal
    terminal.run("db", "stop")


def test_ingest_reports_what_it_did_and_a_second_one_does_nothing(terminal):
    first, second = terminal.first, terminal.json("ingest")

    assert first["published"] is True and first["generation"] == 1
    assert first["files"]["added"] == 21 and first["files"]["skipped"] == 2
    assert set(first["files"]) == {"seen", "added", "changed", "renamed", "removed", "unchanged", "skipped"}
    assert first["chunks"]["new"] == first["chunks"]["total"] == first["embeddings"]["sent"] > 50
    assert first["embeddings"]["tokens"] > 5_000 and first["embeddings"]["cost_usd"] == 0
    assert {skipped["path"] for skipped in first["skipped"]} == {
        "notes/salary-expectations.md",
        "posts/nobody-needs-my-kafka.md",
    }
    assert first["errors"] == [] and first["warnings"] == []
    assert set(first["seconds"]) >= {"documents", "document_chunks", "chunk_embeddings"}
    assert second["published"] is False and second["generation"] == 1
    assert second["embeddings"]["sent"] == 0 and second["embeddings"]["reused"] == first["chunks"]["total"]
    assert second["files"]["unchanged"] == 21


def test_an_ingest_is_recorded_where_the_dagster_ui_shows_it(terminal):
    import dagster as dg

    with dg.DagsterInstance.from_config(str(terminal.folder / "state/dagster")) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey("published_generation"))
    assert event is not None


def test_plan_exits_with_0_when_there_is_nothing_to_do_and_with_2_when_there_is(terminal):
    terminal.json("ingest")
    nothing = terminal.json("plan")
    assert nothing["embeddings"]["sent"] == 0
    new = terminal.content / "posts/a-new-post.md"
    new.write_text("# A new post\n\nAbout the wind in Gdynia.\n")
    try:
        something = terminal.json("plan", exit_code=2)
        assert something["files"]["added"] == 1
        assert something["embeddings"]["sent"] == something["chunks"]["new"] == 1
    finally:
        new.unlink()


def test_search_finds_the_passage_with_its_place_and_scores(terminal):
    found = terminal.json("search", "Which university did she study distributed systems at?", "--limit", "5")

    assert len(found["hits"]) == 5 and found["generation"] >= 1 and found["milliseconds"] > 0
    assert "resume.md" in [hit["path"] for hit in found["hits"]]
    assert set(found["hits"][0]) == {
        "path",
        "chunk_index",
        "heading_path",
        "start_line",
        "end_line",
        "content",
        "score",
        "vector_score",
        "lexical_score",
        "title",
        "kind",
        "document_id",
    }
    scores = [hit["score"] for hit in found["hits"]]
    assert scores == sorted(scores, reverse=True)
    lines = (terminal.content / found["hits"][0]["path"]).read_text().splitlines()
    assert 1 <= found["hits"][0]["start_line"] <= found["hits"][0]["end_line"] <= len(lines)


@pytest.mark.parametrize("mode", ["hybrid", "vector", "lexical"])
def test_each_mode_of_search_answers_a_plain_question(terminal, mode):
    found = terminal.json("search", "extension for Postgres written in Rust", "--mode", mode)
    assert any("bruzda" in hit["path"] or "rust" in hit["path"] for hit in found["hits"])


def test_filters_keep_to_their_files_and_still_fill_the_limit(terminal):
    by_path = terminal.json("search", "data", "--where", "path=jobs/*", "--limit", "10")
    assert len(by_path["hits"]) == 10
    assert all(hit["path"].startswith("jobs/") for hit in by_path["hits"])
    by_key = terminal.json("search", "work", "--where", "company=Pennyfold Systems")
    assert {hit["path"] for hit in by_key["hits"]} == {"jobs/pennyfold-systems.md", "projects/tariff-diff.md"}
    assert terminal.json("search", "work", "--where", "company='; DROP TABLE documents; --")["hits"] == []


def test_chunks_prints_one_object_a_line_for_every_live_chunk(terminal):
    result = terminal.run("chunks")
    chunks = [json.loads(line) for line in result.stdout.splitlines()]

    assert len(chunks) >= terminal.first["chunks"]["total"]
    assert set(chunks[0]) == {
        "path", "chunk_index", "text", "headings", "metadata", "tokens", "start_line", "end_line",
    }  # fmt: skip
    assert max(chunk["tokens"] for chunk in chunks) <= 500
    everything = result.stdout
    for secret in ("34,000 zł", "1,150 euros", "broker named Gerald", "SKIP LOCKED", "does not exist"):
        assert secret not in everything


def test_rollback_status_generations_and_publish_tell_the_same_story(terminal):
    file = terminal.content / "jobs" / "extra.md"
    file.write_text("# An extra job\n\nAt a lighthouse.\n")
    published = terminal.json("ingest")["generation"]
    assert terminal.json("status")["generation"] == published

    back = terminal.json("rollback")
    assert back["previous"] == published and back["generation"] == published - 1
    assert terminal.json("ingest")["published"] is False
    states = {g["generation"]: g["state"] for g in terminal.json("generations")["generations"]}
    assert states[published] == "withdrawn" and states[published - 1] == "live"

    forward = terminal.json("publish")
    assert forward["published"] and forward["generation"] == published + 1
    assert "lighthouse" in terminal.run("chunks").stdout
    file.unlink()
    assert terminal.json("ingest")["files"]["removed"] == 1


def test_rolling_back_to_a_generation_that_does_not_exist_names_those_that_do(terminal):
    result = terminal.run("rollback", "999")
    assert result.returncode == 1 and "999" in result.stderr and "live" in result.stderr


def test_doctor_is_well_on_a_working_set_up_and_says_what_to_do_on_a_broken_one(terminal):
    well = terminal.json("doctor")
    assert well["ok"] and len(well["checks"]) >= 7

    broken = terminal.run(
        "doctor",
        "--json",
        DATABASE_URL="postgresql://someone:s3cret-word@127.0.0.1:9/none",
        RESUME_CONTENT_ROOT="/none",
    )
    assert broken.returncode == 1
    findings = {finding["name"]: finding for finding in json.loads(broken.stdout)["checks"]}
    assert not findings["connection"]["ok"] and "DATABASE_URL" in findings["connection"]["remedy"]
    assert not findings["content root"]["ok"]
    assert findings["embedder"]["ok"]
    assert "s3cret-word" not in broken.stdout + broken.stderr


def test_a_missing_content_root_ends_the_ingest_with_a_reason_and_changes_nothing(terminal):
    before = terminal.run("chunks").stdout
    result = terminal.run("ingest", RESUME_CONTENT_ROOT=str(terminal.folder / "nowhere"))
    assert result.returncode == 1
    assert "nowhere" in result.stderr and "Traceback" not in result.stderr
    assert terminal.run("chunks").stdout == before


def test_a_folder_of_ones_own_replaces_the_content_on_confirmation(terminal, tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    (own / "bees.md").write_text("# Somebody else\n\nKeeps bees.\n")

    held = terminal.run("ingest", "--content", str(own))
    assert held.returncode == 1 and "--yes" in held.stderr
    confirmed = terminal.json("ingest", "--content", str(own), "--yes")
    assert confirmed["published"] and confirmed["files"]["removed"] == 21
    assert "Keeps bees" in terminal.run("chunks").stdout
    assert terminal.json("ingest", "--yes")["embeddings"]["sent"] == 0


def test_a_wrong_setting_names_the_variable_the_value_and_what_is_allowed(terminal):
    result = terminal.run("status", RESUME_VECTOR_INDEX="fast")
    assert result.returncode == 1
    for word in ("RESUME_VECTOR_INDEX", "fast", "hnsw"):
        assert word in result.stderr


def test_the_embedded_server_is_stopped_and_started_again_on_demand(terminal):
    assert "Stopped" in terminal.run("db", "stop").stdout
    assert "did not run" in terminal.run("db", "stop").stdout
    assert terminal.json("status")["generation"] >= 1
    assert terminal.run("db", "url").stdout.startswith("postgresql://")
    current = terminal.json("db", "current")
    assert current["at_head"] is True


def test_before_the_first_ingest_every_question_says_how_to_begin(tmp_path):
    terminal = Terminal(tmp_path)
    terminal.content.mkdir()
    try:
        assert "resume-pipeline ingest" in terminal.run("search", "anything").stderr
        assert "resume-pipeline ingest" in terminal.run("status").stdout
        assert terminal.json("status")["generation"] is None
        nothing = terminal.json("ingest")
        assert nothing["published"] is False and nothing["generation"] is None
    finally:
        terminal.run("db", "stop")


def test_another_model_is_added_filled_served_and_removed_again(terminal):
    live = terminal.json("status")["live"]
    assert terminal.json("models", "add", "hashing:32") == {
        "model": "hashing:32",
        "dimensions": 32,
        "usd_per_million_tokens": 0.0,
    }
    planned = terminal.json("models", "fill", "--plan", "hashing:32")["embeddings"]
    filled = terminal.json("models", "fill", "hashing:32")
    assert filled["embeddings"]["sent"] == planned["sent"] == live["chunks"] and filled["index"]["used_by_search"]

    compared = terminal.json("models", "evaluate")["models"]
    assert set(compared) == {"hashing:32", live["embedding_model"]}
    refused = terminal.run("models", "serve", "hashing:32", RESUME_MIN_HIT_AT_5="0.99")
    assert refused.returncode == 1
    assert f"hit@5 is {compared['hashing:32']['hybrid']['hit_at_5']:.3f}" in " ".join(refused.stderr.split())
    served = terminal.json("models", "serve", "hashing:32", "--accept-lower-quality")
    assert served["served"] and served["previous_generation"] == live["generation"]
    plan = terminal.json("plan")
    assert plan["embeddings"]["model"] == "hashing:32" and "models serve local:wordllama-256" in plan["notice"]
    assert len(terminal.json("search", "Postgres", "--mode", "vector")["hits"]) == 5
    assert terminal.run("models", "remove", "hashing:32").returncode == 1

    back = terminal.json("models", "serve", live["embedding_model"])
    assert back["model"] == "local:wordllama-256"
    assert "--yes" in terminal.run("models", "remove", "hashing:32").stderr
    assert terminal.json("models", "remove", "hashing:32", "--yes")["generations_lost"] == [served["generation"]]
    assert [model["model"] for model in terminal.json("models", "list")["models"]] == ["local:wordllama-256"]
