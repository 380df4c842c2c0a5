"""Decoding alone: messages of one ping, and of an array, into columns, on one core."""

from statistics import median
from time import perf_counter

import msgspec

from bench.result import Result
from ingest.decode import DecodeLimits, decode
from ingest.source import PartitionBatch

BATCH = 10_000
ARRAY = 100
REPEATS = 15
LIMITS = DecodeLimits(message_max_bytes=1_000_000, region=(49.0, -9.0, 61.0, 2.5))


def run() -> list[Result]:
    """Pings a second, beside msgspec's own decoding of the same bytes without types."""
    singles = [_ping(place) for place in range(BATCH)]
    keys = [f"TAG-{place:07d}".encode() for place in range(BATCH)]
    arrays = [b"[" + b",".join([_ping(place) for _ in range(ARRAY)]) + b"]" for place in range(BATCH // ARRAY)]
    return [
        _measured("decode, one ping a message", singles, keys),
        _measured(f"decode, {ARRAY} pings a message", arrays, keys[: len(arrays)]),
    ]


def _ping(place: int) -> bytes:
    return (
        f'{{"device_id":"TAG-{place:07d}","fix_time":"2026-01-05T10:{place // 60 % 60:02d}:{place % 60:02d}.500Z",'
        f'"lat":{51.4 + place / 50_000:.6f},"lon":{-0.2 + place / 50_000:.6f},"accuracy_m":12.5,"mechanism":"GPS",'
        f'"speed_mps":1.25,"heading_deg":270.5,"satellites":9,"hdop":1.1,"battery_pct":88,"sequence":{place}}}'
    ).encode()


def _measured(name: str, messages: list[bytes], keys: list[bytes]) -> Result:
    batch = PartitionBatch(0, list(range(len(messages))), [0] * len(messages), list(keys), messages, len(messages), 0)
    rates, peer_rates = [], []
    for _ in range(REPEATS):
        began = perf_counter()
        decoded = decode(batch, LIMITS)
        rates.append(BATCH / (perf_counter() - began))
        if len(decoded.fixes) != BATCH:
            raise AssertionError(f"{name}: {len(decoded.rejections)} pings were rejected")
        began = perf_counter()
        for message in messages:
            msgspec.json.decode(message)
        peer_rates.append(BATCH / (perf_counter() - began))
    return Result(
        name=name,
        value=median(rates),
        unit="pings/s",
        spread=(min(rates), max(rates)),
        peer="msgspec to dicts, nothing checked",
        peer_value=median(peer_rates),
    )
