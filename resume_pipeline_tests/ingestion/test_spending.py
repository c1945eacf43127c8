"""Plan and budget against a server that counts: what is planned is what is paid, and no budget is exceeded."""

from decimal import Decimal

import pytest

from resume_pipeline.embedding.base import CANARY_TEXT
from resume_pipeline.embedding.openai_api import OpenAIEmbedder, RemoteOptions
from resume_pipeline.embedding.prices import parse_prices
from resume_pipeline.embedding.tokens import load_token_counter
from resume_pipeline.errors import BudgetExceededError, ConfigurationError
from resume_pipeline.ingestion.embeddings import embed_chunks
from resume_pipeline.ingestion.planning import plan_ingestion
from resume_pipeline.ingestion.spending import Spending, SpendingRules
from resume_pipeline_tests.pipeline import CountingEmbedder, Pipeline, long_text

SMALL = "text-embedding-3-small"
INPUTS_IN_A_REQUEST = 4


class SmallRequests(OpenAIEmbedder):
    """So that a few files make many requests."""

    batch_inputs = INPUTS_IN_A_REQUEST


@pytest.fixture
def remote(openai_server, tmp_path):
    """A model behind the server, several requests at a time."""

    def load(model: str = SMALL) -> OpenAIEmbedder:
        options = RemoteOptions(openai_server.key, openai_server.url, tmp_path / "pace.sqlite3", concurrency=4)
        return SmallRequests(model, options, load_token_counter())

    return load


@pytest.fixture
def written(pipeline) -> Pipeline:
    for number in range(8):
        pipeline.write(f"note-{number}.md", f"# Note {number}\n\n{long_text(20, seed=str(number))}")
    return pipeline


def plan(pipeline: Pipeline, embedder, rules: SpendingRules):
    return plan_ingestion(
        pipeline.engine, pipeline.root, embedder, load_token_counter(), max_loss_share=0.25, rules=rules
    )


def cut(pipeline: Pipeline) -> None:
    """Everything of a run before the embeddings."""
    from resume_pipeline.ingestion.chunks import chunk_documents
    from resume_pipeline.ingestion.documents import record_documents

    record_documents(pipeline.sessions, pipeline.root, max_loss_share=0.25)
    chunk_documents(pipeline.sessions, load_token_counter())


def embed(pipeline: Pipeline, embedder, rules: SpendingRules, run_id: str | None = None):
    spending = Spending(pipeline.sessions, rules, embedder.name, run_id=run_id)
    return embed_chunks(pipeline.sessions, embedder, spending=spending)


def spent(pipeline: Pipeline) -> tuple[int, Decimal]:
    return pipeline.rows("SELECT COALESCE(sum(tokens), 0)::int, COALESCE(sum(cost_usd), 0) FROM embedding_spending")[0]


def charged(server) -> tuple[dict, int]:
    """The server's counts, and the tokens it charged for inputs: the canary is no part of a plan."""
    state = server.state()
    return state, state["tokens"] - state["canaries"] * load_token_counter()(CANARY_TEXT)


def test_the_plan_the_run_and_the_server_agree_to_the_unit(written, remote, openai_server):
    embedder, rules = remote(), SpendingRules()
    planned = plan(written, embedder, rules).embeddings
    cut(written)

    run = embed(written, embedder, rules)

    state, tokens = charged(openai_server)
    assert run.sent == planned.sent == state["answered"]["inputs"] > 3 * INPUTS_IN_A_REQUEST
    assert run.tokens == run.planned_tokens == planned.tokens == tokens
    price = float(Decimal(tokens) * Decimal("0.02") / 1_000_000)
    assert run.cost_usd == run.planned_cost_usd == planned.cost_usd == price
    assert spent(written) == (run.tokens, Decimal(run.tokens) * Decimal("0.02") / 1_000_000)
    assert planned.estimated_seconds > 0 and planned.within_budget
    assert plan(written, embedder, rules).embeddings.sent == 0


