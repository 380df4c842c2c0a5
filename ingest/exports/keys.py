"""The key that exports are signed with: that of evidence bundles."""

from pathlib import Path

from crimes.evidence.signature import SigningKey, load_signing_key
from ops.errors import ConfigurationError
from ops.settings import Settings


def open_signing_key(settings: Settings) -> SigningKey | None:
    """None where no key is set: exports are not signed then. Raises ConfigurationError where it cannot be used."""
    if not settings.evidence_key_file:
        return None
    try:
        return load_signing_key(Path(settings.evidence_key_file).read_bytes())
    except (ValueError, OSError) as error:
        raise ConfigurationError(f"CORDON_EVIDENCE_KEY_FILE: {error}") from None
