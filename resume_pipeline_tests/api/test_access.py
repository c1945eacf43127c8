"""Who may call what: a decision for every route, keys with their scopes, and what is told to whom has none."""

import datetime as dt

import pytest
from sqlalchemy import text

from resume_pipeline.api import access
from resume_pipeline.api.access import OPEN
from resume_pipeline.domain.api_keys import KeyToken, parse_token
from resume_pipeline.errors import ConfigurationError
from resume_pipeline.settings import Settings
from resume_pipeline_tests.api.conftest import parts_over
from resume_pipeline_tests.api.running import running

QUESTION = {"question": "Which work was done in Rust?"}
NOBODYS_ID = "7d4a1c52-3f0b-4a8e-9d53-2f6f8f1b7c11"
# Every address with its scope, and a request that is sound; a new route without an entry fails below.
GUARDED = {
    ("POST", "/api/search"): ("search", "/api/search", QUESTION),
    ("POST", "/api/ask"): ("ask", "/api/ask", QUESTION),
    ("POST", "/api/feedback"): ("ask", "/api/feedback", {"id": NOBODYS_ID, "rating": "up"}),
    ("GET", "/api/documents"): ("documents", "/api/documents", None),
    ("GET", "/api/documents/{path:path}"): ("documents", "/api/documents/talks.md", None),
    ("GET", "/api/suggestions"): ("documents", "/api/suggestions", None),
    ("GET", "/metrics"): ("metrics", "/metrics", None),
}
SCOPES = ("search", "ask", "documents", "metrics")


def send(client, route, **options):
    _, path, body = GUARDED[route]
    return client.request(route[0], path, json=body, **options)


def routes_of(app) -> set[tuple[str, str]]:
    found = set()
    for one in app.routes:
        inner = getattr(one, "original_router", None)
        found |= routes_of(inner) if inner is not None else {(m, one.path) for m in one.methods if m != "HEAD"}
    return found


def test_every_route_is_open_on_purpose_or_guarded(serve):
    routes = routes_of(serve().app)

    assert {path for method, path in routes if path in OPEN} == OPEN
    assert routes - {("GET", path) for path in OPEN} == set(GUARDED)


@pytest.mark.parametrize("route", GUARDED, ids=" ".join)
def test_a_guarded_route_needs_a_key_with_its_scope(route, serve, make_key):
    scope = GUARDED[route][0]
    others = [other for other in SCOPES if other != scope]
    with serve(public="off").client() as client:
        nobody = send(client, route)
        assert (nobody.status_code, nobody.headers["WWW-Authenticate"].split()[0]) == (401, "Bearer")
        assert send(client, route, headers={"Authorization": "Bearer rp_none"}).status_code == 401
        assert send(client, route, headers={"Authorization": "Basic cnA6cnA="}).status_code == 401
        assert send(client, route, headers=make_key(*others)).status_code == 403
        for key in (make_key(scope), make_key("*")):
            assert send(client, route, headers=key).status_code in {200, 404}


@pytest.mark.parametrize("path", sorted(OPEN - {"/assets/{name:path}"}))
def test_what_is_open_needs_no_key_and_takes_none_amiss(path, serve):
    with serve(public="off").client() as client:
        assert client.get(path).status_code == 200
        assert client.get(path, headers={"Authorization": "Bearer nonsense"}).status_code == 200


def test_visitors_may_ask_where_the_page_is_public_but_never_measure(serve):
    with serve().client() as client:
        for route in GUARDED:
            expected = {401} if route[1] == "/metrics" else {200, 404}
            assert send(client, route).status_code in expected
        # A wrong key is not taken for a visitor: whoever sends one wants to know that it is wrong.
        assert send(client, ("POST", "/api/ask"), headers={"Authorization": "Bearer rp_x"}).status_code == 401
    with serve(metrics="public").client() as client:
        assert client.get("/metrics").status_code == 200


def test_a_key_ends_when_it_is_revoked_or_expires_and_one_like_it_never_was(serve, make_key, portfolio):
    revoked, expired, good = make_key(), make_key(expires_days=1), make_key()
    ids = [parse_token(key["Authorization"].split()[1]).key_id for key in (revoked, expired)]
    with portfolio.engine.begin() as connection:
        connection.execute(text("UPDATE api_keys SET revoked_at = now() WHERE key_id = :id"), {"id": ids[0]})
        connection.execute(
            text("UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE key_id = :id"), {"id": ids[1]}
        )
    token = parse_token(good["Authorization"].split()[1])
    forged = KeyToken(token.key_id, token.secret[:-1] + ("A" if token.secret[-1] != "A" else "B"))
    unknown = KeyToken("zzzzzzzzzzzz", token.secret)

    with serve().client() as client:
        answers = [
            client.get("/api/documents", headers=key)
            for key in (revoked, expired, *({"Authorization": f"Bearer {t.written}"} for t in (forged, unknown)))
        ]
        assert [answer.status_code for answer in answers] == [401] * 4
        assert len({answer.json()["detail"] for answer in answers}) == 1, "the reason is the same for all"
        assert client.get("/api/documents", headers=good).status_code == 200
        assert client.get("/api/documents", headers=make_key()).status_code == 200


def test_a_revoked_key_is_refused_by_a_server_that_knew_it(serve, make_key, portfolio):
    key = make_key()
    server = serve()
    with server.client() as client:
        assert client.get("/api/documents", headers=key).status_code == 200
        with portfolio.engine.begin() as connection:
            connection.execute(text("UPDATE api_keys SET revoked_at = now()"))
        server.context.keys._found.clear()  # as five seconds later
        assert client.get("/api/documents", headers=key).status_code == 401


def test_of_a_key_only_a_hash_is_kept_and_of_its_use_only_the_day(serve, make_key, portfolio):
    key = make_key("documents")
    secret = key["Authorization"].split("_", 2)[2]
    with serve().client() as client:
        client.get("/api/documents", headers=key)

    rows = portfolio.rows("SELECT api_keys::text, last_used_on FROM api_keys ORDER BY created_at DESC LIMIT 1")
    assert rows[0][1] == dt.datetime.now(dt.UTC).date()
    assert not portfolio.rows(f"SELECT 1 FROM api_keys WHERE api_keys::text LIKE '%{secret}%'")
    token = parse_token(key["Authorization"].split()[1])
    assert secret not in repr(token) and len(secret) == 43


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_what_only_this_machine_reaches_is_public_unless_said_otherwise(host):
    assert Settings(_env_file=None).public_at(host) == "page"
    assert Settings(_env_file=None, public="off").public_at(host) == "off"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", "localhost.example.org"])
def test_what_others_reach_must_be_said(host):
    with pytest.raises(ConfigurationError, match=r"RESUME_PUBLIC=page .* RESUME_PUBLIC=off"):
        Settings(_env_file=None).public_at(host)
    assert Settings(_env_file=None, public="page").public_at(host) == "page"


def test_an_application_that_nobody_called_public_is_not(portfolio):
    with running(parts_over(portfolio, public=None)) as server, server.client() as client:
        assert client.get("/api/documents").status_code == 401
        assert client.get("/api/site").json()["public"] is False


def test_who_tries_keys_is_held_up_before_the_database_is_asked(serve, monkeypatch):
    monkeypatch.setattr(access, "LOOK_UPS", "5/minute")
    tried = [{"Authorization": f"Bearer {KeyToken(f'{number:012}', 'x' * 43).written}"} for number in range(9)]
    with serve().client() as client:
        answers = [client.get("/api/documents", headers=key).status_code for key in tried]
    assert answers == [401] * 5 + [429] * 4
