"""The raw archive: the original bytes of every message, a compressed blob a batch, hashes chained by partition (pure).

A message's leaf is SHA-256(salt ‖ receipt in milliseconds ‖ length of key ‖ key ‖ value). A batch's chain hash is
SHA-256 over the one before it, the batch's place and its messages' offsets and leaves. Erasing a message puts its leaf
in the place of its bytes, receipt and salt: the chain still verifies, and without the salt nobody can try out which
ping the leaf was of.
"""

import hashlib
import os
import struct
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import msgspec
import zstandard

from ingest.source import PartitionBatch

SALT_BYTES = 16
LEAF_BYTES = hashlib.sha256().digest_size
NO_KEY = 0xFFFFFFFF
COMPRESSION_LEVEL = 1
_prefix = struct.Struct(">qI").pack
BODY_MAX_BYTES = 2**31  # decompressed; a changed size must not ask for all memory


@dataclass(frozen=True, slots=True)
class RawBatch:
    """One batch of one partition as it is kept."""

    first_offset: int
    next_offset: int
    message_count: int
    received_from_ms: int
    received_to_ms: int
    body: bytes
    previous_hash: bytes
    chain_hash: bytes


Bigint = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class Message(msgspec.Struct, array_like=True, frozen=True):
    """A message of the archive: bytes and salt, or, once erased, only its leaf."""

    offset: Bigint
    received_ms: Bigint | None  # the broker's time of the message
    salt: bytes | None
    key: bytes | None
    value: bytes | None
    leaf: bytes | None = None

    @property
    def erased(self) -> bool:
        return self.value is None

    def hash(self) -> bytes:
        """The leaf, computed from the bytes where they are still there."""
        if self.leaf is not None:
            # beside a leaf, bytes would be believed that no hash covers
            if (self.received_ms, self.salt, self.key, self.value) != (None,) * 4 or len(self.leaf) != LEAF_BYTES:
                raise ValueError(f"message {self.offset} is neither kept nor erased")
            return self.leaf
        if self.salt is None or len(self.salt) != SALT_BYTES or self.received_ms is None or self.value is None:
            raise ValueError(f"message {self.offset} is neither kept nor erased")
        return _leaf(self.salt, self.received_ms, self.key, self.value)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Message]).decode


def archive(topic: str, batch: PartitionBatch, previous_hash: bytes) -> RawBatch:
    """The batch as it is kept, chained to ``previous_hash``. A batch has at least one message."""
    salts = _salts(len(batch.offsets))
    contents = list(zip(salts, batch.timestamps_ms, batch.keys, batch.values, strict=True))
    leaves = [_leaf(*content) for content in contents]
    body = _encode(list(zip(batch.offsets, batch.timestamps_ms, salts, batch.keys, batch.values, strict=True)))
    return RawBatch(
        first_offset=batch.offsets[0],
        next_offset=batch.next_offset,
        message_count=len(batch.offsets),
        received_from_ms=min(batch.timestamps_ms),
        received_to_ms=max(batch.timestamps_ms),
        body=zstandard.ZstdCompressor(level=COMPRESSION_LEVEL).compress(body),
        previous_hash=previous_hash,
        chain_hash=_chain(topic, batch.partition, batch.next_offset, batch.offsets, leaves, previous_hash),
    )


def messages(body: bytes) -> list[Message]:
    """The messages of a kept batch. Raises ValueError where the body is damaged."""
    try:
        if not 0 < zstandard.frame_content_size(body) <= BODY_MAX_BYTES:
            raise ValueError("the archived batch is damaged: it states no size that a batch has")
        return _decode(zstandard.ZstdDecompressor().decompress(body, allow_extra_data=False))
    except (zstandard.ZstdError, msgspec.DecodeError) as error:
        raise ValueError(f"the archived batch is damaged: {error}") from error


def chain_hash(topic: str, partition: int, next_offset: int, kept: Sequence[Message], previous_hash: bytes) -> bytes:
    """What a batch's chain hash must be, from its messages. ValueError for one that is neither kept nor erased."""
    offsets, leaves = [message.offset for message in kept], [message.hash() for message in kept]
    return _chain(topic, partition, next_offset, offsets, leaves, previous_hash)


def without(kept: RawBatch, offsets: Container[int]) -> RawBatch:
    """The batch as it is kept where the messages at ``offsets`` must not be: their leaves stand for them."""
    return replace(kept, body=erase(kept.body, lambda message: message.offset in offsets)[0])


def erase(body: bytes, is_theirs: Callable[[Message], bool]) -> tuple[bytes, int]:
    """The body without the bytes of the messages that ``is_theirs`` names, and how many those were."""
    kept = messages(body)
    erased = [message for message in kept if not message.erased and is_theirs(message)]
    places = {message.offset for message in erased}
    after = [
        Message(message.offset, None, None, None, None, message.hash()) if message.offset in places else message
        for message in kept
    ]
    return zstandard.ZstdCompressor(level=COMPRESSION_LEVEL).compress(_encode(after)), len(erased)


def _salts(count: int) -> list[bytes]:
    random = os.urandom(SALT_BYTES * count)
    return [random[start : start + SALT_BYTES] for start in range(0, len(random), SALT_BYTES)]


def _leaf(salt: bytes, received_ms: int, key: bytes | None, value: bytes) -> bytes:
    if key is None:
        return hashlib.sha256(b"".join((salt, _prefix(received_ms, NO_KEY), value))).digest()
    return hashlib.sha256(b"".join((salt, _prefix(received_ms, len(key)), key, value))).digest()


def _chain(
    topic: str, partition: int, next_offset: int, offsets: Sequence[int], leaves: Sequence[bytes], previous_hash: bytes
) -> bytes:
    digest = hashlib.sha256(previous_hash)
    name = topic.encode()
    digest.update(struct.pack(">I", len(name)) + name + struct.pack(">iqI", partition, next_offset, len(offsets)))
    digest.update(struct.pack(f">{len(offsets)}q", *offsets))
    digest.update(b"".join(leaves))
    return digest.digest()
