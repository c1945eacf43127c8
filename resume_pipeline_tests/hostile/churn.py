"""Rewrites, cuts, renames, copies, moves and deletes files of a folder at random until it is told to stop.

Run as a process of its own: ``python -m resume_pipeline_tests.hostile.churn FOLDER SEED``; a line on its standard input
ends it. It prints how many changes it made.
"""

import contextlib
import os
import random
import select
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

WORDS = "index vector query latency shard replica commit planner cursor segment lexeme posting tuple page".split()
MAX_FILES = 60


class Churn:
    """Random changes of one folder."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self.random = random.Random(seed)
        self.number = 0
        self.steps: list[tuple[Callable[[], None], int]] = [
            (self.create, 6),
            (self.rewrite, 6),
            (self.rewrite_in_place, 4),
            (self.cut, 3),
            (self.append, 4),
            (self.rename, 5),
            (self.swap, 2),
            (self.copy, 2),
            (self.delete, 4),
            (self.rename_folder, 1),
            (self.delete_folder, 1),
            (self.hide, 1),
            (self.damage, 1),
            (self.touch, 1),
        ]

    def step(self) -> None:
        """One change; what another change took away meanwhile is no matter."""
        steps, weights = zip(*self.steps, strict=True)
        (step,) = self.random.choices(steps, weights)
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
            step()

    def text(self) -> str:
        """A document with front matter, headings, a list and code, of a few hundred to some thousand words."""
        self.number += 1
        head = (
            f"title: Work {self.number}\ncompany: Firm {self.random.randrange(9)}\nstart: 2019-0{1 + self.number % 9}"
        )
        lines = [f"---\n{head}\n---"]
        for section in range(self.random.randint(1, 6)):
            lines.append(f"## Part {section}")
            for _ in range(self.random.randint(1, 5)):
                lines.append(" ".join(self.random.choices(WORDS, k=self.random.randint(10, 90))) + ".")
            lines.append("- one\n- two\n\n```sql\nSELECT 1; -- not a heading\n```")
        return "\n\n".join(lines) + "\n"

    def new_path(self) -> Path:
        """A path that may or may not be taken, up to three folders deep."""
        folders = [f"d{self.random.randrange(4)}" for _ in range(self.random.randint(0, 3))]
        suffix = self.random.choice([".md", ".md", ".mdx", ".MARKDOWN"])
        return self.root.joinpath(*folders, f"file {self.random.randrange(40)}{suffix}")

    def some_file(self) -> Path:
        """An existing file."""
        files = [Path(parent) / name for parent, _, names in os.walk(self.root) for name in names]
        if not files:
            raise FileNotFoundError
        return self.random.choice(sorted(files))

    def create(self) -> None:
        if sum(len(names) for _, _, names in os.walk(self.root)) < MAX_FILES:
            path = self.new_path()
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.text())

    def rewrite(self) -> None:
        """As editors save: a temporary file, then a rename."""
        path = self.some_file()
        temporary = path.with_name(".saving")
        temporary.write_text(self.text())
        temporary.rename(path)

    def rewrite_in_place(self) -> None:
        """Slowly, in pieces, so that a reader can meet it half written."""
        text = self.text()
        with self.some_file().open("w") as file:
            for start in range(0, len(text), 500):
                file.write(text[start : start + 500])
                file.flush()
                time.sleep(0.002)

    def cut(self) -> None:
        path = self.some_file()
        os.truncate(path, self.random.randint(0, path.stat().st_size))

    def append(self) -> None:
        with self.some_file().open("a") as file:
            file.write(f"\nAdded {self.number} " + " ".join(self.random.choices(WORDS, k=30)) + ".\n")

    def rename(self) -> None:
        path, new = self.some_file(), self.new_path()
        new.parent.mkdir(parents=True, exist_ok=True)
        path.rename(new)

    def swap(self) -> None:
        one, other = self.some_file(), self.some_file()
        between = self.root / ".between"
        one.rename(between)
        if other != one:
            other.rename(one)
        between.rename(other)

    def copy(self) -> None:
        path, new = self.some_file(), self.new_path()
        if path != new:
            new.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, new)

    def delete(self) -> None:
        self.some_file().unlink()

    def some_folder(self) -> Path:
        folders = sorted(path for path in self.root.iterdir() if path.is_dir())
        if not folders:
            raise FileNotFoundError
        return self.random.choice(folders)

    def rename_folder(self) -> None:
        with contextlib.suppress(OSError):
            self.some_folder().rename(self.root / f"d{self.random.randrange(6)}")

    def delete_folder(self) -> None:
        shutil.rmtree(self.some_folder(), ignore_errors=True)

    def hide(self) -> None:
        self.some_file().write_text("---\ndraft: true\n---\n" + self.text())

    def damage(self) -> None:
        self.some_file().write_bytes(self.random.randbytes(3000))

    def mend(self) -> None:
        """Make text of what is damaged: its last good version would stay live, and a fresh ingest knows of none."""
        for parent, _, names in os.walk(self.root):
            for path in (Path(parent) / name for name in names):
                if not path.read_bytes().isascii():
                    path.write_text(self.text())

    def touch(self) -> None:
        os.utime(self.some_file())


def main() -> None:
    """Change the folder until a line comes in."""
    churn = Churn(Path(sys.argv[1]), int(sys.argv[2]))
    changes = 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        churn.step()
        changes += 1
        time.sleep(churn.random.uniform(0, 0.02))
    churn.mend()
    print(changes)


if __name__ == "__main__":
    main()
