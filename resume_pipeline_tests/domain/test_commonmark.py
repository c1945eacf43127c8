"""The examples of the CommonMark specification: none crashes, and the words are those of the specified HTML."""

import json
import re
from html import unescape
from pathlib import Path

import pytest

from resume_pipeline.domain.markdown import parse_document

EXAMPLES = json.loads((Path(__file__).parent / "commonmark" / "examples.json").read_text(encoding="utf-8"))
# In HTML, this project reads markdown and drops tags and comments that the specification shows as they are.
OTHERWISE_READ = {"HTML blocks", "Raw HTML"}


def visible(html: str) -> str:
    """The words of the HTML without white space; images by their alt text."""
    html = re.sub(r'<img[^>]*?alt="([^"]*)"[^>]*>', r"\1", html)
    return "".join(unescape(re.sub(r"<[^>]*>", "", html)).split())


def words(markdown: str) -> str:
    document = parse_document(markdown, fallback_title="File name")
    return "".join("".join(block.text.split()) for section in document.sections for block in section.blocks)


def test_no_example_crashes():
    assert len(EXAMPLES) == 652
    assert all(isinstance(words(example["markdown"]), str) for example in EXAMPLES)


@pytest.mark.parametrize("section", sorted({example["section"] for example in EXAMPLES} - OTHERWISE_READ))
def test_the_words_of_an_example_are_those_of_its_html(section):
    differing = [
        example["example"]
        for example in EXAMPLES
        if example["section"] == section and words(example["markdown"]) != visible(example["html"])
    ]

    assert differing == []
