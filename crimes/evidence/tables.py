"""The facts as CSV: UTF-8, a header line, one row a fact; a cell that a spreadsheet would run is made harmless."""

import csv
import io
from collections.abc import Iterable, Sequence

from crimes.evidence.dossier import Dossier
from crimes.evidence.text import cell
from crimes.evidence.words import iso, iso_local
from model.enums import PositionFlag

POSITION_COLUMNS = (
    "label",
    "fix_time_utc",
    "fix_time_london",
    "lat",
    "lon",
    "accuracy_m",
    "accuracy_stated",
    "mechanism",
    "speed_mps",
    "heading_deg",
    "distance_m",
    "overlap",
    "tag",
    "position",
    "flags",
)


def positions_csv(dossier: Dossier) -> str:
    """``position`` names the stored one as `cordon raw show` takes it, which proves it by its original bytes.

    It is text: a spreadsheet would round a key of 64 bits.
    """
    rows = (
        (
            one.label,
            iso(one.fix_time_us),
            iso_local(one.fix_time_us),
            one.lat,
            one.lon,
            one.accuracy_m,
            _yes_no(one.accuracy_stated),
            one.mechanism.word,
            one.speed_mps,
            one.heading_deg,
            round(one.distance_m, 2),
            round(one.overlap, 4),
            dossier.serial_of(one.device_id),
            f"{dossier.serial_of(one.device_id)}@{iso(one.fix_time_us)}#{one.fix_key}",
            " ".join(PositionFlag(one.flags).words),
        )
        for one in dossier.finding.positions
    )
    return _csv(POSITION_COLUMNS, rows)


def coverage_csv(dossier: Dossier) -> str:
    """The first and the last moment covered, and each gap that leaves room for the scene."""
    finding = dossier.finding
    ends = [
        ("covered_from", _moment(finding.covered_from_us), None, None, None),
        ("covered_to", None, _moment(finding.covered_to_us), None, None),
    ]
    gaps = [("gap", _moment(gap.from_us), _moment(gap.to_us), gap.reason, gap.needed_speed_mps) for gap in finding.gaps]
    return _csv(("what", "from_utc", "to_utc", "reason", "needed_speed_mps"), [*ends, *gaps])


def rejected_csv(dossier: Dossier) -> str:
    columns = (
        "fix_time_utc",
        "fix_time_london",
        "received_utc",
        "tag",
        "mechanism",
        "why",
        "lat",
        "lon",
        "accuracy_m",
        "distance_m",
    )
    rows = (
        (
            iso(fix.fix_time_us),
            iso_local(fix.fix_time_us),
            iso(fix.received_us),
            fix.serial,
            fix.mechanism,
            " ".join(fix.why),
            fix.lat,
            fix.lon,
            fix.accuracy_m,
            None if fix.distance_m is None else round(fix.distance_m, 2),
        )
        for fix in dossier.rejected
    )
    return _csv(columns, rows)


def events_csv(dossier: Dossier) -> str:
    rows = (
        (
            iso(event.event_us),
            iso_local(event.event_us),
            iso(event.received_us),
            event.serial,
            event.kind,
            event.battery_pct,
        )
        for event in dossier.events
    )
    return _csv(("event_time_utc", "event_time_london", "received_utc", "tag", "event", "battery_pct"), rows)


def originals_csv(dossier: Dossier) -> str:
    """The message of each position in ``positions_csv``, by its place in the archive of original bytes."""
    rows = (
        (
            f"{one.serial}@{iso(one.fix_time_us)}#{one.fix_key}",
            one.topic,
            one.partition,
            one.message_offset,
            one.leaf,
            one.chain,
            "proved" if one.problem is None else one.problem,
        )
        for one in dossier.originals
    )
    columns = ("position", "topic", "partition", "message_offset", "message_sha256", "chain_sha256", "proof")
    return _csv(columns, rows)


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([cell(value) for value in row] for row in rows)
    return written.getvalue()


def _moment(moment_us: int | None) -> str | None:
    return None if moment_us is None else iso(moment_us)


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"
