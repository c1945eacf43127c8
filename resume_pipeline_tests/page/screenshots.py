"""The pictures of the documentation: `python -m resume_pipeline_tests.page.screenshots URL FOLDER`."""

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

from resume_pipeline_tests.page.browsers import BROWSERS, QUIET
from resume_pipeline_tests.page.visiting import SIZES, Visitor

PICTURES = (("desktop", "light"), ("phone", "dark"))


def main() -> None:
    """Ask the question and take a picture of the answer beside its document, and of the answer on a phone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="where the page is, as in http://127.0.0.1:8000/")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--question", default="How many meter readings were moved?")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET)
        for size, scheme in PICTURES:
            page = browser.new_page(**SIZES[size], color_scheme=scheme, reduced_motion="reduce", locale="en-GB")
            visitor = Visitor(page, given.url).arrive()
            exchange = visitor.answer(given.question)
            if size == "desktop":
                exchange.locator(".marker").first.click()
                visitor.reader.locator("mark, .cited").first.wait_for()
            page.screenshot(path=given.folder / f"page-{size}-{scheme}.png")
        browser.close()


if __name__ == "__main__":
    main()
