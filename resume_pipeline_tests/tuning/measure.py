"""Two figures for a set: hit@5 and MRR@10, or the share of the reference excerpts in the first 5 and 10 chunks."""

import re
from collections.abc import Sequence

from resume_pipeline.domain.ranking_metrics import Relevant, judge_ranking
from resume_pipeline_tests.tuning.export import Exported
from resume_pipeline_tests.tuning.question_sets import QuestionSet

Figures = tuple[float, float]


def figures(question_set: QuestionSet, exported: Exported, rankings: Sequence[Sequence[int]]) -> Figures:
    """The two figures of a set's measure, means over its questions."""
    if question_set.measure == "recall":
        files = {path: letters(text) for path, text in question_set.files.items()}
        spans = spans_of(exported, files)
        pairs = [
            tuple(recall(asked.relevant, files, [spans[chunk] for chunk in ranking[:count]]) for count in (5, 10))
            for asked, ranking in zip(question_set.questions, rankings, strict=True)
        ]
    else:
        pairs = []
        for asked, ranking in zip(question_set.questions, rankings, strict=True):
            judged = judge_ranking([exported.chunks[chunk] for chunk in ranking[:10]], asked.relevant, 0)
            pairs.append((float((judged.rank or 99) <= 5), 1 / judged.rank if judged.rank else 0.0))
    count = max(len(pairs), 1)
    return sum(first for first, _ in pairs) / count, sum(second for _, second in pairs) / count


def letters(text: str) -> str:
    """Letters and digits alone: the same in markdown and in the text that is shown."""
    return re.sub(r"[\W_]+", "", text)


def spans_of(exported: Exported, files: dict[str, str]) -> list[tuple[str, int, int] | None]:
    """Where each chunk stands in its file, counted in letters; None for what does not stand there as it is."""
    spans: list[tuple[str, int, int] | None] = []
    for chunk in exported.chunks:
        content = letters(chunk.content)
        start = files[chunk.path].find(content)
        spans.append((chunk.path, start, start + len(content)) if start >= 0 else None)
    return spans


def recall(relevant: Sequence[Relevant], files: dict[str, str], spans: Sequence[tuple[str, int, int] | None]) -> float:
    """The share of the excerpts' letters that lie in the spans."""
    found = total = 0
    for excerpt in relevant:
        wanted = letters(excerpt.text_span or "")
        start = files[excerpt.path].find(wanted)
        covered: set[int] = set()
        for span in spans:
            if span is not None and span[0] == excerpt.path:
                covered |= set(range(max(start, span[1]), min(start + len(wanted), span[2])))
        found, total = found + len(covered), total + len(wanted)
    return found / total if total else 0.0
