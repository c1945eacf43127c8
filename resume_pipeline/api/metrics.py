"""What is counted for Prometheus, in this process or, with several workers, in files that any of them adds up.

Labels have few values: routes as they are declared, never paths, and no visitor, key or question.
"""

import os
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from resume_pipeline.domain.answers import Answer

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The counters of one application; ``shared`` is where several processes count together (PROMETHEUS_MULTIPROC_DIR).

    prometheus-client reads that variable itself when it is imported, so it stands in the environment before that.
    """

    def __init__(self, *, shared: Path | None = None) -> None:
        self._registry = CollectorRegistry()
        self._shared = shared
        own = self._registry
        self.requests = Counter(
            "resume_http_requests", "Requests answered", ["method", "route", "status"], registry=own
        )
        self.request_seconds = Histogram(
            "resume_http_request_seconds", "Seconds until a response ended", ["route"], buckets=SECONDS, registry=own
        )
        self.search_seconds = Histogram(
            "resume_search_seconds", "Seconds of a search", ["mode"], buckets=SECONDS, registry=own
        )
        self.answer_seconds = Histogram(
            "resume_answer_seconds", "Seconds of an answer", ["state"], buckets=SECONDS, registry=own
        )
        self.tokens = Counter("resume_answer_tokens", "Tokens of the chat model", ["kind"], registry=own)
        self.cost = Counter("resume_answer_cost_usd", "US dollars that answers cost, where known", registry=own)
        self.dropped = Counter("resume_answer_statements_dropped", "Statements nothing supported", registry=own)
        self.refusals = Counter("resume_refusals", "Requests refused by rate, day, key or load", ["by"], registry=own)
        self.log_failures = Counter("resume_query_log_failures", "Questions that could not be logged", registry=own)
        self.generation = Gauge(
            "resume_live_generation", "The live generation, as last seen", multiprocess_mode="mostrecent", registry=own
        )
        self.streams = Gauge("resume_answers_under_way", "Answers under way", multiprocess_mode="livesum", registry=own)

    def refused(self, by: str) -> None:
        """Count a refusal."""
        self.refusals.labels(by).inc()

    def answered(self, answer: Answer) -> None:
        """Count an answer that came to its end."""
        self.answer_seconds.labels("answered" if answer.answered else "declined").observe(answer.milliseconds / 1000)
        self.tokens.labels("prompt").inc(answer.usage.prompt_tokens)
        self.tokens.labels("completion").inc(answer.usage.completion_tokens)
        self.cost.inc(answer.usage.cost_usd or 0)
        self.dropped.inc(answer.dropped)
        self.generation.set(answer.generation)

    def exposition(self) -> bytes:
        """All of it in Prometheus' text format, of every worker."""
        if self._shared is None:
            return generate_latest(self._registry)
        for process in _dead_processes(self._shared):
            mark_process_dead(process, str(self._shared))  # type: ignore[no-untyped-call]
        every = CollectorRegistry()
        MultiProcessCollector(every, str(self._shared))  # type: ignore[no-untyped-call]
        return generate_latest(every)


def _dead_processes(directory: Path) -> list[int]:
    """Workers that ended without saying so: what they had under way is under way no more."""
    numbers = {int(path.stem.rpartition("_")[2]) for path in directory.glob("gauge_live*_*.db")}
    return [number for number in numbers if not _is_alive(number)]


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
