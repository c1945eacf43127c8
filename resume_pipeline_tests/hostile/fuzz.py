"""The hostile files, then mutations and splices of them, through decoding, parsing and chunking, for so many seconds.

``python -m resume_pipeline_tests.hostile.fuzz SECONDS [SEED]`` prints the seed, the cases per second, and each failure
with the folder that holds the file. Exit code 1: something failed. What holds for every file is ``violations``.
"""

import random
import re
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from resume_pipeline.content.decode import decode
from resume_pipeline.domain.chunking import chunk_document
from resume_pipeline.domain.documents import Chunk, ChunkLimits, TokenCounter
from resume_pipeline.domain.markdown import parse_document
from resume_pipeline.embedding.tokens import load_token_counter
from resume_pipeline_tests.hostile.corpus import expectations

SECONDS_PER_FILE = 5.0
MAX_BYTES = 60_000
"""A mutated file has no more; the giants are the corpus' own matter."""
FLOOD_BYTES = 200_000
LIMITS = (ChunkLimits(), ChunkLimits(16, 16), ChunkLimits(60, 90), ChunkLimits(40, 70, 15), ChunkLimits(300, 500, 60))
UNSOUND = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
_PIECES = """
<!-- --> <script> </script> <style> </style> <div·a="b"> </div> <A·b={c}> </A> <> {{< >}} {{% %}} {{ }} {% %} {/* */}
{%·raw·%} {%·endraw·%} {%·comment·%} {%·highlight·x·%} {#·x·#} {:·.a} {#id} ::: ``` ~~~ ` `` --- +++ ... *** === **
_ ~~ $ $$ [ ] ( ) ![ [^1] [^1]:· [a]: [a] ]( : :· ·· ···· ⇥ > -· *· 1.· #· ## | |-|-| |a|b| \\ & &amp; &#0; &#x202e; < >
{ } " ' ¶ ¶ ¶ ¶¶ ¶¶ ¶--- ¶---¶ ¶+++¶ import·x·from·'y' export·const·a·=·{ draft:·true title:·x a:·[ b:·{ c:·| *a &a !!x
? %YAML word. A·sentence·here. 2023-02-31 .nan 1e999 日本語。 ภาษาไทย
👩‍👩‍👧 é \u0301 \u200b \u202e \u2028 \x00 \x0c \ufeff
"""
"""Separated by blanks; in them ``·`` is a blank, ``¶`` a line end and ``⇥`` a tab."""
_MEANT = str.maketrans("·¶⇥", " \n\t")
PIECES = (
    *(piece.translate(_MEANT).encode() for piece in re.split("[ \n]+", _PIECES.strip())),
    *(b"\r", b"\r\n", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xe2\x80"),
)


class Mutator:
    """Makes new files of old ones; the same seed makes the same files."""

    def __init__(self, seeds: Sequence[bytes], seed: int) -> None:
        self.seeds = [data for data in seeds if len(data) <= MAX_BYTES]
        self.random = random.Random(seed)

    def make(self) -> bytes:
        """The next file."""
        kind = self.random.random()
        if kind > 0.97:
            return self._flood()
        if kind < 0.15:
            data = b"".join(self.random.choices(PIECES, k=self.random.randint(1, 120)))
        else:
            data = self.random.choice(self.seeds)
        if kind > 0.6:
            data = self._spliced(data, self.random.choice(self.seeds))
        for _ in range(self.random.choice((1, 1, 2, 3, 5, 8, 20))):
            data = self._mutated(data)
        return data[:MAX_BYTES]

    def _flood(self) -> bytes:
        """A few pieces again and again: what takes quadratic time shows."""
        unit = b"".join(self.random.choices(PIECES, k=self.random.randint(1, 4)))
        opening = b"".join(self.random.choices(PIECES, k=self.random.randint(0, 2)))
        return opening + unit * (FLOOD_BYTES // len(unit)) + b" end\n"

    def _spliced(self, one: bytes, other: bytes) -> bytes:
        start, end = sorted(self.random.randint(0, len(other)) for _ in range(2))
        place = self.random.randint(0, len(one))
        return one[:place] + other[start:end] + one[place:]

    def _mutated(self, data: bytes) -> bytes:
        start = self.random.randint(0, len(data))
        end = min(len(data), start + self.random.choice((1, 1, 4, 30, 300)))
        match self.random.randrange(7):
            case 0:
                return data[:start] + data[end:]
            case 1:
                return data[:end] + data[start:end] * self.random.choice((1, 2, 50)) + data[end:]
            case 2:
                return data[:start] + self.random.randbytes(1) + data[start + 1 :]
            case 3:
                return data[:start]
            case _:
                return data[:start] + self.random.choice(PIECES) + data[start:]


def violations(data: bytes, limits: ChunkLimits, count_tokens: TokenCounter) -> list[str]:
    """What does not hold for this file, in words."""
    decoded = decode(data)
    lines = decoded.text.count("\n") + 1
    document = parse_document(decoded.text, fallback_title="File name")
    chunks = chunk_document(document, limits=limits, count_tokens=count_tokens)
    found = [problem for chunk in chunks for problem in _chunk_violations(chunk, limits, lines, count_tokens)]
    if bool(chunks) == document.is_empty:
        found.append(f"{len(chunks)} chunks, but is_empty is {document.is_empty}")
    for problem in (*decoded.problems, *document.problems):
        if problem.line is not None and not 1 <= problem.line <= lines:
            found.append(f"a problem at line {problem.line} of {lines}: {problem.reason}")
        if UNSOUND.search(problem.reason.replace("\n", " ")):
            found.append(f"an unsound reason: {problem.reason!r}")
    return found


def _chunk_violations(chunk: Chunk, limits: ChunkLimits, lines: int, count_tokens: TokenCounter) -> list[str]:
    where = f"chunk {chunk.chunk_index}"
    found = []
    counts = (chunk.tokens, chunk.input_tokens)
    if counts != (count_tokens(chunk.content), count_tokens(chunk.embedding_input)) or max(counts) > limits.max_tokens:
        found.append(f"{where}: {counts} tokens of {limits.max_tokens}")
    if not 1 <= chunk.start_line <= chunk.end_line <= lines:
        found.append(f"{where}: lines {chunk.start_line}-{chunk.end_line} of {lines}")
    if not chunk.content.strip() or not chunk.embedding_input.strip():
        found.append(f"{where} is empty")
    for text in (chunk.content, chunk.embedding_input, chunk.title, *chunk.heading_path):
        if unsound := UNSOUND.search(text):
            found.append(f"{where} holds {unsound[0]!r}")
    return found


def tried(data: bytes, limits: ChunkLimits, count_tokens: TokenCounter) -> list[str]:
    """The violations; an exception and slowness are some, too."""
    started = time.perf_counter()
    try:
        found = violations(data, limits, count_tokens)
    except Exception:
        found = [traceback.format_exc()]
    if (seconds := time.perf_counter() - started) > SECONDS_PER_FILE:
        found.append(f"took {seconds:.1f} s")
    return found


def main() -> int:
    """Run for so many seconds; 1 when something failed."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(10**9)
    print(f"seed {seed}, {seconds:.0f} s", flush=True)
    seeds = [expected.data for expected in expectations() if expected.case.kind == "file"]
    mutator = Mutator(seeds, seed)
    count_tokens = load_token_counter()
    folder = Path(tempfile.gettempdir()) / f"fuzz-{seed}"
    started = time.monotonic()
    cases = failures = 0
    slowest = 0.0
    while (passed := time.monotonic() - started) < seconds:
        data = seeds[cases] if cases < len(seeds) else mutator.make()
        limits = LIMITS[0 if cases < len(seeds) else cases % len(LIMITS)]
        before = time.perf_counter()
        if found := tried(data, limits, count_tokens):
            failures += 1
            folder.mkdir(exist_ok=True)
            file = folder / f"case-{cases}.md"
            file.write_bytes(data)
            print(f"FAILED {file} ({limits}): " + "; ".join(found[:3]), flush=True)
        slowest = max(slowest, time.perf_counter() - before)
        cases += 1
    print(f"{cases} cases, {cases / max(passed, 1e-9):.0f} a second, slowest {slowest:.2f} s, {failures} failures")
    if failures:
        print(f"The files lie in {folder}.")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
