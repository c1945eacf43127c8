"""Kinds of content and of questions: with titles and without, in words and in keywords, sound and misspelt.

Each set is made mechanically from given material, with fixed seeds, and none of the making uses a search.
"""

import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from resume_pipeline.domain.characters import without_unsound
from resume_pipeline.domain.ranking_metrics import Relevant, folded

LONG_FILES = 8
CORPUS_FILES = 1500
CORPUS_QUESTIONS = 300
COMMON = frozenset(
    "a an the and or of in on at to for from by with is are was were be been do does did has have had it its this that "
    "these those who whom whose what which when where why how many much there their they he she his her you your i my "
    "we our as not no can could would should will if so than then about into name mean first new one get".split()
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and what answers it."""

    text: str
    relevant: tuple[Relevant, ...]


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Files by path, and questions on them.

    ``measure``: "hits" counts questions with a relevant chunk (hit@5, MRR@10); "recall" the share of the reference
    excerpts' characters that the first 5 and the first 10 chunks contain.
    """

    name: str
    files: dict[str, str]
    questions: tuple[Asked, ...]
    measure: Literal["hits", "recall"] = "hits"


def question_sets(questions: Path, content: Path, corpus: Path | None) -> list[QuestionSet]:
    """All sets; those on a corpus of documentation only where one is given."""
    short, long = from_folder(questions), as_long_files(questions)
    sets = [short, long, golden(content)]
    sets += [in_keywords(short), in_keywords(long), misspelt(short), misspelt(long)]
    if corpus is not None:
        files = sample(corpus)
        sets += [by_description(files), by_heading(files)]
    return sets


def from_folder(folder: Path) -> QuestionSet:
    """The folder's own questions over its own files."""
    return QuestionSet("as is", markdown(folder), tuple(read_questions(folder / "questions.jsonl")))


def golden(content: Path) -> QuestionSet:
    """The golden questions of a content root."""
    questions = tuple(read_questions(content / "golden_questions.jsonl"))
    files = {path: text for path, text in markdown(content).items() if path != "README.md"}
    return QuestionSet("golden", files, questions)


def as_long_files(folder: Path) -> QuestionSet:
    """The same texts run together into a few long files without a title or heading; excerpts to be found."""
    files = markdown(folder)
    order = sorted(files)
    random.Random(1).shuffle(order)
    home = {path: f"part-{place % LONG_FILES}.md" for place, path in enumerate(order)}
    parts: dict[str, list[str]] = {name: [] for name in sorted(set(home.values()))}
    for path in order:
        parts[home[path]].append(untokenised(re.sub(r"^# .*\n+", "", files[path])).strip())
    long = {name: "\n\n".join(texts) + "\n" for name, texts in parts.items()}
    asked = []
    for line in json_lines(folder / "questions.jsonl"):
        name = home[line["relevant"][0]["path"]] if line["relevant"] else ""
        spans = [folded(untokenised(sentence)) for sentence in dict.fromkeys(line.get("sentences", []))]
        found = tuple(Relevant(name, span) for span in spans if name and span in folded(long[name]))
        if found:
            asked.append(Asked(line["question"], found))
    return QuestionSet("long files", long, tuple(asked), "recall")


def in_keywords(base: QuestionSet) -> QuestionSet:
    """Two or three content words of each question, in their order."""
    chance = random.Random(4)

    def keywords(question: str) -> str | None:
        words = [word for word in re.findall(r"[a-z0-9']+", question.lower()) if word not in COMMON]
        count = min(len(words), chance.choice((2, 3)))
        return " ".join(words[place] for place in sorted(chance.sample(range(len(words)), count))) or None

    return _changed(base, f"{base.name}, keywords", keywords)


def misspelt(base: QuestionSet) -> QuestionSet:
    """One typing error in each of up to two longer words of each question."""
    chance = random.Random(6)

    def typed(question: str) -> str | None:
        words = question.split()
        long = [place for place, word in enumerate(words) if len(word) > 4 and word.isalpha() and word not in COMMON]
        for place in chance.sample(long, min(2, len(long))):
            words[place] = with_typing_error(words[place], chance)
        return " ".join(words) if long else None

    return _changed(base, f"{base.name}, misspelt", typed)


def with_typing_error(word: str, chance: random.Random) -> str:
    """The word with two letters swapped, one missing, one too many or one wrong; the first letter stays."""
    place = chance.randrange(1, len(word) - 1)
    other = chance.choice("abcdefghijklmnopqrstuvwxyz")
    before, after = word[:place], word[place:]
    return chance.choice(
        (
            before + after[1] + after[0] + after[2:],
            before + after[1:],
            before + other + after,
            before + other + after[1:],
        )
    )


def sample(corpus: Path) -> dict[str, str]:
    """1,500 files of a corpus, those with a description of their own first."""
    files = markdown(corpus)
    paths = sorted(files)
    random.Random(3).shuffle(paths)
    paths.sort(key=lambda path: description(files[path]) is None)
    described = [path for path in paths if description(files[path])][: CORPUS_FILES // 2]
    others = [path for path in paths if path not in set(described)][: CORPUS_FILES - len(described)]
    return {path: files[path] for path in sorted(described + others)}


def description(text: str) -> str | None:
    """The front matter's description when it says something of its own."""
    match = re.search(r"^description: *(.+)$", text[:1500], re.M)
    words = match[1].strip(" \"'") if match else ""
    return words if len(words.split()) >= 5 and not words.lower().startswith("learn more") else None


def by_description(files: dict[str, str]) -> QuestionSet:
    """A document's description asks for it, and stands in no file."""
    asked = [Asked(words, (Relevant(path),)) for path, text in files.items() if (words := description(text))]
    without = {path: re.sub(r"^description: .*\n", "", text, count=1, flags=re.M) for path, text in files.items()}
    random.Random(5).shuffle(asked)
    return QuestionSet("descriptions", without, tuple(asked[:CORPUS_QUESTIONS]))


def by_heading(files: dict[str, str]) -> QuestionSet:
    """A heading that no other file has asks for the paragraph beneath it, and its line stands in no file."""
    chance = random.Random(7)
    heading = re.compile(r"^##+ ([^`\n]+)\n+([A-Z][^\n|<`*_\[\\]{80,})$", re.M)
    changed, asked = dict(files), []
    for path, text in files.items():
        found = [match for match in heading.finditer(text) if len(match[1].split()) >= 3]
        if found:
            match = chance.choice(found)
            changed[path] = text.replace(match[0], match[2], 1)
            asked.append(Asked(match[1], (Relevant(path, folded(match[2])[:60]),)))
    return QuestionSet("headings", changed, tuple(asked[:CORPUS_QUESTIONS]))


def markdown(folder: Path) -> dict[str, str]:
    """The markdown files beneath a folder, by POSIX path."""
    paths = sorted(path for path in folder.rglob("*.md") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8", "replace") for path in paths}


def read_questions(file: Path) -> list[Asked]:
    """The questions of a file that have an answer."""
    return [
        Asked(line["question"], tuple(_relevant(entry) for entry in line["relevant"]))
        for line in json_lines(file)
        if line["relevant"]
    ]


def _relevant(entry: dict) -> Relevant:
    span = entry.get("text_span")
    # As the content itself is made sound when it is read, so that both sides spell alike.
    return Relevant(entry["path"], without_unsound(span) if span else None)


def json_lines(file: Path) -> list[dict]:
    """The objects of a file with one a line."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


def untokenised(text: str) -> str:
    """Text as people write it, from one with spaces around its punctuation."""
    text = text.replace("`` ", "“").replace(" ''", "”").replace(" -- ", " – ").replace(" - ", "-")
    return re.sub(r" ([.,;:?!)%]|'s\b|n't\b)", r"\1", text).replace("( ", "(")


def _changed(base: QuestionSet, name: str, change: Callable[[str], str | None]) -> QuestionSet:
    pairs: Sequence[tuple[Asked, str | None]] = [(asked, change(asked.text)) for asked in base.questions]
    return replace(base, name=name, questions=tuple(replace(asked, text=text) for asked, text in pairs if text))
