"""The page with the keyboard alone, by its names and roles, and by axe in every state, light and dark."""

import re

import pytest
from playwright.sync_api import expect

QUESTION = "How many meter readings were moved?"


def test_everything_can_be_done_with_the_keyboard(visit):
    visitor = visit()
    press = visitor.page.keyboard.press
    visitor.page.locator("h1").click()
    press("/")
    expect(visitor.box).to_be_focused()
    visitor.page.keyboard.type(QUESTION)
    press("Shift+Enter")
    visitor.page.keyboard.type("Tell me all.")
    expect(visitor.box).to_have_value(f"{QUESTION}\nTell me all.")
    press("Enter")
    expect(visitor.exchange.locator(".actions")).to_be_visible()
    expect(visitor.box).to_be_focused()

    marker = visitor.exchange.locator(".marker").first
    tab_to(visitor, marker, "Shift+Tab")
    press("Enter")
    expect(visitor.page.locator("#reader-title")).to_be_focused()
    tab_to(visitor, visitor.reader.get_by_role("button", name="Next"), "Tab")
    press("Enter")
    expect(visitor.reader.locator("#reader-count")).to_contain_text("2 of")
    press("Escape")
    expect(visitor.reader).to_be_hidden()
    expect(marker).to_be_focused()
    tab_to(visitor, visitor.page.get_by_role("button", name="New conversation"), "Shift+Tab")
    press("Enter")
    expect(visitor.page.get_by_role("article")).to_have_count(0)


def test_the_skip_link_comes_first_and_leads_to_the_question(visit):
    visitor = visit("phone")
    visitor.page.keyboard.press("Tab")
    skip = visitor.page.get_by_role("link", name="Skip to the question")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()

    visitor.page.keyboard.press("Enter")

    expect(visitor.box).to_be_focused()


def test_on_a_phone_the_document_is_a_dialog_that_keeps_the_focus(visit):
    visitor = visit("phone")
    visitor.answer(QUESTION).locator(".marker").first.click()
    expect(visitor.page.locator("dialog#reader:modal")).to_be_visible()

    # The browser's own address bar is the only other place that the focus may go.
    for _ in range(12):
        visitor.page.keyboard.press("Tab")
        assert visitor.page.evaluate(
            "document.activeElement === document.body || document.activeElement.closest('#reader') !== null"
        )


def test_a_screen_reader_hears_whole_sentences(visit):
    visitor = visit()
    exchange = visitor.answer(QUESTION)
    heard = visitor.page.locator("#announcer p").all_text_contents()

    assert heard[0] == "Searching the documents."
    assert re.fullmatch(r"The answer is complete, with \d+ citations?\.", heard[-1])
    shown = re.sub(r"\W", "", exchange.locator(".answer").inner_text())
    assert re.sub(r"\W|citation", "", "".join(heard[1:-1])) == shown
    assert not any(sentence.startswith(("(", ",", ".")) for sentence in heard)
    assert visitor.page.locator("[aria-live] .answer, .answer[aria-live]").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state(visit, size, scheme):
    visitor = visit(size, color_scheme=scheme)
    found = {"empty": visitor.inaccessible()}
    held = visitor.hold()
    visitor.ask(QUESTION)
    found["thinking"] = visitor.inaccessible()
    held.pop().continue_()
    expect(visitor.exchange.locator(".actions")).to_be_visible()
    found["answered"] = visitor.inaccessible()
    visitor.exchange.locator(".marker").first.click()
    expect(visitor.reader.locator("mark").first).to_be_visible()
    found["document"] = visitor.inaccessible()
    visitor.page.keyboard.press("Escape")
    visitor.answer("What is her shoe size and favourite opera?")
    found["declined"] = visitor.inaccessible()
    for status in (429, 500, 503):
        visitor.refuse(status=status, body="{}")
        visitor.ask("kafka?")
        expect(visitor.exchange.locator(".notice")).to_be_visible()
    visitor.page.context.set_offline(True)
    visitor.ask("kafka?")
    expect(visitor.exchange.get_by_role("heading", name="You are offline")).to_be_visible()
    found["failed"] = visitor.inaccessible()
    visitor.box.fill("x" * 312)
    found["too long"] = visitor.inaccessible()
    visitor.page.context.set_offline(False)

    assert found == {state: [] for state in found}


@pytest.mark.parametrize("width", [320, 768])
def test_nothing_is_cut_off_at_other_widths(visit, width):
    visitor = visit(viewport={"width": width, "height": 640})
    visitor.answer(QUESTION)
    assert not visitor.overflows()
    visitor.exchange.locator(".marker").first.click()
    expect(visitor.reader.locator("mark").first).to_be_visible()

    assert not visitor.overflows()


def test_what_is_touched_on_a_phone_is_large_enough(visit):
    visitor = visit("phone")
    visitor.answer(QUESTION)
    small = visitor.page.evaluate(
        """() => [...document.querySelectorAll("button, a, input, textarea")]
            .filter(element => element.checkVisibility() && !element.matches(".marker, .skip-link"))
            .map(element => [element, element.getBoundingClientRect()])
            .filter(([, box]) => box.height < 44 || box.width < 44)
            .map(([element]) => element.outerHTML.slice(0, 80))"""
    )

    assert small == []


def tab_to(visitor, target, key: str, most: int = 40) -> None:
    """Press Tab until the focus is there."""
    for _ in range(most):
        visitor.page.keyboard.press(key)
        if target.evaluate("node => node === document.activeElement"):
            return
    raise AssertionError(f"{target} was not reached")
