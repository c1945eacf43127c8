"""A recruiter's visit, from the first question to what the content does not say."""

import re

import pytest
from playwright.sync_api import expect

from resume_pipeline import PROJECT_ROOT

UNSAID = "What is her shoe size and favourite opera?"
LANGUAGES = "Which languages does she speak?"
READINGS = "How many meter readings were moved?"
ASKED = [
    (LANGUAGES, "Japanese (N3)"),
    ("Is pg_bruzda open source?", "open"),
    ("When was she at Lumenfeld?", "Lumenfeld"),
]


def test_a_recruiter_asks_three_questions_opens_a_citation_and_is_told_what_the_content_does_not_say(visit, size):
    visitor = visit(size)
    expect(visitor.page).to_have_title("Ask about Tamsin")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Ask about Tamsin")
    expect(visitor.page.locator("#promise")).to_have_text(
        "Answers come only from these 21 documents about Tamsin Wierzbiec. Every citation is checked."
    )

    for question, said in ASKED:
        exchange = visitor.answer(question)
        expect(exchange.get_by_role("heading", level=2)).to_have_text(question)
        expect(exchange.locator(".answer")).to_contain_text(said, ignore_case=True)
        assert exchange.get_by_role("button", name=re.compile(r"^Citation \d+: ")).count() > 0
        expect(exchange.get_by_text("Quoted from the content")).to_be_visible()
        assert exchange.get_by_role("region", name="Sources of this answer").locator(".source").count() > 0
        assert not visitor.overflows()

    first = visitor.page.get_by_role("article").first
    marker = first.get_by_role("button", name=re.compile("^Citation 1: "))
    marker.click()
    expect(visitor.reader).to_be_visible()
    expect(visitor.reader.locator("mark").first).to_be_in_viewport()
    assert "Japanese (N3)" in marked(visitor)
    visitor.page.keyboard.press("Escape")
    expect(visitor.reader).to_be_hidden()
    expect(marker).to_be_focused()

    declined = visitor.answer(UNSAID)
    expect(declined.get_by_role("heading", name="The content does not say")).to_be_visible()
    expect(declined.get_by_role("button", name=re.compile("^Citation"))).to_have_count(0)
    declined.locator(".near").first.click()
    expect(visitor.reader.locator(".document")).to_contain_text(re.compile(r"\w"))
    assert not visitor.overflows()


def test_marked_lines_are_those_that_the_citation_names(visit):
    visitor = visit()
    exchange = visitor.answer(READINGS)
    citation = visitor.page.request.post(f"{visitor.site}api/ask", data={"question": READINGS}).json()["citations"][0]
    lines = (PROJECT_ROOT / "content" / citation["path"]).read_text("utf-8").splitlines()

    exchange.get_by_role("button", name=re.compile("^Citation 1: ")).click()
    expect(visitor.reader.locator(".path")).to_have_text(citation["path"])

    numbers = visitor.reader.locator(".cited").evaluate_all("nodes => nodes.map(node => Number(node.dataset.line))")
    assert set(numbers) <= set(range(citation["start_line"], citation["end_line"] + 1))
    # Blank lines, fences and rules have no text to mark.
    texts = [n for n in range(citation["start_line"], citation["end_line"] + 1) if re.search(r"\w", lines[n - 1])]
    assert set(texts) <= set(numbers)


def test_citations_are_walked_through_in_their_order(visit):
    visitor = visit()
    exchange = visitor.answer(READINGS)
    passages = exchange.locator(".quote").count()
    assert passages > 1

    exchange.locator(".quote").first.click()
    expect(visitor.reader.locator("#reader-count")).to_have_text(f"1 of {passages}")
    expect(visitor.reader.get_by_role("button", name="Previous")).to_be_disabled()
    visitor.reader.get_by_role("button", name="Next").click()
    expect(visitor.reader.locator("#reader-count")).to_have_text(f"2 of {passages}")


def test_a_link_between_documents_is_followed_within_the_panel(visit):
    visitor = visit()
    exchange = visitor.answer(LANGUAGES)
    exchange.locator(".source", has_text="Résumé").locator(".quote").first.click()
    expect(visitor.reader.locator(".path")).to_have_text("resume.md")

    visitor.reader.locator("a[data-document='jobs/pennyfold-systems.md']").first.click()

    expect(visitor.reader.locator(".path")).to_have_text("jobs/pennyfold-systems.md")
    expect(visitor.reader.get_by_role("heading", level=2)).to_have_text("Junior software engineer at Pennyfold Systems")
    expect(visitor.page).to_have_url(visitor.site)


