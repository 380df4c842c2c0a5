"""What the gateway works with: handed in, so that it runs on any sink and any registry."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ingest.decode import DecodeLimits
from ingest.source import PingSink
from store.dead_letters import NewDeadLetter
from store.sources import SourceAccess


@dataclass(frozen=True, slots=True)
class GatewayServices:
    """The callables may block and are called in threads; each raises UnavailableError when it cannot do its work."""

    sink: PingSink
    authenticate: Callable[[str], SourceAccess | None]  # by the source's key
    known_devices: Callable[[Sequence[str]], Mapping[str, bool]]  # registered serial → on somebody now
    keep_dead_letter: Callable[[NewDeadLetter], None]  # durable on return
    decode_limits: DecodeLimits
    body_max_bytes: int
