"""The digests that identify things: bytes of a file, an embedding input, a chunk, a shard of paths.

Everything that must be the same on every machine and in every run is hashed here and nowhere else. A change of one
of these functions changes stored keys, so it needs a migration.
"""

import hmac
import uuid
from dataclasses import dataclass
from hashlib import sha256

from resume_pipeline.domain.documents import Chunk
from resume_pipeline.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Shard:
    """One of ``count`` disjoint parts of all paths; ``index`` counts from 0.

    Raises:
        ConfigurationError: there is no such part.
    """

    index: int
    count: int

    def __post_init__(self) -> None:
        if self.count < 1 or not 0 <= self.index < self.count:
            raise ConfigurationError(
                f"There is no shard {self.index} of {self.count}: the index goes from 0 to the count less one."
            )

    def holds(self, path: str) -> bool:
        """Whether the source file at ``path`` belongs to this shard."""
        return shard_key(path) % self.count == self.index


def sha256_bytes(data: bytes) -> bytes:
    """The 32 bytes of SHA-256."""
    return sha256(data).digest()


def input_hash(embedding_input: str) -> bytes:
    """The key of a vector beside its model: SHA-256 of the embedding input in UTF-8."""
    return sha256_bytes(embedding_input.encode())


def chunk_id(chunk: Chunk) -> uuid.UUID:
    """The same id for the same passage wherever it stands: where it occurs and its lines are not part of it."""
    digest = sha256()
    for part in (chunk.embedding_input, chunk.content, chunk.kind, chunk.title, *chunk.heading_path):
        encoded = part.encode()
        # With the length before each part, ("ab", "c") and ("a", "bc") cannot meet.
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return uuid.UUID(bytes=digest.digest()[:16])


def shard_key(path: str) -> int:
    """A number of 31 bits, spread evenly over paths; it fits a Postgres ``integer``."""
    return int.from_bytes(sha256_bytes(path.encode())[:4], "big") & 0x7FFF_FFFF


def visitor_hash(key: bytes, identity: str) -> str:
    """What stands for a visitor in the query log: HMAC-SHA-256 (RFC 2104), its first 16 bytes in hexadecimal.

    Without the key nobody can tell whether an address made it, as one could by hashing all addresses.
    """
    return hmac.digest(key, identity.encode("utf-8", "surrogatepass"), "sha256")[:16].hex()
