"""Settings: every default is documented, every wrong value is explained, no secret is ever shown."""

import os
import re
import shutil
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from resume_pipeline import PROJECT_ROOT
from resume_pipeline.errors import ConfigurationError
from resume_pipeline.settings import Settings, load_settings

VARIABLES = {field.alias: field for field in Settings.model_fields.values()}
DOCUMENTED = dict(re.findall(r"^# ([A-Z][A-Z0-9_]+)=(.*)$", (PROJECT_ROOT / ".env.example").read_text("utf-8"), re.M))
PASSWORD = "correct-horse"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


def settings_from(env_file: Path | None = None) -> Settings:
    """The settings of this process, without the ``.env`` of whoever runs the tests."""
    return Settings(_env_file=env_file)


def refusal(monkeypatch: pytest.MonkeyPatch, **values: str) -> str:
    """The message that these environment variables are answered with."""
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    return str(caught.value)


def test_without_any_variable_the_embedded_database_and_the_local_model_are_used():
    settings = settings_from()

    assert settings.database_url is None
    assert settings.embedding_model == "local:wordllama-256"
    assert (settings.chunk_limits.target_tokens, settings.chunk_limits.max_tokens) == (300, 500)
    assert settings.max_file_bytes == 10_000_000
    assert settings.automation == "stopped"


def test_with_a_key_openais_small_model_is_used_unless_another_is_chosen(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", PASSWORD)
    assert settings_from().embedding_model == "openai:text-embedding-3-small"

    monkeypatch.setenv("RESUME_EMBEDDING_MODEL", "hashing:64")
    assert settings_from().embedding_model == "hashing:64"

    monkeypatch.setenv("RESUME_EMBEDDING_MODEL", "")
    monkeypatch.setenv("OPENAI_API_KEY", "")
    assert settings_from().embedding_model == "local:wordllama-256"


def test_a_key_in_the_env_file_chooses_the_model_too(tmp_path):
    env_file = tmp_path / ".env"
    env_file.write_text(f"OPENAI_API_KEY={PASSWORD}\n")

    assert settings_from(env_file).embedding_model == "openai:text-embedding-3-small"


def test_the_key_does_not_show_in_the_settings(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", PASSWORD)
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://somebody:{PASSWORD}@localhost:11434/v1")

    assert PASSWORD not in repr(settings_from()) + str(settings_from())


def test_an_address_that_is_no_url_is_refused_without_showing_it(monkeypatch):
    said = refusal(monkeypatch, OPENAI_BASE_URL=f"somebody:{PASSWORD}@localhost:11434")

    assert "OPENAI_BASE_URL" in said and "http://localhost:11434/v1" in said
    assert PASSWORD not in said


def test_a_relative_path_starts_at_the_project_root_wherever_the_process_runs(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RESUME_CONTENT_ROOT", "some/notes")

    settings = settings_from()

    assert settings.content_root == PROJECT_ROOT / "some" / "notes"
    assert settings.state_dir == PROJECT_ROOT / ".resume-pipeline"


def test_an_absolute_path_is_taken_as_it_is(monkeypatch, tmp_path):
    monkeypatch.setenv("RESUME_CONTENT_ROOT", str(tmp_path))

    assert settings_from().content_root == tmp_path


def test_an_empty_variable_means_the_default(monkeypatch):
    monkeypatch.setenv("RESUME_CHUNK_TOKENS", "")
    monkeypatch.setenv("DATABASE_URL", "")

    assert settings_from() == Settings(_env_file=None)
    assert settings_from().chunk_tokens == 300


def test_the_hard_maximum_follows_the_target_unless_it_is_set(monkeypatch):
    monkeypatch.setenv("RESUME_CHUNK_TOKENS", "150")
    assert settings_from().chunk_limits.max_tokens == 250

    monkeypatch.setenv("RESUME_CHUNK_MAX_TOKENS", "180")
    assert settings_from().chunk_limits.max_tokens == 180


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("RESUME_CHUNK_TOKENS", "many", "integer"),
        ("RESUME_CHUNK_TOKENS", "3", "greater than or equal to 16"),
        ("RESUME_CHUNK_MAX_TOKENS", "9000", "less than or equal to 8000"),
        ("RESUME_CHUNK_OVERLAP", "-1", "greater than or equal to 0"),
        ("RESUME_VECTOR_INDEX", "flat", "'auto', 'exact', 'hnsw' or 'ivfflat'"),
        ("RESUME_INDEX_RECALL", "1.5", "less than or equal to 1"),
        ("RESUME_MAX_LOSS_SHARE", "25", "less than or equal to 1"),
        ("RESUME_EMBEDDING_MODEL", "wordllama-256", "local:wordllama-256"),
        ("RESUME_EMBEDDING_MODEL", "local:", "local:wordllama-256"),
        ("RESUME_SCHEDULE_CRON", "hourly", "0 * * * *"),
        ("RESUME_SCHEDULE_CRON", "61 * * * *", "minute"),
        ("RESUME_SCHEDULE_CRON", "0 0 * * MOONDAY", "weekday"),
        ("RESUME_SCHEDULE_TIMEZONE", "Mars/Olympus", "Europe/Berlin"),
        ("RESUME_MIN_HIT_AT_5", "80", "less than or equal to 1"),
        ("RESUME_MAX_QUALITY_DROP", "-0.1", "greater than or equal to 0"),
        ("RESUME_QUERY_LOG", "yes", "'on' or 'off'"),
        ("RESUME_QUERY_LOG_DAYS", "0", "greater than or equal to 1"),
        ("RESUME_AUTOMATION", "on", "'stopped' or 'running'"),
    ],
)
def test_a_wrong_value_is_answered_with_variable_value_and_what_is_allowed(monkeypatch, name, value, allowed):
    message = refusal(monkeypatch, **{name: value})

    assert name in message
    assert repr(value) in message
    assert allowed in message


def test_a_key_that_is_too_short_is_refused_without_being_shown(monkeypatch):
    message = refusal(monkeypatch, RESUME_SECRET_KEY="hunter2")

    assert "RESUME_SECRET_KEY" in message and "16" in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    "cron", ["0 * * * *", "*/15 6-22 * * 1-5", "5,35 0 1,15 jan-mar,DEC *", "0 0 * * Sun", "@daily", "0 0 * * 7"]
)
def test_the_usual_ways_to_write_a_cron_line_are_accepted(monkeypatch, cron):
    monkeypatch.setenv("RESUME_SCHEDULE_CRON", cron)

    assert settings_from().schedule_cron == cron


