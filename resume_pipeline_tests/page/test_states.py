"""What a visitor sees while there is no answer: waiting, stopped, limited, offline, refused, nothing published."""

import json
import re

from playwright.sync_api import expect

from resume_pipeline_tests.page.serving import serving

QUESTION = "Which languages does she speak?"


def problem(status: int, **members: object) -> dict[str, object]:
    """A problem document as a proxy or a broken server would give it."""
    body = {"type": "about:blank", "title": "Problem", "status": status, "detail": "", **members}
    return {"status": status, "content_type": "application/problem+json", "body": json.dumps(body)}


def test_a_question_that_waits_says_so_and_can_be_stopped(visit, size):
    visitor = visit(size)
    held = visitor.hold()
    exchange = visitor.ask(QUESTION)
    expect(exchange.get_by_text("Searching the documents…")).to_be_visible()

    visitor.page.get_by_role("button", name="Stop").click()

    expect(exchange.get_by_text("Stopped.")).to_be_visible()
    expect(visitor.page.get_by_role("button", name="Stop")).to_be_hidden()
    assert len(held) == 1
    exchange.get_by_role("button", name="Ask again").click()
    expect(visitor.exchange.locator(".marker").first).to_be_visible()
    expect(visitor.page.get_by_role("article")).to_have_count(1)


def test_the_beginning_of_an_answer_is_there_to_read_and_use_while_the_rest_comes(visit):
    visitor = visit()
    visitor.slow_line()
    exchange = visitor.ask(QUESTION)
    expect(exchange.locator(".marker")).to_have_count(1)
    expect(exchange.locator(".actions")).to_have_count(0)
    exchange.locator(".marker").click()
    expect(visitor.reader.locator("mark").first).to_be_visible()
    visitor.page.keyboard.press("Escape")

    visitor.page.evaluate("release()")

    expect(exchange.locator(".actions")).to_be_visible()


def test_what_came_of_a_stopped_answer_stays_but_is_no_part_of_the_conversation(visit):
    visitor = visit()
    visitor.slow_line()
    exchange = visitor.ask(QUESTION)
    expect(exchange.locator(".marker")).to_have_count(1)
    begun = exchange.locator(".answer").inner_text()
    visitor.page.get_by_role("button", name="Stop").click()
    expect(exchange.get_by_text("Stopped.")).to_be_visible()
    expect(exchange.locator(".answer")).to_have_text(begun, use_inner_text=True)

    visitor.page.evaluate("release()")
    with visitor.page.expect_request("**/api/ask") as asked:
        visitor.answer(QUESTION)

    assert asked.value.post_data_json["history"] == []


def test_a_second_question_does_not_wait_for_the_first(visit):
    visitor = visit()
    visitor.hold()
    visitor.ask("kafka?")

    visitor.answer(QUESTION)

    expect(visitor.page.get_by_role("article").first.get_by_text("Stopped.")).to_be_visible()


def test_who_asks_more_than_a_visitor_may_reads_when_to_go_on(visit, sample_url, state):
    with serving(sample_url, state, RESUME_VISITOR_RATE="2/hour") as site:
        visitor = visit(at=site)
        for _ in range(2):
            visitor.answer(QUESTION)
        refused = visitor.ask(QUESTION)

        expect(refused.get_by_role("heading", name="The limit is reached for now")).to_be_visible()
        expect(refused).to_contain_text(re.compile(r"You can go on (in \d+:\d\d|at \d\d:\d\d)\."))
        expect(refused.get_by_role("button", name="Ask again")).to_be_disabled()


def test_the_limit_counts_down_and_then_asks_again(visit):
    visitor = visit()
    visitor.page.clock.install()
    visitor.refuse(**problem(429), headers={"Retry-After": "90"})
    exchange = visitor.ask(QUESTION)
    expect(exchange.get_by_text("You can go on in 1:30.")).to_be_visible()
    again = exchange.get_by_role("button", name="Ask again")
    expect(again).to_be_disabled()
    visitor.page.clock.run_for(60_000)
    expect(exchange.get_by_text("You can go on in 0:30.")).to_be_visible()
    visitor.page.clock.run_for(31_000)
    expect(exchange.get_by_text("You can go on now.")).to_be_visible()

    again.click()

    expect(visitor.exchange.locator(".marker").first).to_be_visible()
    expect(visitor.page.get_by_role("article")).to_have_count(1)