def test_a_suggestion_is_asked_with_one_click(visit, size):
    visitor = visit(size)
    chip = visitor.page.get_by_role("region", name="Questions to start with").get_by_role("button").first
    question = chip.inner_text()

    chip.click()

    expect(visitor.exchange.get_by_role("heading", level=2)).to_have_text(question)
    expect(visitor.exchange.locator(".actions")).to_be_visible()


def test_a_shared_link_asks_its_question_and_holds_nothing_else(visit):
    sender = visit(permissions=["clipboard-read", "clipboard-write"])
    exchange = sender.answer("What about C++ & Rust?")
    exchange.get_by_role("button", name="Share").click()
    expect(sender.page.get_by_text("Link copied")).to_be_visible()
    link = sender.page.evaluate("navigator.clipboard.readText()")
    assert link == f"{sender.site}?q=What%20about%20C%2B%2B%20%26%20Rust%3F"

    receiver = visit(address=link.removeprefix(sender.site))

    expect(receiver.exchange.get_by_role("heading", level=2)).to_have_text("What about C++ & Rust?")
    expect(receiver.exchange.locator(".actions")).to_be_visible()


def test_an_answer_is_copied_with_its_sources(visit):
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    visitor.answer(LANGUAGES).get_by_role("button", name="Copy").click()
    expect(visitor.page.get_by_text("Answer copied")).to_be_visible()

    copied = visitor.page.evaluate("navigator.clipboard.readText()")

    assert copied.startswith(LANGUAGES)
    assert re.search(r"\n\[1\] .*resume\.md, lines? \d+", copied)


def test_a_reader_says_whether_an_answer_helped_and_why_not(visit):
    visitor = visit()
    exchange = visitor.answer(LANGUAGES)
    down = exchange.get_by_role("button", name="This did not help")
    with visitor.page.expect_response("**/api/feedback") as rated:
        down.click()
    assert rated.value.status == 204
    expect(down).to_have_attribute("aria-pressed", "true")

    exchange.get_by_role("textbox", name="What was missing?").fill("Sign languages")
    with visitor.page.expect_response("**/api/feedback") as commented:
        exchange.get_by_role("button", name="Send").click()

    assert commented.value.status == 204
    assert commented.value.request.post_data_json == {
        "id": rated.value.request.post_data_json["id"],
        "rating": "down",
        "comment": "Sign languages",
    }


def test_a_follow_up_carries_the_conversation_and_a_new_one_does_not(visit):
    visitor = visit()
    visitor.answer("When was she at Lumenfeld?")
    with visitor.page.expect_request("**/api/ask") as followed:
        visitor.answer("And what did she do there?")
    history = followed.value.post_data_json["history"]
    assert [turn["question"] for turn in history] == ["When was she at Lumenfeld?"]
    assert history[0]["answer"]

    visitor.page.get_by_role("button", name="New conversation").click()
    expect(visitor.page.get_by_role("article")).to_have_count(0)
    expect(visitor.box).to_be_focused()
    with visitor.page.expect_request("**/api/ask") as anew:
        visitor.answer(LANGUAGES)
    assert anew.value.post_data_json["history"] == []


def test_at_most_six_turns_are_carried(visit):
    visitor = visit()
    for number in range(7):
        visitor.answer(f"kafka {number}?")
    with visitor.page.expect_request("**/api/ask") as asked:
        visitor.answer(LANGUAGES)

    assert [turn["question"] for turn in asked.value.post_data_json["history"]] == [f"kafka {n}?" for n in range(1, 7)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_follows_the_system_until_it_is_chosen_and_then_stays(visit, scheme):
    other = {"light": "dark", "dark": "light"}[scheme]
    visitor = visit(color_scheme=scheme)
    root = visitor.page.locator("html")
    expect(root).to_have_attribute("data-theme", scheme)
    ground = visitor.page.evaluate("getComputedStyle(document.body).backgroundColor")

    visitor.page.get_by_role("button", name=f"Switch to the {other} theme").click()
    visitor.page.reload()

    expect(root).to_have_attribute("data-theme", other)
    assert visitor.page.evaluate("getComputedStyle(document.body).backgroundColor") != ground


def marked(visitor) -> str:
    return " ".join("".join(visitor.reader.locator("mark").all_text_contents()).split())
