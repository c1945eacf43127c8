"""A parsed document to chunks: which pieces share one, and the exact text that is shown and embedded.

Where pieces may be cut is ``domain.atoms``; which boundaries are cut, ``domain.partition``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from resume_pipeline.domain.atoms import Atom, AtomCutter
from resume_pipeline.domain.collector import collector_paused
from resume_pipeline.domain.documents import Chunk, ChunkKind, ChunkLimits, ParsedDocument, Section, TokenCounter
from resume_pipeline.domain.partition import PartitionLimits, partition
from resume_pipeline.domain.text_cutting import cut_text

_HEADER_TOKENS = 64
"""The most that title and heading path may take of an embedding input."""


def chunk_document(document: ParsedDocument, *, limits: ChunkLimits, count_tokens: TokenCounter) -> list[Chunk]:
    """The chunks of a document in reading order, facts first; content and input never exceed ``limits.max_tokens``.

    A chunk never begins in one top-level section and ends in another (those under level-1 headings, or under level-2
    headings when there is one title heading). A code block or table that is too long is cut between lines, and each
    piece repeats the fence or the table's head. ``overlap_tokens`` of the text before are repeated only where one
    section goes on in a second chunk. An edit of one paragraph makes one new chunk, at most two.
    """
    with collector_paused():
        return _Chunker(document, limits, count_tokens).run()


@dataclass(slots=True)
class _Chunker:
    document: ParsedDocument
    limits: ChunkLimits
    count_tokens: TokenCounter
    chunks: list[Chunk] = field(default_factory=list)
    headers: dict[tuple[str, ...], str] = field(default_factory=dict)
    counted: tuple[str, int] = ("", 0)
    _header_tokens: int = field(init=False)
    _body_tokens: int = field(init=False)
    """What may stand in one chunk beside header and overlap."""
    _cutter: AtomCutter = field(init=False)

    def run(self) -> list[Chunk]:
        self._facts()
        for sections in _top_level(self.document.sections):
            self._chunks("body", [atom for section in sections for atom in self._cutter.atoms(section)])
        return self.chunks

    def __post_init__(self) -> None:
        limits = self.limits
        self._header_tokens = min(_HEADER_TOKENS, limits.max_tokens // 4)
        most = min(limits.max_tokens - self._header_tokens, limits.target_tokens * 4 // 3)
        self._body_tokens = max(4, most - limits.overlap_tokens)
        self._cutter = AtomCutter(self._body_tokens, self.count_tokens)

    def _facts(self) -> None:
        first, last = self.document.facts_start_line, max(self.document.facts_start_line, self.document.facts_end_line)
        atoms = []
        for sentence in self.document.facts:
            pieces = cut_text(sentence, max_tokens=self._body_tokens // 2, count_tokens=self.count_tokens)
            for index, piece in enumerate(pieces):
                text, joint = piece.strip(), " " if index else "\n"
                atoms.append(Atom(text, text, first, last, 0, 0 if index else 1, joint=joint))
        if atoms:
            self._chunks("facts", atoms)

    def _chunks(self, kind: ChunkKind, atoms: Sequence[Atom]) -> None:
        """The chunks of pieces that may share one."""
        most = self._body_tokens
        if self._fits(atoms, most):
            self._add(kind, atoms, ())
        else:
            self._add_parts(kind, atoms, (), PartitionLimits(most, most // 5))

    def _fits(self, atoms: Sequence[Atom], most: int) -> bool:
        # One count of the whole is cheaper than one for each piece; text of more than five times as many characters
        # as tokens is hardly ever short enough to be worth it.
        if sum(len(atom.markdown) for atom in atoms) > 5 * most:
            return False
        return self._count(_content(atoms)) <= most

    def _add_parts(
        self, kind: ChunkKind, atoms: Sequence[Atom], previous: Sequence[Atom], limits: PartitionLimits
    ) -> None:
        for atom in atoms:
            atom.weight = atom.weight or self.count_tokens(atom.markdown) + 1
        strengths = [(0, 0), *(atom.strength(before) for before, atom in pairwise(atoms))]
        for part in partition([atom.weight for atom in atoms], strengths, limits):
            own = atoms[part.start : part.stop]
            self._add(kind, own, previous)
            previous = own

    def _add(self, kind: ChunkKind, atoms: Sequence[Atom], previous: Sequence[Atom]) -> None:
        """One chunk of ``atoms``, or several where the sum of the pieces' tokens promised too little."""
        path = _common_path(atoms)
        overlap = self._overlap(previous, atoms[0]) if previous and kind == "body" else ""
        content = (overlap + "\n\n" if overlap else "") + _content(atoms)
        text = (overlap + "\n" if overlap else "") + _text(atoms, path, kind)
        header = self._header(path)
        embedding_input = f"{header}\n{text}" if text else header
        tokens, input_tokens = self._count(content), self.count_tokens(embedding_input)
        if max(tokens, input_tokens) > self.limits.max_tokens:
            smaller = list(atoms) if len(atoms) > 1 else self._cutter.recut(atoms[0])
            if len(smaller) > 1:
                weight = sum(atom.weight or self.count_tokens(atom.markdown) + 1 for atom in smaller)
                self._add_parts(kind, smaller, previous, PartitionLimits(max(1, weight * 2 // 3), 0))
                return
        self.chunks.append(
            Chunk(
                chunk_index=len(self.chunks),
                kind=kind,
                title=self.document.title,
                heading_path=path,
                content=content,
                embedding_input=embedding_input,
                tokens=tokens,
                input_tokens=input_tokens,
                start_line=atoms[0].start_line,
                end_line=max(atom.end_line for atom in atoms),
            )
        )

    def _count(self, content: str) -> int:
        if self.counted[0] != content:
            self.counted = (content, self.count_tokens(content))
        return self.counted[1]

    def _header(self, path: tuple[str, ...]) -> str:
        if path not in self.headers:
            title = "" if self.document.is_untitled else self.document.title
            below = path[1:] if path and path[0].casefold() == title.casefold() else path
            header = "\n".join(line for line in (title, " > ".join(below)) if line)
            self.headers[path] = self._shortened(header, self._header_tokens)
        return self.headers[path]

    def _shortened(self, text: str, tokens: int) -> str:
        text = text[: tokens * 40]
        while (count := self.count_tokens(text)) > tokens and len(text) > 1:
            text = text[: min(len(text) - 1, len(text) * tokens // count)].rstrip()
        return text

    def _overlap(self, previous: Sequence[Atom], first: Atom) -> str:
        """The last sentences before ``first``, where the same section goes on."""
        before = previous[-1]
        if not self.limits.overlap_tokens or first.is_heading or before.is_heading:
            return ""
        if before.heading_path != first.heading_path or before.frame or first.frame:
            return ""
        sentences = list(cut_text(before.text, max_tokens=self.limits.overlap_tokens, count_tokens=self.count_tokens))
        kept = ""
        while sentences and self.count_tokens(sentences[-1] + kept) < self.limits.overlap_tokens:
            kept = sentences.pop() + kept
        return kept.strip()


def _top_level(sections: Sequence[Section]) -> Iterator[list[Section]]:
    """Runs of sections that may share chunks; a title heading without text of its own goes with what follows."""
    levels = [section.blocks[0].level for section in sections]
    top = 1 if levels.count(1) > 1 else 2
    run: list[Section] = []
    for section, level in zip(sections, levels, strict=True):
        lone_title = len(run) == 1 and run[0].blocks[0].level == 1 and len(run[0].blocks) == 1
        if run and 0 < level <= top and not (lone_title and level > 1):
            yield run
            run = []
        run.append(section)
    if run:
        yield run


def _common_path(atoms: Sequence[Atom]) -> tuple[str, ...]:
    """The headings that all pieces stand under; those of the first where the chunk begins within a section."""
    first = atoms[0]
    with_text = [atom for atom in atoms if not atom.is_heading] or list(atoms)
    if not first.is_heading:
        return first.heading_path
    path = with_text[0].heading_path
    for atom in with_text:
        if atom.heading_path != path:
            same = [
                index for index, pair in enumerate(zip(path, atom.heading_path, strict=False)) if pair[0] != pair[1]
            ]
            path = path[: same[0] if same else min(len(path), len(atom.heading_path))]
    return path


def _content(atoms: Sequence[Atom]) -> str:
    if len(atoms) == 1 and not atoms[0].frame:
        return atoms[0].markdown
    parts: list[str] = []
    for frame, group in groupby(atoms, key=lambda atom: atom.frame):
        members = list(group)
        if parts:
            parts.append("\n\n" if frame else members[0].joint or " ")
        body = members[0].markdown + "".join(atom.joint + atom.markdown for atom in members[1:])
        parts.append(f"{frame.opening}\n{body}" + (f"\n{frame.closing}" if frame.closing else "") if frame else body)
    return "".join(parts)


def _text(atoms: Sequence[Atom], path: tuple[str, ...], kind: ChunkKind) -> str:
    """The plain text to embed, without the headings and the title that the header says already."""
    skipped = 0
    if kind == "body":
        while skipped < len(atoms) and atoms[skipped].is_heading and atoms[skipped].text in path:
            skipped += 1
    elif atoms[0].text.startswith("Title: "):
        skipped = 1
    parts: list[str] = []
    for frame, group in groupby(atoms[skipped:], key=lambda atom: atom.frame):
        members = list(group)
        if frame and frame.text:
            parts.append(frame.text + "\n")
        for atom in members:
            joint = "" if not parts or parts[-1].endswith("\n") else "\n" if "\n" in atom.joint else atom.joint
            parts.append(joint + atom.text)
        parts.append("\n")
    return "".join(parts).strip()
