r"""A file that only the holder of one private key can read: X25519, HKDF-SHA256 and ChaCha20-Poly1305.

Layout: 16 bytes ``cordon-sealed/1\n``, 32 bytes of a public key made for this file alone, then pieces of at most
64 KiB, each 16 bytes longer than what it holds. A piece's nonce is its number, with 1 in the last byte of the last
piece, so that pieces can be neither left out, exchanged nor cut off at the end.
"""

from collections.abc import Iterator

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from store.exports.copying import Readable, Writable

MAGIC = b"cordon-sealed/1\n"
PIECE_BYTES = 65536
TAG_BYTES = 16
KEY_BYTES = 32


def make_pair() -> tuple[bytes, bytes]:
    """A new key pair as PEM: the private key and the public one."""
    key = X25519PrivateKey.generate()
    return (
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    )


def load_public(pem: bytes) -> X25519PublicKey:
    """Raises ValueError where it holds no X25519 public key."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("it holds no public key in PEM: `cordon export key` makes one") from None
    if not isinstance(key, X25519PublicKey):
        raise ValueError("its key is not an X25519 key: `cordon export key` makes one")  # noqa: TRY004 -- of the file
    return key


def load_private(pem: bytes) -> X25519PrivateKey:
    """Raises ValueError, which shows nothing of the key, where it holds no X25519 private key."""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("it holds no unencrypted private key in PEM: `cordon export key` makes one") from None
    if not isinstance(key, X25519PrivateKey):
        raise ValueError("its key is not an X25519 key: `cordon export key` makes one")  # noqa: TRY004 -- of the file
    return key


class SealedWriter:
    """Seals what is written to it; without ``close`` the file is cut off, and does not open."""

    def __init__(self, file: Writable, recipient: X25519PublicKey) -> None:
        once = X25519PrivateKey.generate()
        public = once.public_key().public_bytes_raw()
        self._file = file
        self._cipher = _cipher(once.exchange(recipient), public, recipient.public_bytes_raw())
        self._waiting = bytearray()
        self._number = 0
        file.write(MAGIC + public)

    def write(self, data: bytes, /) -> int:
        self._waiting += data
        while len(self._waiting) > PIECE_BYTES:
            self._put(self._waiting[:PIECE_BYTES], last=False)
            del self._waiting[:PIECE_BYTES]
        return len(data)

    def close(self) -> None:
        self._put(self._waiting, last=True)
        self._waiting.clear()

    def _put(self, piece: bytearray, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, last=last), bytes(piece), None))
        self._number += 1


class SealedReader:
    """What a sealed file holds, piece by piece. Each read raises ValueError where the file or the key is another."""

    def __init__(self, file: Readable, key: X25519PrivateKey) -> None:
        self._pieces = _pieces(file, key)
        self._left = b""

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes, and some where any are left; with no size, all."""
        if size < 0:
            return self._left + b"".join(self._pieces)
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._left = piece
        taken, self._left = self._left[:size], self._left[size:]
        return taken


def _pieces(file: Readable, key: X25519PrivateKey) -> Iterator[bytes]:
    if file.read(len(MAGIC)) != MAGIC:
        raise ValueError("it is no sealed file of this program")
    once = file.read(KEY_BYTES)
    if len(once) != KEY_BYTES:
        raise ValueError("it is cut off")
    shared = key.exchange(X25519PublicKey.from_public_bytes(once))
    cipher = _cipher(shared, once, key.public_key().public_bytes_raw())
    number, piece = 0, file.read(PIECE_BYTES + TAG_BYTES)
    while True:
        after = file.read(PIECE_BYTES + TAG_BYTES)
        try:
            yield cipher.decrypt(_nonce(number, last=not after), piece, None)
        except InvalidTag:
            raise ValueError("it was sealed to another key, changed, or cut off") from None
        if not after:
            return
        number, piece = number + 1, after


def _cipher(shared: bytes, once: bytes, recipient: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(HKDF(SHA256(), 32, salt=None, info=MAGIC + once + recipient).derive(shared))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
