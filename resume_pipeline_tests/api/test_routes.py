"""What each address gives: search, answers whole and as they come, documents, suggestions, the page."""

import re

import pytest

from resume_pipeline.api import page_files
from resume_pipeline.errors import PublishError
from resume_pipeline_tests.api.running import events_of

STREAM = {"Accept": "text/event-stream"}


def test_a_search_gives_hits_with_their_places_and_scores(serve):
    with serve(content_url="https://example.org/content/").client() as client:
        answer = client.post(
            "/api/search", json={"question": "Rust extension", "limit": 3, "where": ["path=projects/*"]}
        )

    found = answer.json()
    assert answer.status_code == 200 and len(found["hits"]) == 3 and found["generation"] == 1
    hit = found["hits"][0]
    assert hit["path"].startswith("projects/") and hit["start_line"] <= hit["end_line"]
    assert hit["url"] == f"https://example.org/content/{hit['path']}"
    assert set(found) == {"hits", "generation", "milliseconds", "corrections", "coverage", "notice"}


def test_a_search_can_be_by_one_side_and_says_what_it_corrected(serve):
    with serve().client() as client:
        lexical = client.post("/api/search", json={"question": "postgrsql", "mode": "lexical"}).json()
        vector = client.post("/api/search", json={"question": "kubernetes", "mode": "vector"}).json()

    assert lexical["corrections"] == [{"typed": "postgrsql", "used": "postgresql"}]
    assert all(hit["vector_score"] is None for hit in lexical["hits"])
    assert all(hit["lexical_score"] is None for hit in vector["hits"])


def test_an_answer_comes_whole_or_as_events_and_is_the_same(serve):
    asked = {"question": "What did she do at Skarnholt Freight?"}
    with serve().client() as client:
        whole = client.post("/api/ask", json=asked)
        streamed = client.post("/api/ask", json=asked, headers=STREAM)

    assert streamed.headers["content-type"].startswith("text/event-stream")
    assert "content-encoding" not in streamed.headers
    events = events_of(streamed.text)
    names = [name for name, _ in events]
    assert names[0] == "sources" and names[-1] == "done" and "citation" in names
    answer = whole.json()
    done = events[-1][1]
    assert answer["id"] != done["id"]
    for varying in ("id", "milliseconds"):
        answer.pop(varying), done.pop(varying)
    assert done == answer and answer["answered"]
    assert "".join(data["text"] for name, data in events if name == "text") == answer["answer"]
    given = [data["number"] for name, data in events if name == "citation"]
    assert given == [citation["number"] for citation in answer["citations"]]
    seen: set[int] = set()
    for name, data in events:
        seen |= {data["number"]} if name == "citation" else set()
        if name == "text":
            assert {int(number) for number in re.findall(r"\[(\d+)\]", data["text"])} <= seen


def test_lines_of_citations_count_in_the_text_of_the_document(serve):
    with serve().client() as client:
        hit = client.post("/api/search", json={"question": "six hens", "mode": "lexical", "limit": 1}).json()["hits"][0]
        document = client.get(f"/api/documents/{hit['path']}").json()

    lines = document["text"].split("\n")[hit["start_line"] - document["start_line"] : hit["end_line"]]
    assert "hens" in "\n".join(lines)
    assert document["start_line"] == 1 and document["text"].startswith("---\n")


def test_a_conversation_goes_on(serve):
    history = [{"question": "Who is kurnik for?", "answer": "For six hens."}]
    with serve().client() as client:
        answer = client.post("/api/ask", json={"question": "When does it close?", "history": history})
        too_long = client.post("/api/ask", json={"question": "And?", "history": history * 7})

    assert answer.status_code == 200 and answer.json()["generation"] == 1
    assert too_long.status_code == 422


def test_documents_come_by_path_a_page_at_a_time(serve, portfolio):
    with serve().client() as client:
        paths, after = [], ""
        while after is not None:
            page = client.get("/api/documents", params={"limit": 4, "after": after}).json()
            assert len(page["documents"]) <= 4 and page["generation"] == 1
            paths += [document["path"] for document in page["documents"]]
            after = page["next"]
    assert paths == sorted(portfolio.live_paths(), key=lambda path: path.encode())
    assert "notes/salary-expectations.md" not in paths


def test_a_document_that_is_not_live_is_not_there(serve):
    with serve().client() as client:
        for path in ("notes/salary-expectations.md", "../pyproject.toml", "%2e%2e/pyproject.toml", "a%00b", "x" * 3000):
            assert client.get(f"/api/documents/{path}").status_code == 404


def test_a_copy_that_is_still_right_is_not_sent_again(serve):
    with serve().client() as client:
        for path in ("/api/documents", "/api/documents/talks.md", "/"):
            first = client.get(path)
            again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
            assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
            other = client.get(path, headers={"If-None-Match": '"another"'})
            assert other.status_code == 200


def test_suggestions_are_of_the_content_and_stay(serve):
    with serve().client() as client:
        first, again = client.get("/api/suggestions").json(), client.get("/api/suggestions").json()

    assert first == again and 3 <= len(first["suggestions"]) <= 6
    assert all(question.endswith("?") for question in first["suggestions"])
    assert any("Tamsin" in question for question in first["suggestions"])
    assert len(set(first["suggestions"])) == len(first["suggestions"])


