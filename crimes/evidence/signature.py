"""Ed25519 keys and signatures: the raw 64 bytes over manifest.json, as other programs check them too."""

import hashlib

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)


class SigningKey:
    """The service's private key. It shows itself nowhere: only its fingerprint is printed."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public_pem = _public_pem(key.public_key())
        self.fingerprint = fingerprint(self.public_pem)

    def __repr__(self) -> str:
        return f"SigningKey({self.fingerprint})"

    def sign(self, content: bytes) -> bytes:
        return self._key.sign(content)


def make_key() -> tuple[bytes, bytes]:
    """A new key pair as PEM: the private key and the public one."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private, _public_pem(key.public_key())


def load_signing_key(pem: bytes) -> SigningKey:
    """Raises ValueError, which shows nothing of the key, where it is no unencrypted Ed25519 key in PEM."""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("it holds no unencrypted private key in PEM: `cordon evidence key` makes one") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("its key is not an Ed25519 key: `cordon evidence key` makes one")  # noqa: TRY004 -- of the file
    return SigningKey(key)


def fingerprint(public_pem: bytes) -> str:
    """``SHA256:`` and the SHA-256 of the public key's DER form, in hexadecimal. Raises ValueError on another key."""
    der = _load_public(public_pem).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"SHA256:{hashlib.sha256(der).hexdigest()}"


def is_signed_by(public_pem: bytes, signature: bytes, content: bytes) -> bool:
    """Raises ValueError where the PEM holds no Ed25519 public key."""
    try:
        _load_public(public_pem).verify(signature, content)
    except InvalidSignature:
        return False
    return True


def _load_public(pem: bytes) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("it holds no public key in PEM") from None
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("its key is not an Ed25519 key")  # noqa: TRY004 -- of the file
    return key


def _public_pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
