"""The hostile corpus through the real commands: nothing crashes, nothing false gets in, every bad file is reported."""

import json
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from resume_pipeline.domain.source_files import path_to_text
from resume_pipeline.embedding.tokens import load_token_counter
from resume_pipeline_tests.cli.test_commands import Terminal
from resume_pipeline_tests.hostile.case import WORD, Expectation
from resume_pipeline_tests.hostile.corpus import LIMIT_MB, SECRET, build, families

Row = dict[str, Any]
UNSOUND = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


@dataclass
class Ingested:
    """The corpus after one ingest: what was reported, and every chunk by path."""

    terminal: Terminal
    manifest: list[Expectation]
    report: Row
    chunks: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def noted(self, kind: str) -> set[str]:
        return {note["path"] for note in self.report[kind]}

    def by_path(self) -> Iterator[tuple[Expectation, str, list[Row]]]:
        for expected in self.manifest:
            path = path_to_text(expected.case.path)
            yield expected, path, self.chunks.get(path, [])


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ingested]:
    """The whole corpus, ingested by the real command."""
    terminal = Terminal(tmp_path_factory.mktemp("hostile"))
    terminal.environment |= {"RESUME_EMBEDDING_MODEL": "hashing:64", "RESUME_MAX_FILE_MB": str(LIMIT_MB)}
    manifest = build(terminal.content)
    try:
        ingested = Ingested(terminal, manifest, terminal.json("ingest"))
        listed = terminal.run("chunks")
        assert listed.returncode == 0, listed.stderr
        for line in listed.stdout.splitlines():
            chunk = json.loads(line)
            ingested.chunks[chunk["path"]].append(chunk)
        yield ingested
    finally:
        terminal.run("db", "stop")


def complain(violations: list[tuple[str, str, str]]) -> None:
    """Fail with one line a violation: class, path, what."""
    assert not violations, f"{len(violations)} violations\n" + "\n".join(
        f"{family:<20} {path!s:.60} : {what}" for family, path, what in sorted(violations)
    )


def words_in(chunks: list[Row]) -> set[str]:
    return {word for chunk in chunks for word in WORD.findall(chunk["text"])}


def test_the_corpus_is_as_large_as_it_should_be():
    assert sum(families().values()) > 1_000
    assert all(count >= 15 for count in families().values())


def test_every_word_that_must_be_in_a_chunk_is_in_one(ingested):
    violations = []
    for expected, path, chunks in ingested.by_path():
        text = unicodedata.normalize("NFC", "\n".join(chunk["text"] for chunk in chunks))
        missing = expected.must - words_in(chunks)
        missing |= {literal for literal in expected.case.must if literal not in text}
        if missing:
            violations.append((expected.case.family, path, f"not in its chunks: {sorted(missing)[:4]}"))
    complain(violations)


def test_no_word_that_must_stay_out_is_in_any_chunk(ingested):
    in_text: dict[str, set[str]] = defaultdict(set)
    anywhere: dict[str, set[str]] = defaultdict(set)
    for path, chunks in ingested.chunks.items():
        for chunk in chunks:
            for word in WORD.findall(chunk["text"]):
                in_text[word].add(path)
            for word in WORD.findall(json.dumps({**chunk, "path": ""})):
                anywhere[word].add(path)
    violations = []
    for expected, path, chunks in ingested.by_path():
        leaked = {word for word in expected.must_not_in_text if word in in_text}
        leaked |= {word for word in expected.must_not_anywhere if word in anywhere}
        leaked |= {literal for literal in expected.case.must_not if any(literal in chunk["text"] for chunk in chunks)}
        if leaked:
            violations.append((expected.case.family, path, f"in a chunk: {sorted(leaked)[:4]}"))
    complain(violations)
    assert not any(SECRET in chunk["text"] for chunks in ingested.chunks.values() for chunk in chunks)


