"""The batch lane against a server with files and batches: same keys, half the price, nothing lost, nothing twice."""

from decimal import Decimal

import pytest
from sqlalchemy import text

from resume_pipeline.embedding.base import CANARY_TEXT as CANARY
from resume_pipeline.embedding.openai_api import RemoteOptions
from resume_pipeline.embedding.openai_batches import OpenAIBatches
from resume_pipeline.embedding.registry import load_embedder
from resume_pipeline.embedding.tokens import load_token_counter
from resume_pipeline.errors import BatchesUnderWayError, BudgetExceededError, EmbeddingAccessError
from resume_pipeline.ingestion.batches import (
    LanePolicy,
    collect_batches,
    ended_batches,
    require_nothing_waits,
    submit_batches,
)
from resume_pipeline.ingestion.chunks import chunk_documents
from resume_pipeline.ingestion.documents import record_documents
from resume_pipeline.ingestion.embeddings import embed_chunks
from resume_pipeline.ingestion.planning import plan_ingestion
from resume_pipeline.ingestion.reports import BatchesReport, EmbeddingsReport
from resume_pipeline.ingestion.spending import Spending, SpendingRules
from resume_pipeline_tests.pipeline import Pipeline, long_text

MODEL = "openai:text-embedding-3-small"
BATCH = LanePolicy("batch")


class Lane:
    """The two lanes over one pipeline and one server; each call is what a process of its own would do."""

    def __init__(self, pipeline: Pipeline, server, folder) -> None:
        self.pipeline, self.sessions, self.server = pipeline, pipeline.sessions, server
        self.options = RemoteOptions(server.key, server.url, folder / "pace.sqlite3")

    def client(self, name: str = MODEL) -> OpenAIBatches:
        return OpenAIBatches(name, self.options)

    def embedder(self):
        return load_embedder(MODEL, self.options)

    def submit(self, policy: LanePolicy = BATCH, rules: SpendingRules | None = None) -> BatchesReport:
        spending = Spending(self.sessions, rules or SpendingRules(), MODEL, lane="batch")
        return submit_batches(self.sessions, self.embedder, self.client(), policy, spending)

    def collect(self) -> BatchesReport:
        return collect_batches(self.sessions, self.client, SpendingRules(), "a later run")

    def direct(self) -> EmbeddingsReport:
        return embed_chunks(self.sessions, self.embedder())

    def plan(self, policy: LanePolicy = BATCH) -> EmbeddingsReport:
        pipeline = self.pipeline
        return plan_ingestion(
            pipeline.engine, pipeline.root, self.embedder(), load_token_counter(), max_loss_share=0.25, policy=policy
        ).embeddings

    def spent(self) -> tuple[int, Decimal]:
        return self.pipeline.rows("SELECT sum(tokens)::int, sum(cost_usd) FROM embedding_spending")[0]

    def vectors(self) -> int:
        return self.pipeline.rows("SELECT count(*) FROM chunk_embeddings")[0][0]

    def execute(self, statement: str) -> None:
        with self.sessions.begin() as session:
            session.execute(text(statement))

    def charged(self) -> dict[str, int]:
        """Tokens the server charged by lane, without the canary's."""
        state = self.server.state()
        tokens = dict(state["tokens_by_lane"])
        tokens["direct"] = tokens.get("direct", 0) - state["canaries"] * load_token_counter()(CANARY)
        return tokens

    def answered_twice(self) -> int:
        return self.server.state()["answered_twice"]


@pytest.fixture
def lane(pipeline, openai_server, tmp_path) -> Lane:
    openai_server.configure(batch_seconds=0.0)
    for number in range(4):
        pipeline.write(f"note-{number}.md", f"# Note {number}\n\n{long_text(12, seed=str(number))}")
    record_documents(pipeline.sessions, pipeline.root, max_loss_share=0.25)
    chunk_documents(pipeline.sessions, load_token_counter())
    return Lane(pipeline, openai_server, tmp_path)


