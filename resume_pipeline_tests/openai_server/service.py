"""One served account: what every endpoint shares, and how an embedding request is admitted, worked on and counted."""

import time
from dataclasses import asdict, dataclass, replace
from typing import Any

from resume_pipeline.embedding.tokens import load_token_counter
from resume_pipeline_tests.openai_server.batches import Batches, Plan
from resume_pipeline_tests.openai_server.chat import Chat
from resume_pipeline_tests.openai_server.embeddings import MAX_INPUTS, ApiError, answer, parse_request
from resume_pipeline_tests.openai_server.faults import SPOILT, Faults, Rule
from resume_pipeline_tests.openai_server.ledger import Ledger
from resume_pipeline_tests.openai_server.limits import RateLimits, span

DEFAULT_KEY = "sk-test-0123456789abcdefghijKLMN"


@dataclass
class Options:
    """How the server behaves; limits of 0 are none."""

    key: str = DEFAULT_KEY
    latency_seconds: float = 0.0
    requests_per_minute: int = 0
    tokens_per_minute: int = 0
    fill: float = 1.0
    """Share of a minute's limit that is there at once."""
    drained: bool = False
    """Whether the first request finds that somebody has just used up the rest of the account's minute."""
    vectors: str = "wordllama"
    """``wordllama`` (real ones), ``hashing`` (words, no meaning) or ``drawn`` (nothing but different, and cheap)."""
    edition: int = 0
    """Another number makes other vectors behind the same model names."""
    max_inputs: int = MAX_INPUTS
    """Other servers take fewer inputs a request."""
    batch_seconds: float = 0.5
    batch_outcome: str = "complete"
    batch_share: float = 1.0


class DroppedError(Exception):
    """The connection is to be closed without an answer."""


@dataclass(frozen=True)
class Answer:
    """What goes out; ``keys`` are counted as answered once it is out, unless it is lost."""

    body: bytes
    keys: tuple[str, ...] = ()
    lost: bool = False
    truncate: bool = False
    drop: bool = False


class Service:
    """The state of one server."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.count_tokens = load_token_counter()
        self.ledger, self.faults = Ledger(), Faults()
        self.limits = RateLimits(options.requests_per_minute, options.tokens_per_minute, options.fill)
        self.chat = Chat(self.count_tokens)
        self.batches = Batches(self._batch_line)
        self.configure({})

    def configure(self, changes: dict[str, Any]) -> dict[str, Any]:
        """Change options while it runs; the options as they are now."""
        self.options = options = replace(self.options, **changes)
        if {"requests_per_minute", "tokens_per_minute", "fill"} & set(changes):
            self.limits.configure(options.requests_per_minute, options.tokens_per_minute, options.fill)
        self.batches.plan = Plan(options.batch_seconds, options.batch_outcome, options.batch_share)
        return asdict(options)

    def reset(self) -> None:
        """Forget counts, faults, files, batches and scripts; fill the buckets."""
        self.ledger.reset()
        self.faults.replace([])
        self.chat.script([])
        self.batches.reset()
        self.configure({"fill": self.options.fill})

    def authenticate(self, header: str | None) -> None:
        """Pass when the key is right; else OpenAI's words, which echo part of it."""
        if not header or not header.startswith("Bearer "):
            raise ApiError(401, "You didn't provide an API key. You need to provide your API key in an Authorization "
                           "header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).")  # fmt: skip
        key = header.removeprefix("Bearer ")
        if key != self.options.key:
            echoed = f"{key[:8]}{'*' * max(0, len(key) - 12)}{key[-4:]}"
            message = (
                f"Incorrect API key provided: {echoed}. You can find your API key at "
                "https://platform.openai.com/account/api-keys."
            )
            raise ApiError(401, message, code="invalid_api_key")

    def embed(self, body: dict[str, Any]) -> Answer:
        """Answer one embedding request of the direct lane.

        Raises:
            ApiError: a refusal.
            DroppedError: a fault that closes the connection.
        """
        options = self.options
        request = parse_request(body, self.count_tokens, max_inputs=options.max_inputs)
        keys = tuple(self.ledger.ask(request.inputs))
        rule = self.faults.strike("embeddings", request.inputs)
        if rule is not None:
            self.strike(rule, request.tokens)
        self._admit(request.model, request.tokens)
        kind = rule.kind if rule is not None else ""
        self.ledger.note(kind or 200, request.tokens)
        time.sleep(options.latency_seconds)
        content = answer(request, rule, edition=options.edition, kind=options.vectors)
        self.ledger.charge(request.tokens, request.usd)
        return Answer(content, keys, kind in SPOILT or kind == "drop_after", kind == "truncate", kind == "drop_after")

    def strike(self, rule: Rule, tokens: int = 0) -> None:
        """Let a rule do what happens before the work."""
        self.ledger.struck(rule.kind)
        if rule.kind in {"rate_limit", "quota", "status", "timeout", "drop_before"}:
            self.ledger.note(rule.kind, tokens)
        if rule.kind == "timeout":
            time.sleep(rule.seconds)
        if rule.kind in {"timeout", "drop_before"}:
            raise DroppedError
        if rule.kind == "rate_limit":
            raise self._too_fast("tokens", rule.seconds, "the model")
        if rule.kind == "quota":
            message = (
                "You exceeded your current quota, please check your plan and billing details. For more information "
                "on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."
            )
            raise ApiError(429, message, kind="insufficient_quota", code="insufficient_quota")
        if rule.kind == "status":
            kind = "server_error" if rule.status >= 500 else "invalid_request_error"
            raise ApiError(rule.status, rule.message, kind=kind)

    def _admit(self, model: str, tokens: int) -> None:
        limit = self.options.tokens_per_minute
        if limit and tokens > limit:
            message = (
                f"Request too large for {model} in organization org-test on tokens per min (TPM): Limit {limit}, "
                f"Requested {tokens}. The input or output tokens must be reduced in order to run successfully."
            )
            self.ledger.note(429, tokens)
            raise ApiError(429, message, kind="tokens", code="rate_limit_exceeded")
        if self.options.drained and not self.ledger.timeline:
            self.limits.drain(tokens)
        short = self.limits.take(tokens)
        if short is not None:
            self.ledger.note(429, tokens)
            raise self._too_fast(*short, model)

    def _too_fast(self, name: str, seconds: float, model: str) -> ApiError:
        message = (
            f"Rate limit reached for {model} in organization org-test on {name} per min: Limit "
            f"{self.limits.limit(name)}, Used {self.limits.used(name)}. Please try again in {span(seconds)}. Visit "
            "https://platform.openai.com/account/rate-limits to learn more."
        )
        headers = {"retry-after-ms": str(int(seconds * 1000) + 1), "retry-after": str(int(seconds) + 1)}
        headers |= self.limits.headers()
        return ApiError(429, message, kind=name, code="rate_limit_exceeded", headers=headers)

    def _batch_line(self, body: dict[str, Any]) -> bytes:
        request = parse_request(body, self.count_tokens)
        keys = self.ledger.ask(request.inputs)
        rule = self.faults.strike("batches", request.inputs)
        if rule is not None:
            self.strike(rule)
        content = answer(request, rule, edition=self.options.edition, kind=self.options.vectors)
        self.ledger.charge(request.tokens, request.usd / 2, lane="batch")
        self.ledger.answer(keys, lost=rule is not None and rule.kind in SPOILT)
        return content
