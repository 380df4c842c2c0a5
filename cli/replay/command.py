"""The command's options, and the replay itself."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from cli.replay.senders import GatewaySender, Sender, Sent, SinkSender
from ingest.decode import DecodeLimits
from ingest.sinks import open_sink
from ingest.tracks import Track, TrackOptions, read_track
from ingest.tracks.schedule import Departure, schedule
from ingest.tracks.track import ping_of
from ops.errors import InputError
from ops.settings import load_settings

BATCH = 500
TICK_S = 0.5
PROBLEMS_SHOWN = 10
MAXIMUM = "max"


class Times(StrEnum):
    NOW = "now"
    ORIGINAL = "original"


def register(application: typer.Typer) -> None:
    application.command("replay")(replay)


def replay(  # noqa: PLR0913, PLR0917 - one parameter an option
    file: Annotated[Path, typer.Argument(help="CSV with a heading, GPX, NMEA (.nmea, .log) or GeoJSON.")],
    device: Annotated[str, typer.Option(help="Serial of the tag that speaks.")],
    map_: Annotated[
        str, typer.Option("--map", metavar="FIELD=COLUMN,…", help="CSV columns, where their names do not say it.")
    ] = "",
    where: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN=VALUE", help="Only the rows of a CSV that hold this value.")
    ] = None,
    speed: Annotated[
        str, typer.Option(metavar="FACTOR", help="60 sends an hour in a minute; max sends at once.")
    ] = "60",
    times: Annotated[
        Times, typer.Option(help="now: shifted so that the last fix is sent at its own time; original: as recorded.")
    ] = Times.NOW,
    zone: Annotated[str | None, typer.Option(help="IANA zone of times without an offset, such as UTC.")] = None,
    time_format: Annotated[str | None, typer.Option(help="How times are written, as strptime takes it.")] = None,
    delimiter: Annotated[str | None, typer.Option(help="Of a CSV; found from its heading if not given.")] = None,
    file_order: Annotated[bool, typer.Option("--file-order", help="Do not sort by time.")] = False,
    to: Annotated[str | None, typer.Option(metavar="URL", help="Gateway; straight to the broker if not given.")] = None,
    key: Annotated[str, typer.Option(envvar="CORDON_REPLAY_KEY", help="Key of a source, with --to.")] = "",
) -> None:
    """Feed a recorded track in as if its tag were speaking.

    Example: cordon replay walk.csv --device TAG-0001 --map fix_time=when,lat=y,lon=x --zone Europe/London --speed max
    """
    options = TrackOptions(_pairs(map_.split(",")), _pairs(where or []), delimiter, time_format, zone)
    factor = _speed(speed)
    track = read_track(file, options)
    fixes = track.fixes if file_order else sorted(track.fixes, key=lambda fix: fix.fix_time)
    departures = schedule(fixes, factor, datetime.now(UTC) if times is Times.NOW else None)
    sent = Sent()
    try:
        with _sender(to, key) as sender:
            _send(departures, device, sender, sent)
    finally:
        _print_summary(sent, track)


def _send(departures: Sequence[Departure], device: str, sender: Sender, sent: Sent) -> None:
    began = time.monotonic()
    with typer.progressbar(length=len(departures), label="replaying") as bar:
        for batch in _batches(departures):
            time.sleep(max(0.0, began + batch[-1].after_s - time.monotonic()))
            pings = [msgspec.json.encode(ping_of(one.fix, device, one.fix_time)) for one in batch]
            sender.send(pings, sent)
            bar.update(len(batch))


def _batches(departures: Sequence[Departure]) -> Iterator[list[Departure]]:
    """What is due within the same tick goes together, in bounded pieces."""
    for _, due in groupby(departures, key=lambda departure: departure.after_s // TICK_S):
        together = list(due)
        for start in range(0, len(together), BATCH):
            yield together[start : start + BATCH]


@contextmanager
def _sender(to: str | None, key: str) -> Iterator[Sender]:
    if to is not None:
        if not key:
            raise InputError("--to needs the key of a source: give --key, or CORDON_REPLAY_KEY")
        yield GatewaySender(to, key)
        return
    settings = load_settings()
    sink = open_sink(settings)
    try:
        yield SinkSender(sink, DecodeLimits(settings.message_max_bytes, settings.region))
    finally:
        sink.close()


def _print_summary(sent: Sent, track: Track) -> None:
    unread = Counter(problem.reason.value for problem in track.problems)
    print(f"fixes read {len(track.fixes)}, not read {len(track.problems)}{_by_reason(unread)}")
    for problem in track.problems[:PROBLEMS_SHOWN]:
        print(f"  line {problem.line}: {problem.reason.value}: {problem.detail}")
    if len(track.problems) > PROBLEMS_SHOWN:
        print(f"  and {len(track.problems) - PROBLEMS_SHOWN} more")
    print(f"pings accepted {sent.accepted}, rejected {sent.rejected.total()}{_by_reason(sent.rejected)}")


def _by_reason(reasons: Counter[str]) -> str:
    return "".join(f"; {reason} {count}" for reason, count in sorted(reasons.items()))


def _pairs(texts: Sequence[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if equals:
            pairs[name.strip()] = value.strip()
        elif text.strip():
            raise InputError(f"{text!r} must be written NAME=VALUE")
    return pairs


def _speed(text: str) -> float | None:
    if text == MAXIMUM:
        return None
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0 < factor < float("inf"):
        raise InputError(f"--speed must be a positive number or max, not {text!r}")
    return factor
