"""What changed between the files that are known and the files that were found, and whether too much is gone.

Add here what can be decided from paths and hashes alone. Listing and reading is ``content``; which versions are stored
or published because of a difference is ``ingestion``.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from resume_pipeline.errors import ContentLossError

_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class ContentDiff:
    """Found files against known ones; every tuple is sorted. A renamed file is in none of the others.

    ``unknown`` are known paths that could not be looked at: they are neither removed nor found, and stay as they are.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    """(old path, new path), with equal bytes."""
    unknown: tuple[str, ...] = ()
    unchanged: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.added or self.changed or self.removed or self.renamed)


def diff_content(
    known: Mapping[str, bytes], found: Mapping[str, bytes], unknown: Callable[[str], bool] = lambda _: False
) -> ContentDiff:
    """The difference between two mappings of path to the sha256 of the file's bytes.

    ``unknown`` says of a path that absence from ``found`` proves nothing. Linear in the number of paths.
    """
    shared = known.keys() & found.keys()
    changed = sorted(path for path in shared if known[path] != found[path])
    absent = sorted(known.keys() - found.keys())
    kept = [path for path in absent if unknown(path)]
    kept_set = set(kept)
    gone = [path for path in absent if path not in kept_set]
    new = sorted(found.keys() - known.keys())
    renamed = _renames(gone, new, known, found)
    old_names = {old for old, _ in renamed}
    new_names = {name for _, name in renamed}
    return ContentDiff(
        added=tuple(path for path in new if path not in new_names),
        changed=tuple(changed),
        removed=tuple(path for path in gone if path not in old_names),
        renamed=tuple(sorted(renamed)),
        unknown=tuple(kept),
        unchanged=len(shared) - len(changed),
    )


def check_loss(known_count: int, removed_count: int, *, max_loss_share: float, root: str, found_count: int = 0) -> None:
    """Pass when so many removed documents need no confirmation.

    Up to ``max_loss_share`` (0 to 1) of the known ones may go, and always a single one: in a small portfolio one file
    is a large share. An emptied root (all removed, ``found_count`` 0) always needs a confirmation.

    Raises:
        ContentLossError: more are gone.
    """
    emptied = 0 < known_count <= removed_count and found_count == 0
    if not emptied and removed_count <= max(max_loss_share * known_count, 1):
        return
    share = f"{removed_count / max(known_count, 1):.0%}"
    what = "that is all of them" if emptied else f"{share}, and at most {max_loss_share:.0%} may go at once"
    raise ContentLossError(
        f"{removed_count:,} of {known_count:,} documents are no longer under {root}: {what}. Nothing is removed until "
        "you confirm it. If it was meant, run `resume-pipeline ingest --yes` (`make ingest ARGS=--yes`), or set "
        "`confirm_deletions: true` in the run config in the Dagster UI; if not, bring the files "
        "back, or check that the folder is the right one."
    )


def _renames(
    gone: Iterable[str], new: Iterable[str], known: Mapping[str, bytes], found: Mapping[str, bytes]
) -> list[tuple[str, str]]:
    """Pairs of a gone and a new path with equal bytes."""
    gone_by_hash = _grouped(gone, lambda path: known[path])
    new_by_hash = _grouped(new, lambda path: found[path])
    pairs: list[tuple[str, str]] = []
    for digest in gone_by_hash.keys() & new_by_hash.keys():
        pairs += _paired(gone_by_hash[digest], new_by_hash[digest])
    return pairs


def _paired(gone: list[str], new: list[str]) -> list[tuple[str, str]]:
    """Pairs among copies of one content: the likest paths first, then in sorted order.

    Likeness is tried in rounds (another top folder, the same name elsewhere, the same folder), so that thousands of
    equal files cost no comparison of each with each.
    """
    pairs: list[tuple[str, str]] = []
    for likeness in (_below_top_folder, _file_name, _folder, _anything):
        waiting = _grouped(reversed(new), likeness)
        left = []
        for old in gone:
            candidates = waiting.get(likeness(old))
            if candidates:
                pairs.append((old, candidates.pop()))
            else:
                left.append(old)
        taken = {name for _, name in pairs}
        gone, new = left, [path for path in new if path not in taken]
    return pairs


def _grouped(paths: Iterable[str], key: Callable[[str], _Key]) -> dict[_Key, list[str]]:
    groups: defaultdict[_Key, list[str]] = defaultdict(list)
    for path in paths:
        groups[key(path)].append(path)
    return groups


def _below_top_folder(path: str) -> str:
    return path.partition("/")[2] or path


def _file_name(path: str) -> str:
    return path.rpartition("/")[2]


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _anything(_: str) -> str:
    return ""
