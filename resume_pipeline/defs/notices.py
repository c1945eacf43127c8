"""Telling a person that a run failed: what failed, why, and what to do; in the sensor's log, and by a webhook.

The message of each error names the next step already (``errors``); here it is only passed on.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import dagster as dg

from resume_pipeline.defs.automation import SENSORS_ARE
from resume_pipeline.settings import load_settings

WEBHOOK_TIMEOUT_SECONDS = 10
MAX_REASON_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class StepFailure:
    """One step that failed, after the retries it may have; empty when the run ended otherwise."""

    step: str
    reason: str


@dg.run_failure_sensor(
    name="run_failed",
    default_status=SENSORS_ARE,
    description="Says what failed and what to do: in its log, and to RESUME_FAILURE_WEBHOOK.",
)
def run_failed(context: dg.RunFailureSensorContext) -> None:
    """Tell about one failed run."""
    failed = _failures(context)
    message = _message(context.dagster_run.job_name, context.dagster_run.run_id, failed)
    context.log.error(message)
    webhook = load_settings().failure_webhook
    if webhook is not None:
        problem = post(
            webhook.get_secret_value(),
            {
                "text": message,  # what Slack and its kin show
                "job": context.dagster_run.job_name,
                "run_id": context.dagster_run.run_id,
                "failures": [asdict(one) for one in failed],
            },
        )
        if problem is not None:
            context.log.error(problem)


def _failures(context: dg.RunFailureSensorContext) -> list[StepFailure]:
    found = []
    for event in context.get_step_failure_events():
        data = event.step_failure_data
        described = data.user_failure_data.description if data.user_failure_data is not None else None
        error = data.error.cause if data.error is not None and data.error.cause is not None else data.error
        reason = described or (error.message.strip() if error is not None else "No reason was given.")
        found.append(StepFailure(event.step_key or "", reason[:MAX_REASON_CHARACTERS]))
    if not found:
        found.append(StepFailure("", context.failure_event.message or "The run ended without a failed step."))
    return found


def _message(job: str, run_id: str, failed: Sequence[StepFailure]) -> str:
    lines = [f"The run {run_id[:8]} of {job} failed; what visitors see is unchanged."]
    for one in failed:
        lines.append(f"{one.step or 'run'}: {one.reason}")
    return "\n".join(lines)


def post(url: str, payload: dict[str, Any]) -> str | None:
    """Send JSON; None, or why it could not be sent (without the URL, which is a secret of its own)."""
    request = urllib.request.Request(  # noqa: S310  (settings admit http and https only)
        url, json.dumps(payload).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=WEBHOOK_TIMEOUT_SECONDS):  # noqa: S310
            return None
    except urllib.error.HTTPError as error:
        return f"RESUME_FAILURE_WEBHOOK answered with status {error.code}."
    except (OSError, ValueError) as error:
        return f"RESUME_FAILURE_WEBHOOK was not reached ({type(error).__name__})."