def test_who_is_offline_keeps_the_question_and_asks_it_again(visit, size):
    visitor = visit(size)
    visitor.page.context.set_offline(True)
    expect(visitor.page.locator("#offline-banner")).to_be_visible()
    exchange = visitor.ask(QUESTION)
    expect(exchange.get_by_role("heading", name="You are offline")).to_be_visible()

    visitor.page.context.set_offline(False)
    expect(exchange.get_by_role("heading", name="You are connected again")).to_be_visible()
    expect(visitor.page.locator("#offline-banner")).to_be_hidden()
    exchange.get_by_role("button", name="Try again").click()

    expect(visitor.exchange.locator(".marker").first).to_be_visible()


def test_a_mistake_of_the_server_is_told_with_the_id_of_the_request(visit):
    visitor = visit()
    visitor.refuse(**problem(500, request_id="a-1b2c3d4e"))

    exchange = visitor.ask(QUESTION)

    expect(exchange.get_by_role("heading", name="Something went wrong")).to_be_visible()
    expect(exchange.get_by_text("Request a-1b2c3d4e")).to_be_visible()


def test_an_answer_that_breaks_off_keeps_what_came_and_says_so(visit):
    visitor = visit()
    begun = 'event: text\ndata: {"text": "She speaks Polish"}\n\n'
    visitor.refuse(content_type="text/event-stream", body=begun)

    exchange = visitor.ask(QUESTION)

    expect(exchange.get_by_role("heading", name="The answer broke off")).to_be_visible()
    expect(exchange.locator(".answer")).to_have_text("She speaks Polish")


def test_a_problem_in_the_middle_of_a_stream_is_shown(visit):
    visitor = visit()
    event = f"event: error\ndata: {json.dumps({'status': 503, 'detail': 'The chat model does not answer now.'})}\n\n"
    visitor.refuse(content_type="text/event-stream", body=event)

    exchange = visitor.ask(QUESTION)

    expect(exchange.get_by_text("The chat model does not answer now.")).to_be_visible()


def test_a_question_that_is_too_long_is_not_sent(visit):
    visitor = visit()
    visitor.box.fill("x" * 250)
    expect(visitor.page.get_by_text("50 left")).to_be_visible()
    visitor.box.fill("x" * 312)
    expect(visitor.page.get_by_text("12 characters too many")).to_be_visible()
    expect(visitor.page.get_by_role("button", name="Send the question")).to_be_disabled()

    visitor.box.press("Enter")

    expect(visitor.page.get_by_role("article")).to_have_count(0)


def test_where_nothing_is_published_the_operator_reads_what_to_do(visit, empty_site, size):
    visitor = visit(size, at=empty_site)
    notice = visitor.page.locator("#page-notice")
    expect(notice.get_by_role("heading", name="Nothing is published yet")).to_be_visible()
    expect(notice.get_by_text("make ingest")).to_be_visible()

    exchange = visitor.ask(QUESTION)

    expect(exchange.get_by_role("heading", name="Nothing is published yet")).to_be_visible()
    assert visitor.inaccessible() == []


def test_without_scripts_the_page_says_what_it_needs(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site)
    expect(page.get_by_role("heading", name="This page needs JavaScript")).to_be_visible()
    context.close()


def test_scripts_and_styles_are_small(visit):
    visitor = visit()
    loaded = {url for url in visitor.requests if re.search(r"/assets/.*\.(js|css)", url)}
    size = sum(len(visitor.page.request.get(url).body()) for url in loaded)

    assert len({url.split("?")[0] for url in loaded}) == len(loaded), "a file was loaded twice"
    assert size < 100_000
