"""Every ``cases/*.md`` beside its ``*.expected.json``: adding a case takes two files and no code.

The expected file holds what ``parse_document`` says: ``title``, then what is not empty of ``hidden_reason``,
``metadata``, ``facts``, ``problems`` (line, reason), and ``sections`` (path, blocks as kind, first line, last line,
text). ``fallback_title`` is "File name".
"""

import json
from pathlib import Path
from typing import Any

import pytest

from resume_pipeline.domain.chunking import chunk_document
from resume_pipeline.domain.documents import ChunkLimits, ParsedDocument, TokenCounter
from resume_pipeline.domain.markdown import parse_document

CASES = sorted((Path(__file__).parent / "cases").glob("*.md"))


def described(document: ParsedDocument) -> dict[str, Any]:
    optional = {
        "hidden_reason": document.hidden_reason,
        "metadata": document.metadata,
        "facts": list(document.facts),
        "problems": [[problem.line, problem.reason] for problem in document.problems],
    }
    sections = [
        {
            "path": list(section.heading_path),
            "blocks": [[block.kind, block.start_line, block.end_line, block.text] for block in section.blocks],
        }
        for section in document.sections
    ]
    return {"title": document.title, **{key: value for key, value in optional.items() if value}, "sections": sections}


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_a_case_file_is_read_as_its_expected_file_says(case: Path) -> None:
    expected = json.loads(case.with_suffix(".expected.json").read_text(encoding="utf-8"))

    assert described(parse_document(case.read_text(encoding="utf-8"), fallback_title="File name")) == expected


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_what_a_case_calls_secret_is_in_no_chunk(case: Path, count_tokens: TokenCounter) -> None:
    document = parse_document(case.read_text(encoding="utf-8"), fallback_title="File name")
    if document.hidden_reason:
        return

    for chunk in chunk_document(document, limits=ChunkLimits(), count_tokens=count_tokens):
        assert "secret" not in (chunk.content + chunk.embedding_input).lower()
