"""`keys`: a key is shown once, listed without its secret, and revoked; what is none is refused with a reason."""

import json
import os
import subprocess
import sys

import pytest

from resume_pipeline import PROJECT_ROOT
from resume_pipeline.domain.api_keys import parse_token


@pytest.fixture
def keys(engine, tmp_path):
    """Runs the command over a fresh database."""
    url = engine.url.render_as_string(hide_password=False)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "resume_pipeline", "keys", *arguments],
            cwd=PROJECT_ROOT,
            env={**os.environ, "DATABASE_URL": url, "RESUME_STATE_DIR": str(tmp_path), "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_key_is_shown_once_listed_without_its_secret_and_revoked(keys, pipeline):
    made = keys("create", "Ada's scripts", "--scope", "ask", "--rate", "60/minute", "--budget-usd-per-day", "0.50")
    token = parse_token(made.stdout.strip())
    assert token is not None and token.secret not in made.stderr

    listed = keys("list")
    assert f"rp_{token.key_id}_…" in listed.stdout and "Ada's scripts" in listed.stdout and "$0.5" in listed.stdout
    assert token.secret not in listed.stdout
    (found,) = json.loads(keys("list", "--json").stdout)["keys"]
    assert (found["scopes"], found["rate"], found["state"], found["last_used_on"]) == (
        ["ask"],
        "60/minute",
        "valid",
        None,
    )

    assert "revoked" in keys("revoke", f"rp_{token.key_id}_…").stdout
    assert json.loads(keys("list", "--json").stdout)["keys"][0]["state"] == "revoked"
    assert pipeline.rows("SELECT octet_length(secret_hash) FROM api_keys") == [(32,)]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["create", "x", "--scope", "everything"], "no scope"),
        (["create", "x", "--rate", "often"], "as in 60/minute"),
        (["create", "x", "--budget-usd-per-day", "much"], "no amount"),
        (["create", "  "], "1 to 100 characters"),
        (["revoke", "zzzzzzzzzzzz"], "There is no key"),
    ],
)
def test_what_is_none_is_refused_with_a_reason(arguments, reason, keys):
    ran = keys(*arguments)
    assert ran.returncode == 1 and reason in ran.stderr
