"""NMEA 0183 logs: position, speed and course from RMC, which alone has the date; HDOP and satellites from its GGA.

A receiver whose week counter has rolled over gives a date 1,024 weeks ago. It is kept as it stands: screening
quarantines it, and nobody's track is moved by a guess.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pynmea2

from ingest.protocols.interpretation import PingFields, RefusedError, number_of
from ingest.protocols.osmand import METRES_PER_SECOND_IN_KNOT
from ingest.tracks.track import Track, TrackFix, TrackOptions
from model.enums import RejectionReason
from ops.errors import InputError

VALID = "A"
SENTENCES = frozenset({"RMC", "GGA"})


def read_nmea(path: Path, _options: TrackOptions) -> Track:
    """InputError for a file without a single sentence, such as a receiver's binary log."""
    track = Track()
    quality: dict[str, PingFields] = {}  # by time of day; a second's two sentences come in either order
    last_time = ""
    sentences = 0
    for line, raw in enumerate(path.read_bytes().split(b"\n"), 1):
        text = raw.strip().decode("ascii", "replace")
        if text[:1] != "$" or text[3:6] not in SENTENCES:
            continue
        sentences += 1
        try:
            sentence = _parse(text)
            if sentence.sentence_type == "GGA":
                quality = {sentence.data[0]: _quality(sentence)}
                if sentence.data[0] == last_time:
                    track.fixes[-1].fields.update(quality[last_time])
            else:
                track.fixes.append(_fix(line, sentence, quality))
                last_time = sentence.data[0]
        except RefusedError as refused:
            track.refuse(line, refused)
    if not sentences:
        raise InputError(f"{path.name} holds no RMC or GGA sentence: a binary log must be converted to NMEA first")
    return track


def _parse(text: str) -> pynmea2.NMEASentence:
    try:
        return pynmea2.parse(text, check=True)
    except (pynmea2.ParseError, ValueError):
        raise RefusedError(RejectionReason.NOT_A_PING, "the sentence is damaged: its checksum does not match") from None


def _fix(line: int, rmc: pynmea2.NMEASentence, quality: Mapping[str, PingFields]) -> TrackFix:
    if rmc.status != VALID:
        raise RefusedError(RejectionReason.NOT_A_PING, "the receiver had no fix")
    try:
        moment = datetime.combine(rmc.datestamp, rmc.timestamp, UTC)
        lat, lon = rmc.latitude, rmc.longitude
    except (TypeError, ValueError, AttributeError, IndexError):
        raise RefusedError(RejectionReason.BAD_TIME, "the sentence has no date or time that a clock can show") from None
    fields: PingFields = {"lat": lat, "lon": lon}
    if rmc.spd_over_grnd is not None:
        fields["speed_mps"] = float(rmc.spd_over_grnd) * METRES_PER_SECOND_IN_KNOT
    if rmc.true_course is not None:
        fields["heading_deg"] = float(rmc.true_course)
    return TrackFix(line, moment, fields | quality.get(rmc.data[0], {}))


def _quality(gga: pynmea2.NMEASentence) -> PingFields:
    fields: PingFields = {}
    if gga.horizontal_dil:
        fields["hdop"] = number_of(gga.horizontal_dil, "hdop")
    if gga.num_sats:
        fields["satellites"] = int(number_of(gga.num_sats, "satellites"))
    return fields