def test_a_load_goes_by_batch_at_half_the_price_and_the_plan_says_so(lane):
    planned = lane.plan()
    direct = lane.plan(LanePolicy("direct"))

    submitted = lane.submit()

    assert submitted.submitted == planned.sent > 5 and planned.lane == "batch"
    assert submitted.tokens == planned.tokens == direct.tokens
    assert submitted.cost_usd == planned.cost_usd == direct.cost_usd / 2
    waiting, nothing = lane.plan(), lane.direct()
    assert waiting.sent == nothing.sent == 0, "what waits in a batch is neither planned nor sent again"
    assert waiting.reused == nothing.reused == 0
    collected = lane.collect()
    assert (collected.collected, collected.left, collected.batches_open) == (submitted.submitted, 0, 0)
    assert lane.vectors() == submitted.submitted
    require_nothing_waits(lane.sessions, MODEL)
    assert lane.charged()["batch"] == planned.tokens and lane.charged()["direct"] == 0
    assert lane.spent() == (planned.tokens, Decimal(planned.tokens) / 100 / 1_000_000)
    assert lane.submit().submitted == lane.direct().sent == lane.answered_twice() == 0
    assert list(lane.client()._client.files.list()) == [], "what was collected is deleted at the provider"


def test_batch_vectors_are_those_of_the_direct_lane(lane):
    lane.submit()
    lane.collect()
    by_batch = dict(lane.pipeline.rows("SELECT chunk_id, embedding::text FROM chunk_embeddings"))
    lane.execute("DELETE FROM chunk_embeddings")
    lane.direct()
    assert dict(lane.pipeline.rows("SELECT chunk_id, embedding::text FROM chunk_embeddings")) == by_batch


def test_a_batch_under_way_keeps_its_inputs_from_the_direct_lane_and_from_publishing(lane):
    lane.server.configure(batch_seconds=3600.0)
    submitted = lane.submit()
    lane.pipeline.write("later.md", "# Later\n\nAbout the wind in Gdynia.\n")
    record_documents(lane.sessions, lane.pipeline.root, max_loss_share=0.25)
    chunk_documents(lane.sessions, load_token_counter())

    assert ended_batches(lane.sessions, lane.client) == []
    assert lane.collect().inputs_waiting == submitted.submitted
    assert lane.direct().sent == 1, "new content goes on by the direct lane"
    with pytest.raises(BatchesUnderWayError, match=f"{submitted.submitted} inputs wait in a batch"):
        require_nothing_waits(lane.sessions, MODEL)


def test_what_a_batch_failed_at_is_left_to_the_direct_lane_and_not_charged(lane):
    lane.server.fault({"kind": "status", "endpoint": "batches", "contains": "Note 2", "status": 500})
    submitted = lane.submit()

    collected = lane.collect()

    assert 0 < collected.left < submitted.submitted == collected.left + collected.collected
    assert lane.vectors() == collected.collected
    assert lane.submit().submitted == 0, "what a batch failed at is not tried in another"
    assert lane.direct().sent == collected.left
    assert lane.vectors() == submitted.submitted and lane.answered_twice() == 0
    charged = lane.charged()
    assert lane.spent()[0] == sum(charged.values())
    assert lane.spent()[1] == (Decimal("0.01") * charged["batch"] + Decimal("0.02") * charged["direct"]) / 1_000_000
    ((problem, answered),) = lane.pipeline.rows("SELECT problem, answered FROM embedding_batches")
    assert problem and answered == collected.collected


def test_an_expired_batch_gives_what_it_has_and_the_rest_goes_directly(lane):
    lane.server.configure(batch_outcome="expire", batch_share=0.5)
    submitted = lane.submit()

    collected = lane.collect()

    assert collected.collected == round(submitted.submitted / 2)
    assert lane.direct().sent == collected.left and lane.answered_twice() == 0


def test_a_batch_that_the_provider_rejects_is_sent_directly(lane):
    lane.server.configure(batch_outcome="fail")
    submitted = lane.submit()

    collected = lane.collect()

    assert (collected.collected, collected.left) == (0, submitted.submitted)
    assert lane.spent() == (0, 0)
    assert lane.direct().sent == submitted.submitted