def test_the_site_says_what_the_page_needs(serve):
    with serve(site_title="Ask <Ada>", person="Ada", accent="#123456").client() as client:
        site, page = client.get("/api/site").json(), client.get("/").text

    assert site["title"] == "Ask <Ada>" and site["person"] == "Ada" and site["public"] and site["quoted"]
    assert "Ask &lt;Ada&gt;" in page and "Ask <Ada>" not in page


def test_files_of_the_page_are_kept_for_ever_by_their_hash(tmp_path, serve):
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "app.js").write_text("go()")
    (tmp_path / "index.html").write_text('<script src="/assets/app.js"></script><i>{{title}}</i>')
    server = serve(site_title="Ask")
    server.context.page = page_files.load_page(server.context.settings, tmp_path)
    with server.client() as client:
        page = client.get("/").text
        (address,) = re.findall(r'src="([^"]+)"', page)
        hashed, plain = client.get(address), client.get("/assets/app.js")
        wrong = client.get("/assets/app.js?v=old")
        missing = [client.get(path).status_code for path in ("/assets/none.js", "/assets/", "/assets/../index.html")]

    assert "immutable" in hashed.headers["Cache-Control"] and hashed.headers["content-type"].startswith(
        "text/javascript"
    )
    assert plain.headers["Cache-Control"] == wrong.headers["Cache-Control"] == "no-cache"
    assert missing == [404, 404, 404]


def test_the_documentation_needs_no_other_host_and_no_script(serve):
    with serve().client() as client:
        page, style = client.get("/docs"), client.get("/docs.css")
        described = client.get("/openapi.json").json()

    assert "<script" not in page.text and "http://" not in page.text and "https://" not in page.text
    assert style.headers["content-type"].startswith("text/css")
    for path, methods in described["paths"].items():
        assert path.replace("&", "&amp;") in page.text
        for operation in methods.values():
            assert operation["summary"] and operation["description"]
            assert "HTTPValidationError" not in str(operation)
    assert described["components"]["securitySchemes"] and "Problem" in described["components"]["schemas"]


def test_feedback_is_kept_and_may_be_changed_once(serve, portfolio):
    with serve().client() as client:
        id_ = client.post("/api/ask", json={"question": "Where are the hens?"}).json()["id"]
        answers = [
            client.post("/api/feedback", json={"id": id_, "rating": rating, "comment": "so \x00 so"}).status_code
            for rating in ("up", "down", "up")
        ]
        unknown = client.post("/api/feedback", json={"id": "0" * 8 + id_[8:], "rating": "up"})

    assert answers == [204, 204, 409] and unknown.status_code == 404
    assert portfolio.rows("SELECT rating, rating_comment, ratings FROM query_logs") == [("down", "so  so", 2)]


def test_questions_are_logged_with_their_answers(serve, portfolio, make_key):
    with serve().client() as client:
        client.post("/api/search", json={"question": "pebbles"})
        client.post("/api/ask", json={"question": "What did she do at Skarnholt Freight?"}, headers=make_key())
        declined = client.post("/api/ask", json={"question": "zyzzyva quokka"}).json()

    rows = portfolio.rows(
        "SELECT source, question, answer_state, reason, answer_model, prompt_tokens, "
        "jsonb_array_length(citations) > 0, visitor IS NOT NULL, milliseconds > 0, generation "
        "FROM query_logs ORDER BY query_log_id"
    )
    assert rows[0] == ("page", "pebbles", None, None, None, None, None, True, True, 1)
    assert rows[1][:5] == ("api", "What did she do at Skarnholt Freight?", "answered", None, "extractive")
    assert rows[1][5:] == (0, True, True, True, 1)
    assert not declined["answered"]
    assert rows[2][2:4] == ("declined", declined["reason"])


def test_with_the_log_off_nothing_is_kept_and_there_is_no_id(serve, portfolio):
    with serve(query_log="off").client() as client:
        answer = client.post("/api/ask", json={"question": "Where are the hens?"}).json()
        client.post("/api/search", json={"question": "hens"})

    assert answer["id"] is None and portfolio.rows("SELECT count(*) FROM query_logs") == [(0,)]


def test_before_anything_is_published_questions_have_to_wait(serve):
    class Unpublished:
        def stream(self, question, *, history=(), filters=()):
            raise PublishError("Nothing is published yet. Run something.")

    with serve(answerer=Unpublished()).client() as client:
        for headers in ({}, STREAM):
            answer = client.post("/api/ask", json={"question": "Who?"}, headers=headers)
            assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
            assert "published" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_told_part_by_part(path, serve):
    with serve().client() as client:
        answer = client.get(path)
    assert answer.status_code == 200
    if path == "/readyz":
        found = answer.json()
        assert found.pop("ready") is True
        assert set(found) == {"database", "schema_at_head", "generation", "embedder"}
        assert all(part["ok"] and part["detail"] for part in found.values())
