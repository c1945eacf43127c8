"""Questions files: what is read, what is refused, and paths with a folder too many or too few."""

import json
from pathlib import Path

import pytest

from resume_pipeline.content.golden_questions import QuestionsFile, golden_questions, read_questions_file
from resume_pipeline.domain.ranking_metrics import Relevant
from resume_pipeline.errors import ContentRootError, QuestionsError
from resume_pipeline.evaluation.paths import align_paths, known_only
from resume_pipeline.evaluation.questions import GoldenQuestions, parse_questions

GOOD = {"id": "a", "question": "Who?", "relevant": [{"path": "x.md", "text_span": "she"}]}


def parsed(*lines: object) -> GoldenQuestions:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines)
    return parse_questions(QuestionsFile(Path("q.jsonl"), text.encode("utf-8", "surrogatepass"), b""))


def asked(*paths: str) -> tuple:
    return parsed(*({"question": f"{n}", "relevant": [{"path": p}]} for n, p in enumerate(paths))).questions


def test_a_question_has_an_id_its_passages_and_its_line_and_other_keys_are_left_alone():
    found = parsed({**GOOD, "near": [1], "answers": ["she"]}, "", {"question": "Why? ", "relevant": []})

    first, second = found.questions
    assert (first.id, first.question, first.line) == ("a", "Who?", 1)
    assert first.relevant == (Relevant("x.md", "she"),)
    assert (second.id, second.question, second.relevant, second.line) == ("line 3", "Why?", (), 3)
    assert found.problems == ()


def test_what_is_marked_as_not_answerable_names_no_passage():
    (one, other) = parsed({**GOOD, "answerable": False}, {"question": "b", "answerable": False}).questions
    assert one.relevant == other.relevant == ()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[1]", "no JSON object"),
        ('{"relevant": []}', '"question" is missing'),
        ('{"question": " \\u0000", "relevant": []}', '"question" is missing'),
        ('{"question": "x"}', '"relevant" is missing'),
        ('{"question": "x", "relevant": "x.md"}', '"relevant" is missing'),
        ('{"question": "x", "relevant": [{"text_span": "x"}]}', 'no "path"'),
        ('{"question": "x", "relevant": [{"path": "x.md", "text_span": 1}]}', '"text_span" is no text'),
        ('{"question": "x", "relevant": [], "answerable": true}', "names no passage"),
        ('{"question": "x", "relevant": [], "answerable": "no"}', "neither true nor false"),
        ('{"question": "x", "relevant": [], "id": [1]}', '"id" is neither'),
    ],
)
def test_a_bad_line_is_named_with_its_reason_and_the_others_count(line, reason):
    found = parsed(GOOD, line)

    assert len(found.questions) == 1
    ((number, why),) = [(problem.line, problem.reason) for problem in found.problems]
    assert number == 2 and reason in why


def test_a_file_of_bad_lines_alone_is_refused_with_each_of_them():
    with pytest.raises(QuestionsError, match=r"line 1: no JSON.*line 2: no JSON object"):
        parsed("{", "[]")
    assert parsed("", " ").questions == ()


def test_an_id_that_stands_twice_is_refused_with_both_lines():
    with pytest.raises(QuestionsError, match=r"'a' on lines 1 and 3"):
        parsed(GOOD, {**GOOD, "id": "b"}, GOOD)


def test_a_byte_order_mark_windows_line_ends_and_odd_separators_do_no_harm():
    text = "\ufeff" + json.dumps({**GOOD, "question": "a\u2028b"}, ensure_ascii=False) + "\r\n"
    found = parse_questions(QuestionsFile(Path("q.jsonl"), text.encode(), b""))
    assert len(found.questions) == 1 and found.problems == ()


def test_a_span_is_made_sound_as_the_content_is():
    (question,) = parsed({**GOOD, "relevant": [{"path": "x.md", "text_span": "e\u0301t\u00ade\x00"}]}).questions
    assert question.relevant[0].text_span == "\u00e9te"


def test_golden_questions_lie_in_the_content_root_and_a_root_that_is_gone_has_not_none(tmp_path):
    assert golden_questions(tmp_path) is None
    (tmp_path / "golden_questions.jsonl").write_text(json.dumps(GOOD))
    assert golden_questions(tmp_path).sha256 == read_questions_file(tmp_path / "golden_questions.jsonl").sha256
    with pytest.raises(ContentRootError, match="gone"):
        golden_questions(tmp_path / "gone")
    with pytest.raises(QuestionsError, match=r"nothing\.jsonl"):
        read_questions_file(tmp_path / "nothing.jsonl")


def test_paths_that_are_known_are_left_alone_and_the_others_are_named_by_line():
    aligned = align_paths(asked("docs/a.md", "docs/b.md"), {"docs/a.md", "b.md"})

    assert aligned.warning is None
    assert [(problem.line, problem.reason) for problem in aligned.unknown] == [(2, "no document docs/b.md")]


@pytest.mark.parametrize(
    ("paths", "documents", "becomes", "folder"),
    [
        (("docs/a.md", "docs/x/b.md"), {"a.md", "x/b.md"}, ["a.md", "x/b.md"], "docs/"),
        (("a/docs/a.md", "a/docs/b.md"), {"a.md", "c.md"}, ["a.md", "b.md"], "a/docs/"),
        (("a.md", "x/b.md"), {"docs/a.md", "docs/x/b.md", "old/a.md"}, ["docs/a.md", "docs/x/b.md"], "docs/"),
        (("./docs/a.md",), {"a.md"}, ["a.md"], "docs/"),
    ],
)
def test_a_folder_too_many_or_too_few_is_put_right_and_said(paths, documents, becomes, folder):
    aligned = align_paths(asked(*paths), documents)

    assert [question.relevant[0].path for question in aligned.questions] == becomes
    assert folder in aligned.warning
    assert len(aligned.unknown) == len(set(becomes) - documents)


def test_without_a_folder_in_common_nothing_is_guessed():
    aligned = align_paths(asked("docs/a.md", "other/b.md"), {"a.md", "b.md"})
    assert aligned.warning is None and len(aligned.unknown) == 2
    assert align_paths(asked("a.md"), set()).warning is None


def test_passages_of_documents_that_are_not_there_are_left_out():
    gone, half, nothing = parsed(
        {"question": "1", "relevant": [{"path": "gone.md"}]},
        {"question": "2", "relevant": [{"path": "gone.md"}, {"path": "here.md"}]},
        {"question": "3", "relevant": []},
    ).questions

    kept = known_only((gone, half, nothing), {"here.md"})

    assert [question.id for question in kept] == [half.id, nothing.id]
    assert kept[0].relevant == (Relevant("here.md"),)