def test_every_wrong_value_is_named_at_once(monkeypatch):
    message = refusal(monkeypatch, RESUME_CHUNK_TOKENS="many", RESUME_VECTOR_INDEX="flat")

    assert "RESUME_CHUNK_TOKENS" in message
    assert "RESUME_VECTOR_INDEX" in message


@pytest.mark.parametrize("name", ["DATABASE_URL", "MIGRATION_DATABASE_URL"])
@pytest.mark.parametrize(
    "url", [f"mysql://me:{PASSWORD}@host/db", f"me:{PASSWORD}@host/db", f"sqlite:///{PASSWORD}.db", PASSWORD]
)
def test_a_url_that_is_not_postgres_is_refused_without_showing_its_password(monkeypatch, name, url):
    monkeypatch.setenv(name, url)

    with pytest.raises(ConfigurationError) as caught:
        load_settings()

    assert name in str(caught.value)
    assert "postgresql://USER:PASSWORD@HOST:5432/DATABASE" in str(caught.value)
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))


def test_settings_never_show_the_password_of_the_database(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", f"postgresql://me:{PASSWORD}@host/db")
    monkeypatch.setenv("MIGRATION_DATABASE_URL", f"postgresql://me:{PASSWORD}@host/db")

    settings = load_settings()

    for shown in (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()):
        assert PASSWORD not in shown
    assert PASSWORD in settings.database_url.get_secret_value()


def test_another_wrong_value_does_not_bring_the_password_to_light(monkeypatch):
    message = refusal(
        monkeypatch,
        DATABASE_URL=f"postgresql://me:{PASSWORD}@host/db",
        RESUME_CHUNK_TOKENS="300",
        RESUME_CHUNK_OVERLAP="200",
    )

    assert PASSWORD not in message


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"RESUME_CHUNK_TOKENS": "300", "RESUME_CHUNK_MAX_TOKENS": "200"}, "200 tokens is below the target of 300"),
        ({"RESUME_CHUNK_TOKENS": "100", "RESUME_CHUNK_OVERLAP": "60"}, "half of the target (50)"),
    ],
)
def test_chunk_limits_that_contradict_one_another_are_refused(monkeypatch, values, reason):
    message = refusal(monkeypatch, **values)

    assert reason in message
    assert all(name in message for name in values)


def test_the_example_file_documents_every_setting_and_nothing_else():
    assert set(DOCUMENTED) == set(VARIABLES)


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_the_example_file_shows_the_true_default(name):
    default = VARIABLES[name].default
    placeholder = re.fullmatch(r"postgresql://USER:PASSWORD@HOST:5432/DATABASE", DOCUMENTED[name])

    assert DOCUMENTED[name] == ("" if default is None else str(default)) or (default is None and placeholder)


def test_uncommenting_the_whole_example_file_changes_nothing(tmp_path):
    everything = tmp_path / ".env"
    everything.write_text("".join(f"{name}={value}\n" for name, value in DOCUMENTED.items() if name != "DATABASE_URL"))

    assert settings_from(everything) == settings_from()


def test_every_line_of_the_example_file_is_a_comment():
    lines = (PROJECT_ROOT / ".env.example").read_text("utf-8").splitlines()

    assert [line for line in lines if line and not line.startswith("#")] == []


def test_the_environment_wins_over_the_env_file(monkeypatch, tmp_path):
    env_file = tmp_path / ".env"
    env_file.write_text("RESUME_CHUNK_TOKENS=128\nRESUME_VECTOR_INDEX=ivfflat\n")
    monkeypatch.setenv("RESUME_CHUNK_TOKENS", "256")

    settings = settings_from(env_file)

    assert settings.chunk_tokens == 256
    assert settings.vector_index == "ivfflat"


def test_the_env_file_of_the_project_is_read_from_any_working_directory(tmp_path):
    project = tmp_path / "the project"
    shutil.copytree(
        PROJECT_ROOT / "resume_pipeline", project / "resume_pipeline", ignore=shutil.ignore_patterns("data", "__py*")
    )
    (project / ".env").write_text("RESUME_CHUNK_TOKENS=128\nUNKNOWN_VARIABLE=x\n")
    environment = {**os.environ, "PYTHONPATH": str(project)}
    code = "from resume_pipeline.settings import load_settings as s; print(s().chunk_tokens, s().content_root)"

    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    ).stdout

    assert shown.split(maxsplit=1) == ["128", f"{project / 'content'}\n"]
