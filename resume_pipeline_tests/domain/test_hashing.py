"""Digests are stable across machines and versions, so their values are written down here."""

from dataclasses import replace

import pytest

from resume_pipeline.domain.documents import Chunk
from resume_pipeline.domain.hashing import Shard, chunk_id, input_hash, sha256_bytes, shard_key
from resume_pipeline.errors import ConfigurationError

CHUNK = Chunk(0, "body", "Title", ("A", "B"), "content", "input", 1, 1, 1, 2)


def test_digests_are_sha_256():
    assert sha256_bytes(b"").hex().startswith("e3b0c44298fc1c14")
    assert input_hash("é") == sha256_bytes("é".encode())


def test_the_id_of_a_chunk_does_not_depend_on_where_it_stands():
    assert chunk_id(CHUNK) == chunk_id(replace(CHUNK, chunk_index=7, start_line=90, end_line=99))
    assert str(chunk_id(CHUNK)) == "c4a66a8b-4cd2-0e0d-311d-401cf2bef0d7"


@pytest.mark.parametrize(
    "other",
    [
        replace(CHUNK, embedding_input="other"),
        replace(CHUNK, content="other"),
        replace(CHUNK, kind="facts"),
        replace(CHUNK, title="other"),
        replace(CHUNK, heading_path=("AB",)),
        replace(CHUNK, embedding_input="inputc", content="ontent"),
    ],
)
def test_the_id_of_a_chunk_depends_on_all_that_it_says(other):
    assert chunk_id(other) != chunk_id(CHUNK)


def test_every_path_is_in_exactly_one_shard():
    shards = [Shard(index, 4) for index in range(4)]
    paths = [f"folder/ü{number}.md" for number in range(1000)]

    assert all(sum(shard.holds(path) for shard in shards) == 1 for path in paths)
    assert all(200 < sum(shard.holds(path) for path in paths) < 300 for shard in shards)
    assert 0 <= min(map(shard_key, paths)) <= max(map(shard_key, paths)) < 2**31


@pytest.mark.parametrize(("index", "count"), [(4, 4), (-1, 4), (0, 0)])
def test_a_shard_that_does_not_exist_is_refused(index, count):
    with pytest.raises(ConfigurationError, match="There is no shard"):
        Shard(index, count)