def test_after_the_deadline_a_batch_is_cancelled_and_its_inputs_are_sent_directly(lane):
    lane.server.configure(batch_seconds=3600.0)
    submitted = lane.submit()
    lane.execute("UPDATE embedding_batches SET deadline_at = now() - interval '1 second'")
    assert len(ended_batches(lane.sessions, lane.client)) == 1

    collected = lane.collect()

    assert collected.left == submitted.submitted and collected.batches_open == 0
    assert lane.pipeline.rows("SELECT status FROM embedding_batches") == [("cancelled",)]
    assert lane.direct().sent == submitted.submitted and lane.answered_twice() == 0
    assert lane.spent()[0] == lane.charged()["direct"]


def test_a_batch_whose_id_was_lost_by_a_kill_is_found_again_and_not_paid_twice(lane):
    submitted = lane.submit()
    lane.execute("UPDATE embedding_batches SET batch_id = NULL, status = 'preparing'")  # killed before noting it

    assert lane.submit().submitted == lane.direct().sent == 0
    assert lane.collect().collected == submitted.submitted
    assert lane.answered_twice() == 0


def test_a_batch_that_never_reached_the_provider_is_forgotten_and_costs_nothing(lane):
    submitted = lane.submit()
    lane.execute("UPDATE embedding_batches SET batch_id = NULL, submission_key = 'never sent'")  # killed before sending

    assert lane.collect().batches_open == 0
    assert lane.spent()[0] == 0
    assert lane.submit().submitted == submitted.submitted, "its inputs are free again"


def test_a_kill_in_the_middle_of_collecting_stores_nothing_twice(lane):
    submitted = lane.submit()

    class Killed(OpenAIBatches):
        def answers(self, state, *, dimensions):
            for number, answer in enumerate(super().answers(state, dimensions=dimensions)):
                if number == 5:
                    raise KeyboardInterrupt
                yield answer

    with pytest.raises(KeyboardInterrupt):
        collect_batches(
            lane.sessions, lambda name: Killed(name, lane.options), SpendingRules(), "killed", stored_at_once=3
        )
    assert lane.vectors() == 3

    assert lane.collect().collected == submitted.submitted - 3
    assert lane.vectors() == submitted.submitted
    assert lane.pipeline.rows("SELECT answered FROM embedding_batches") == [(submitted.submitted,)]


def test_a_budget_stops_before_the_batch_that_would_exceed_it(lane):
    enough = Decimal(str(lane.plan().cost_usd))
    with pytest.raises(BudgetExceededError, match="RESUME_BUDGET_USD"):
        lane.submit(rules=SpendingRules(per_run_usd=enough - Decimal("0.0000001")))
    assert "files" not in lane.server.state()["requests"] and lane.spent() == (None, None)
    assert lane.submit(rules=SpendingRules(per_run_usd=enough)).submitted > 0


def test_a_provider_that_refuses_leaves_the_inputs_free_and_the_bill_empty(lane):
    wrong = RemoteOptions("sk-wrong-key-0123456789", lane.server.url, lane.options.pace_file)
    spending = Spending(lane.sessions, SpendingRules(), MODEL, lane="batch")
    refused = OpenAIBatches(MODEL, wrong)
    with pytest.raises(EmbeddingAccessError, match="RESUME_EMBEDDING_LANE=direct") as caught:
        submit_batches(lane.sessions, lane.embedder, refused, BATCH, spending)
    assert "sk-wrong" not in str(caught.value)
    assert lane.spent()[0] == 0
    assert lane.direct().sent > 0


@pytest.mark.parametrize(
    ("policy", "model", "inputs", "lane"),
    [
        (LanePolicy("direct"), MODEL, 1_000_000, "direct"),
        (LanePolicy("batch"), MODEL, 1, "batch"),
        (LanePolicy("batch"), MODEL, 0, "direct"),
        (LanePolicy("batch"), "local:wordllama-256", 10, "direct"),
        (LanePolicy("auto", 100), MODEL, 99, "direct"),
        (LanePolicy("auto", 100), MODEL, 100, "batch"),
    ],
)
def test_the_lane_follows_setting_size_and_provider(policy, model, inputs, lane):
    assert policy.lane_for(model, inputs) == lane
