"""The chain over the audit: a hash of each row, and of each seal with the one before. Pure: no clock, no database.

Who has one published hash of a seal has a proof of every row up to it: none can be changed, removed, added or moved
without another hash. A signature over the hash shows that the sealer made it, who has the key, and nobody else.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from crimes.evidence.signature import SigningKey, is_signed_by
from model.times import to_microseconds
from store.audit_seals import Place, Seal, SealedFields, UnsealedRow

NOTHING_BEFORE = bytes(32)
LEAF_BYTES = 32
_ROW, _SEAL, _HEAD = b"cordon audit row 1\n", b"cordon audit seal 1\n", b"cordon audit head 1\n"


@dataclass(frozen=True, slots=True)
class ChainEnd:
    """Where the next seal goes on; ``hash`` stands for all that came before."""

    seal_id: int
    hash: bytes
    rows: int
    reached: Place


def leaf_of(fields: SealedFields) -> bytes:
    """The SHA-256 of a row: of its columns as a JSON array of strings, so that no two rows are the same text."""
    return hashlib.sha256(_ROW + json.dumps(fields, ensure_ascii=True, separators=(",", ":")).encode()).digest()


def seal_hash(seal: Seal) -> bytes:
    """The SHA-256 of everything in the seal but the hash itself and the signature."""
    said = [
        seal.seal_id,
        to_microseconds(seal.sealed_at),
        seal.previous_hash.hex(),
        hashlib.sha256(json.dumps(seal.audit_ids).encode()).hexdigest(),
        hashlib.sha256(seal.leaves).hexdigest(),
        len(seal.audit_ids),
        seal.rows_before,
        to_microseconds(seal.newest_at),
        seal.reached.timeline,
        seal.reached.written_by,
        seal.reached.audit_id,
    ]
    return hashlib.sha256(_SEAL + json.dumps(said).encode()).digest()


def make_seal(
    end: ChainEnd,
    rows: Sequence[UnsealedRow],
    sealed_at: datetime,
    key: SigningKey | None,
    reached: Place | None = None,
) -> Seal:
    """The next seal, over ``rows`` (at least one); ``reached`` where the chain goes on elsewhere than behind them."""
    draft = Seal(
        seal_id=end.seal_id + 1,
        sealed_at=sealed_at,
        previous_hash=end.hash,
        audit_ids=[row.place.audit_id for row in rows],
        leaves=b"".join(leaf_of(row.fields) for row in rows),
        rows_before=end.rows,
        newest_at=max(row.happened_at for row in rows),
        reached=reached or rows[-1].place,
        hash=b"",
        signature=None,
    )
    sealed = replace(draft, hash=seal_hash(draft))
    return sealed if key is None else replace(sealed, signature=key.sign(_HEAD + sealed.hash))


def end_of(seal: Seal) -> ChainEnd:
    return ChainEnd(seal.seal_id, seal.hash, seal.rows_sealed, seal.reached)


def is_signed(seal_hash_signed: bytes, signature: bytes, public_keys: Sequence[bytes]) -> bool:
    """Whether any of the keys (PEM) made the signature. Raises ValueError where one is no Ed25519 public key."""
    return any(is_signed_by(pem, signature, _HEAD + seal_hash_signed) for pem in public_keys)