def test_every_file_has_the_outcome_it_should_have_and_bad_ones_are_reported_by_path(ingested):
    errors, skipped, warned = (ingested.noted(kind) for kind in ("errors", "skipped", "warnings"))
    violations = []
    for expected, path, chunks in ingested.by_path():
        said = {"error": path in errors, "skipped": path in skipped, "warning": path in warned}
        reported = next((kind for kind, holds in said.items() if holds), None)
        found = reported or ("indexed" if chunks else "absent")
        if found != expected.case.outcome:
            violations.append((expected.case.family, path, f"{found}, and should be {expected.case.outcome}"))
        if bool(chunks) != (expected.case.outcome in {"indexed", "warning"}):
            violations.append((expected.case.family, path, f"has {len(chunks)} chunks"))
    known = {path for _, path, _ in ingested.by_path()} | {".resumeignore"}
    violations += [("?", path, "a path that is no case's") for path in {*ingested.chunks, *errors, *skipped} - known]
    complain(violations)


def test_every_report_says_where_and_why(ingested):
    lines = {path: expected.line_count for expected, path, _ in ingested.by_path()}
    violations = [
        (kind, note["path"], str(note))
        for kind in ("errors", "warnings", "skipped")
        for note in ingested.report[kind]
        if len(note["reason"]) < 8
        or UNSOUND.search(note["reason"] + note["path"])
        or (note.get("line") is not None and not 1 <= note["line"] <= lines[note["path"]])
    ]
    complain(violations)


def test_every_chunk_keeps_the_limits_and_is_sound_text(ingested):
    count_tokens = load_token_counter()
    violations = []
    for expected, path, chunks in ingested.by_path():
        family = expected.case.family
        if [chunk["chunk_index"] for chunk in chunks] != list(range(len(chunks))):
            violations.append((family, path, "chunk indices have gaps"))
        for chunk in chunks:
            where = f"chunk {chunk['chunk_index']}: "
            everything = json.dumps([chunk["text"], chunk["headings"], chunk["metadata"]], ensure_ascii=False)
            if not chunk["text"].strip():
                violations.append((family, path, where + "is empty"))
            if chunk["tokens"] != count_tokens(chunk["text"]) or chunk["tokens"] > 500:
                violations.append(
                    (family, path, where + f"{chunk['tokens']} tokens, {count_tokens(chunk['text'])} counted")
                )
            if unsound := UNSOUND.search(" ".join(everything.split("\n"))):
                violations.append((family, path, where + f"holds {unsound[0]!r}"))
            if not unicodedata.is_normalized("NFC", chunk["text"]):
                violations.append((family, path, where + "is not NFC"))
            if (
                expected.case.kind == "file"
                and not 1 <= chunk["start_line"] <= chunk["end_line"] <= expected.line_count
            ):
                at = f"lines {chunk['start_line']}-{chunk['end_line']} of {expected.line_count}"
                violations.append((family, path, where + at))
    complain(violations)


def test_every_line_of_a_plain_files_chunks_stands_in_the_file_at_its_lines(ingested):
    violations = []
    for expected, path, chunks in ingested.by_path():
        if not expected.case.plain:
            continue
        text = unicodedata.normalize("NFC", expected.data.decode(expected.case.encoding))
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        head = {folded(line) for line in lines[:2]}
        for chunk in chunks:
            there = folded("\n".join(lines[chunk["start_line"] - 1 : chunk["end_line"]]))
            # The pieces of a cut table or fence repeat its head.
            strange = [
                line
                for line in map(folded, chunk["text"].split("\n"))
                if line not in there and line not in head and not line.startswith(("```", "~~~"))
            ]
            if strange:
                violations.append((expected.case.family, path, f"chunk {chunk['chunk_index']}: {strange[0][:60]!r}"))
    complain(violations)


def folded(text: str) -> str:
    return " ".join(text.split())


def test_a_second_ingest_of_the_corpus_sends_nothing_and_makes_no_generation(ingested):
    second = ingested.terminal.json("ingest")

    assert second["embeddings"]["sent"] == 0 and second["chunks"]["new"] == 0
    assert second["published"] is False and second["generation"] == ingested.report["generation"]
    assert second["files"]["changed"] == second["files"]["added"] == second["files"]["removed"] == 0
    for kind in ("errors", "skipped", "warnings"):
        assert second[kind] == ingested.report[kind]


def test_hostile_front_matter_ran_no_code(ingested):
    assert not Path("/tmp/owned").exists()
    assert not (ingested.terminal.folder / "owned").exists() and not Path("owned").exists()
    assert sys.getrecursionlimit() >= 1000