def test_a_budget_stops_a_run_before_the_request_that_would_exceed_it(written, remote, openai_server):
    embedder = remote()
    planned = plan(written, embedder, SpendingRules()).embeddings
    rules = SpendingRules(per_run_usd=Decimal(str(planned.cost_usd)) / 2)
    cut(written)
    assert not plan(written, embedder, rules).embeddings.within_budget

    with pytest.raises(BudgetExceededError, match="RESUME_BUDGET_USD allows") as caught:
        embed(written, embedder, rules)

    state, tokens = charged(openai_server)
    assert 0 < Decimal(tokens) * Decimal("0.02") / 1_000_000 <= rules.per_run_usd
    assert caught.value.retriable is False
    figures = caught.value.figures
    assert figures["spent_usd"] + figures["request_usd"] > figures["budget_usd"] >= figures["spent_usd"]
    assert spent(written)[0] == tokens, "what was answered is stored and remembered"
    rest = embed(written, embedder, SpendingRules())
    assert rest.sent == planned.sent - state["answered"]["inputs"]
    assert openai_server.state()["answered_twice"] == 0


def test_a_retry_of_a_step_has_the_budget_of_its_run_and_not_a_new_one(written, remote):
    embedder = remote()
    rules = SpendingRules(per_run_usd=Decimal(str(plan(written, embedder, SpendingRules()).embeddings.cost_usd)) / 2)
    cut(written)
    for _ in range(2):
        with pytest.raises(BudgetExceededError):
            embed(written, embedder, rules, run_id="one run")
        assert spent(written)[1] <= rules.per_run_usd
    before = spent(written)
    with pytest.raises(BudgetExceededError):
        embed(written, embedder, rules, run_id="another run")
    assert before[1] < spent(written)[1] <= 2 * rules.per_run_usd


def test_the_budget_of_a_day_counts_other_runs_and_only_those_of_today(written, remote, openai_server):
    embedder = remote()
    rules = SpendingRules(per_day_usd=Decimal(str(plan(written, embedder, SpendingRules()).embeddings.cost_usd)))
    cut(written)
    embed(written, embedder, rules)
    written.write("later.md", f"# Later\n\n{long_text(4, seed='later')}")
    cut(written)
    openai_server.reset()
    assert not plan(written, remote(), rules).embeddings.within_budget

    with pytest.raises(BudgetExceededError, match="RESUME_BUDGET_USD_PER_DAY"):
        embed(written, remote(), rules)

    assert openai_server.state()["asked"]["inputs"] == 0
    with written.sessions.begin() as session:
        from sqlalchemy import text

        session.execute(text("UPDATE embedding_spending SET spent_at = spent_at - interval '1 day'"))
    assert embed(written, remote(), rules).sent > 0


def test_with_an_unknown_price_a_budget_sends_nothing_and_says_which_price_is_missing(written, remote, openai_server):
    unknown = SpendingRules(parse_prices(f"openai:{SMALL}=0.02"), per_run_usd=Decimal(1))
    embedder = remote("text-embedding-3-small@64")
    embedder.name = "openai:nobody-knows-its-price"
    cut(written)
    planned = plan(written, embedder, unknown).embeddings
    assert planned.cost_usd is None and planned.tokens > 0 and not planned.within_budget

    with pytest.raises(ConfigurationError, match="RESUME_PRICES=openai:nobody-knows-its-price="):
        embed(written, embedder, unknown)

    assert openai_server.state()["asked"]["inputs"] == 0
    assert embed(written, embedder, SpendingRules()).cost_usd is None
    assert written.rows("SELECT DISTINCT cost_usd FROM embedding_spending") == [(None,)]


def test_a_model_that_costs_nothing_fits_into_any_budget(written):
    cut(written)
    assert embed(written, CountingEmbedder(), SpendingRules(per_run_usd=Decimal(0))).sent > 0


def test_the_plans_time_follows_the_pace_of_the_last_run(written, remote, openai_server):
    embedder = remote()
    openai_server.configure(latency_seconds=0.05)
    cut(written)
    embed(written, embedder, SpendingRules())
    for number in range(3):
        written.write(f"new-{number}.md", f"# New {number}\n\n{long_text(20, seed=f'new{number}')}")
    (pace,) = written.rows(
        "SELECT (sum(tokens) FILTER (WHERE spending_id > 1) "
        "/ EXTRACT(epoch FROM max(spent_at) - min(spent_at)))::float FROM embedding_spending"
    )[0]

    planned = plan(written, embedder, SpendingRules()).embeddings

    assert planned.estimated_seconds == pytest.approx(planned.tokens / pace, rel=0.35)
