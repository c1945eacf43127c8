"""Rates, days and money: they hold when many ask at once, for keys and for visitors, and say when to come back."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from fastapi import Request
from sqlalchemy import text

from resume_pipeline.api import budget
from resume_pipeline.api.limits import RateLimiter
from resume_pipeline.api.problems import Refused
from resume_pipeline.api.visitors import parse_networks, visitor_address
from resume_pipeline.domain.answers import Answer, AnswerDone, SourcesFound, Usage
from resume_pipeline.domain.rates import checked_rate
from resume_pipeline.errors import ConfigurationError
from resume_pipeline.storage.api_usage import DailyLimit, used_today
from resume_pipeline_tests.api.running import wait_until

ASK = {"question": "Where are the hens?"}


class Costly:
    """Answers at once, for a price."""

    def __init__(self, cost_usd: float | None) -> None:
        self.cost_usd = cost_usd

    def stream(self, question, *, history=(), filters=()):
        yield SourcesFound((), 1, "chat")
        usage = Usage(10, 5, self.cost_usd)
        yield AnswerDone(Answer("Here.", True, (), (), "chat", 1, 1.0, False, usage=usage))


def statuses(server, count: int, *, path: str = "/api/search", **options) -> list[int]:
    """The statuses of so many requests, sent by ten threads at the same time, in order of size."""
    with server.client() as client, ThreadPoolExecutor(10) as threads:
        return sorted(threads.map(lambda _: client.post(path, json=ASK, **options).status_code, range(count)))


@pytest.mark.parametrize("who", ["key", "visitor"])
def test_a_rate_holds_under_parallel_requests(who, serve, make_key):
    server = serve(visitor_rate="7/hour" if who == "visitor" else "1000/second")
    headers = make_key(rate="7/hour") if who == "key" else {}
    assert statuses(server, 30, headers=headers) == [200] * 7 + [429] * 23

    with server.client() as client:
        refused = client.post("/api/search", json=ASK, headers=headers)
        assert 1 <= int(refused.headers["Retry-After"]) <= 3600
        other = client.post("/api/search", json=ASK, headers=make_key())
        assert other.status_code == 200, "another asker is not held up"


@pytest.mark.parametrize("path", ["/api/search", "/api/ask"])
@pytest.mark.parametrize("who", ["key", "visitor"])
def test_the_questions_of_a_day_hold_under_parallel_requests(who, path, serve, make_key):
    server = serve(visitor_daily=5) if who == "visitor" else serve()
    headers = make_key(questions_per_day=5) if who == "key" else {}
    found = statuses(server, 20, path=path, headers=headers)
    assert found.count(200) == 5 and set(found) <= {200, 429, 503}, "503: more answers at a time than there are places"


def test_two_servers_count_the_same_day(serve, make_key):
    key = make_key(questions_per_day=6)
    servers = [serve(), serve()]
    assert sorted(statuses(servers[0], 5, headers=key) + statuses(servers[1], 5, headers=key)) == [200] * 6 + [429] * 4


@pytest.mark.parametrize("who", ["key", "visitors"])
def test_money_is_set_aside_before_and_settled_after(who, serve, make_key, portfolio):
    asker = "public"
    headers = {}
    if who == "key":
        headers = make_key(budget_usd_per_day=Decimal("0.10"))
        asker = "key:" + headers["Authorization"].split("_")[1]
    server = serve(
        answerer=Costly(0.03), chat_model="openai:x", public_budget_usd_per_day="0.10", answer_reserve_usd="0.04"
    )
    with server.client() as client:
        answers = [client.post("/api/ask", json=ASK, headers=headers).status_code for _ in range(5)]

    # 0.03 + 0.03 are spent and 0.04 fit still; after the third, 0.09 + 0.04 do not.
    assert answers == [200, 200, 200, 429, 429]
    with portfolio.sessions() as session:
        assert used_today(session, asker) == (3, Decimal("0.09"))


def test_where_the_price_is_not_known_what_was_set_aside_counts(serve, make_key):
    server = serve(answerer=Costly(None), chat_model="openai:x", answer_reserve_usd="0.04")
    headers = make_key(budget_usd_per_day=Decimal("0.10"))
    with server.client() as client:
        answers = [client.post("/api/ask", json=ASK, headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "spent" in answers[-1].json()["detail"] and int(answers[-1].headers["Retry-After"]) <= 86_400


def test_money_holds_when_many_reserve_at_once(portfolio):
    limit = DailyLimit("key:many", usd=Decimal("1.00"))

    def reserve(_: int) -> bool:
        try:
            return budget.take(portfolio.sessions, [limit], Decimal("0.15")) is not None
        except Refused:
            return False

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(reserve, range(30))) == 6


def test_of_two_limits_both_are_taken_or_none(portfolio):
    limits = [DailyLimit("visitor:a", questions=5), DailyLimit("public", usd=Decimal("0.01"))]
    with pytest.raises(Refused) as refused:
        budget.take(portfolio.sessions, limits, Decimal("0.02"))

    assert refused.value.status == 429
    with portfolio.sessions() as session:
        assert used_today(session, "visitor:a") == (0, 0)


def test_as_many_answers_as_there_are_places(serve):
    import threading

    going, go_on = threading.Semaphore(0), threading.Event()

    class Waiting:
        def stream(self, question, *, history=(), filters=()):
            going.release()
            go_on.wait(30)
            yield AnswerDone(Answer("Here.", True, (), (), "chat", 1, 1.0, True))

    server = serve(answerer=Waiting(), max_answers=2)
    with server.client() as client, ThreadPoolExecutor(2) as threads:
        under_way = [threads.submit(client.post, "/api/ask", json=ASK) for _ in range(2)]
        going.acquire(), going.acquire()
        refused = client.post("/api/ask", json=ASK)
        search = client.post("/api/search", json=ASK)
        go_on.set()
        assert [future.result().status_code for future in under_way] == [200, 200]
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "3")
        assert search.status_code == 200, "a search needs no place of answers"
        assert client.post("/api/ask", json=ASK).status_code == 200


def test_each_of_several_processes_allows_its_share_of_a_rate():
    apart = RateLimiter(None, processes=4)
    assert [apart.take("8/hour", "a") is None for _ in range(4)] == [True, True, False, False]
    assert apart.take("1/hour", "b") is None, "at least one is allowed"


def test_without_its_redis_a_process_counts_alone():
    limiter = (
        RateLimiter("redis://127.0.0.1:1", processes=1) if redis_is_installed() else RateLimiter(None, processes=1)
    )
    assert [limiter.take("2/hour", "a") is None for _ in range(3)] == [True, True, False]


def redis_is_installed() -> bool:
    from importlib.util import find_spec

    return find_spec("redis") is not None


def test_an_address_that_is_no_store_of_rates_is_refused_without_its_password():
    with pytest.raises(ConfigurationError, match="RESUME_RATE_LIMIT_URL") as error:
        RateLimiter("nonsense://u:hunter2@h", processes=1)
    assert "hunter2" not in str(error.value) and error.value.__cause__ is None


@pytest.mark.parametrize("written", ["60/minute", "1/second", "1000 per day", "5 per 10 minutes", "20/Minute"])
def test_rates_are_what_people_write(written):
    assert RateLimiter(None, processes=1).take(checked_rate(written), "a") is None


@pytest.mark.parametrize("written", ["", "60", "0/minute", "-1/minute", "60/fortnight", "a/minute", "1/minute; 2/hour"])
def test_what_is_no_rate_is_refused(written):
    with pytest.raises(ValueError, match="as in 60/minute"):
        checked_rate(written)


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "expected"),
    [
        ("203.0.113.9", None, None, "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", None, "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "10.0.0.0/8", "203.0.113.9"),
        ("10.1.2.3", "198.51.100.1", "10.0.0.0/8", "198.51.100.1"),
        ("10.1.2.3", "6.6.6.6, 198.51.100.1, 10.9.9.9", "10.0.0.0/8", "198.51.100.1"),
        ("10.1.2.3", "nonsense", "10.0.0.0/8", "10.1.2.3"),
        ("10.1.2.3", None, "10.0.0.0/8", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", None, None, "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", None, None, "203.0.113.9"),
    ],
)
def test_the_address_of_a_visitor_is_believed_from_trusted_proxies_only(peer, forwarded, trusted, expected):
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    request = Request({"type": "http", "headers": headers, "client": (peer, 1)})
    assert visitor_address(request, parse_networks(trusted)) == expected


def test_proxies_that_are_none_are_refused():
    with pytest.raises(ConfigurationError, match="RESUME_TRUSTED_PROXIES"):
        parse_networks("10.0.0.0/8,proxy.example")


def test_visitors_behind_a_trusted_proxy_are_told_apart(serve):
    with serve(visitor_rate="2/hour", trusted_proxies="127.0.0.1").client() as client:
        found = [
            client.post("/api/search", json=ASK, headers={"X-Forwarded-For": address}).status_code
            for address in ("198.51.100.1", "198.51.100.1", "198.51.100.1", "198.51.100.2")
        ]
    assert found == [200, 200, 429, 200]


def test_what_was_used_long_ago_is_forgotten_when_a_server_begins(serve, portfolio):
    with portfolio.engine.begin() as connection:
        connection.execute(text("INSERT INTO api_usage (day, asker) VALUES (now() - interval '50 days', 'visitor:a')"))
        connection.execute(text("INSERT INTO api_usage (day, asker) VALUES (now() - interval '5 days', 'visitor:a')"))
    serve()
    wait_until(lambda: portfolio.rows("SELECT count(*) FROM api_usage") == [(1,)])
