"""The sections of a report that the matching fills: the crime, the result, positions, coverage, rejected fixes."""

from crimes.evidence import words
from crimes.evidence.dossier import Dossier, RejectedFix, StatedGap
from crimes.evidence.shape import Section, Table
from crimes.files.crime_types import CRIME_TYPES
from model.crimes import MatchedPosition, Window

CLOCKS = "UTC, then London"
AS_STATED = "as the police stated it; nothing here was checked by the monitoring service"


def crime_section(dossier: Dossier) -> Section:
    crime = dossier.crime
    facts = (
        ("Force and reference", f"{crime.force}, {crime.reference}"),
        ("Version", f"{crime.version}, from batch {crime.batch}, row {crime.row_number}"),
        ("Type", f"{crime.crime_type}: {CRIME_TYPES[crime.crime_type]}\n{crime.description}".strip()),
        ("Place (WGS84)", words.degrees(crime.lat, crime.lon)),
        ("Uncertainty of the place", words.metres(crime.place_uncertainty_m, 0)),
        ("Changed since the version before", ", ".join(crime.changed_fields) or words.NONE),
        *((f"Note {number} of the intake", note) for number, note in enumerate(crime.notes, 1)),
    )
    given = Table(("Field of the police file", "Value as given"), (2, 5), crime.given)
    return Section("The crime", paragraphs=(f"The crime {AS_STATED}.",), facts=facts, table=given)


def windows_section(dossier: Dossier) -> Section:
    padding_s = dossier.run.settings.padding_s
    rows = tuple(
        row
        for stated, searched in zip(dossier.crime.windows, dossier.windows, strict=True)
        for row in (_window("stated", stated), _window("searched", searched))
    )
    told = [f"The searched time is the stated time with {padding_s / 60:g} minutes added before and after it."]
    if len(dossier.crime.windows) > 1:
        told.append("A local time of the police file is two instants (the clocks went back): both were searched.")
    table = Table(("Window", f"From ({CLOCKS})", f"To ({CLOCKS})"), (2, 5, 5), rows)
    return Section("The time of the crime", paragraphs=tuple(told), table=table)


def result_section(dossier: Dossier) -> Section:
    finding, run = dossier.finding, dossier.run
    nearest = (
        words.NONE
        if finding.nearest_m is None or finding.nearest_us is None
        else f"{words.metres(finding.nearest_m)} from the stated place, at {words.utc(finding.nearest_us)}"
    )
    facts = (
        ("Result", words.VERDICTS[finding.verdict]),
        *((f"Reason {number}", reason) for number, reason in enumerate(finding.reasons, 1)),
        ("Usable positions in the searched time", str(finding.position_count)),
        ("Nearest of them", nearest),
        ("Positions at the scene that count", str(sum(one.label is not None for one in finding.positions))),
        (
            "All wearers of that time",
            f"{run.present} present, {run.possible} possible, {run.absent} absent, {run.cannot_say} cannot say",
        ),
        *((f"Weight of chance {number}", line) for number, line in enumerate(dossier.chance, 1)),
    )
    if not dossier.chance:
        facts += (("Weight of chance", "not weighed"),)
    return Section("The result", facts=facts)


def positions_section(dossier: Dossier) -> Section:
    settings = dossier.run.settings
    told = (
        (
            f"Every position within the searched time whose circle reaches within {settings.radius_m:g} m of the place"
            " and its uncertainty; no other position of the wearer is part of this bundle. A label (A1, A2, … B1 …)"
            " marks a position that counts: each letter is one visit in sequence, each number the place in it. Overlap"
            " is the part of the position's circle within the crime's circle."
        ),
    )
    if not dossier.finding.positions:
        return Section("Positions", paragraphs=(*told, "There is no such position."))
    columns = ("Label", f"Time ({CLOCKS})", "Position and accuracy", "Movement", "Scene")
    rows = tuple(_position(dossier, one) for one in dossier.finding.positions)
    return Section("Positions", paragraphs=told, table=Table(columns, (2, 8, 9, 6, 6), rows))


def coverage_section(dossier: Dossier) -> Section:
    finding = dossier.finding
    facts = (
        ("Covered from", _moment_or(finding.covered_from_us, "no usable position before or in the searched time")),
        ("Covered to", _moment_or(finding.covered_to_us, "no usable position in or after the searched time")),
    )
    if not finding.gaps:
        told = "No gap in the positions leaves room for a journey by way of the scene."
        return Section("Coverage", paragraphs=(told,), facts=facts)
    told = (
        "Each stretch of time in which the track by itself leaves room for the wearer to have been at the scene, and"
        " the least mean speed of a journey by way of it."
    )
    columns = (f"From ({CLOCKS})", f"To ({CLOCKS})", "Reason", "Speed needed")
    table = Table(columns, (6, 6, 6, 4), tuple(_gap(gap) for gap in finding.gaps))
    return Section("Coverage", paragraphs=(told,), facts=facts, table=table)


def rejected_section(dossier: Dossier) -> Section:
    told = (
        "Every fix in the searched time that was not used, and why. The place is given only where it is within the"
        " reported area."
    )
    if not dossier.rejected:
        return Section("Rejected fixes", paragraphs=(told, "There is none."))
    columns = (f"Fix time ({CLOCKS})", "Received", "Tag", "Why", "Place")
    rows = tuple(_rejected(fix) for fix in dossier.rejected)
    return Section("Rejected fixes", paragraphs=(told,), table=Table(columns, (6, 6, 4, 6, 6), rows))


def events_section(dossier: Dossier) -> Section:
    told = "What the tag said of itself in the searched time: its strap, its battery, its power, the home beacon."
    if not dossier.events:
        return Section("Device faults and events", paragraphs=(told, "It reported none."))
    rows = tuple(
        (
            _both(event.event_us),
            _both(event.received_us),
            event.serial,
            words.phrase(event.kind) + ("" if event.battery_pct is None else f"\nbattery at {event.battery_pct:.0f} %"),
        )
        for event in dossier.events
    )
    table = Table((f"Time ({CLOCKS})", "Received", "Tag", "Event"), (6, 6, 4, 6), rows)
    return Section("Device faults and events", paragraphs=(told,), table=table)


def originals_section(dossier: Dossier) -> Section:
    told = (
        "The service keeps the original bytes of every message of a tag, in batches whose hashes are chained. The"
        " messages of the reported positions were looked up there, decoded again, and compared with the positions;"
        " originals.csv names each."
    )
    unproved = [one for one in dossier.originals if one.problem is not None]
    count = f"{len(dossier.originals) - len(unproved)} of {len(dossier.originals)}"
    facts = (
        ("Proved by their original bytes", f"{count} positions"),
        *((f"Not proved: {words.utc(one.fix_time_us)}", str(one.problem)) for one in unproved),
    )
    return Section("Original messages", paragraphs=(told,), facts=facts)


def settings_section(dossier: Dossier) -> Section:
    run, settings = dossier.run, dossier.run.settings
    facts = (
        (
            "Matching run",
            f"{run.run_id}, result {run.result_id}, {words.utc(run.run_at_us)}, because {_cause(run.cause)}",
        ),
        ("Radius of the crime's circle", f"{settings.radius_m:g} m"),
        ("Added before and after", f"{settings.padding_s:g} s"),
        ("Least overlap of a position that counts", f"{settings.least_overlap:g} of its circle"),
        ("Least positions for present", str(settings.least_positions)),
        ("Fastest plausible journey", words.speed(settings.plausible_speed_mps)),
        ("Reported one by one when ruled out within", f"{settings.near_m:g} m"),
        ("Version of the matching rules", str(run.algorithm_version)),
        ("Software of the run", f"Cordon {run.software_version}"),
        ("Software of this bundle", f"Cordon {dossier.software_version}"),
    )
    return Section("Settings and versions", facts=facts)


def _cause(cause: str) -> str:
    return {
        "imported": "the crime was imported",
        "settled": "the searched time was over",
        "positions": "positions arrived later",
        "requested": "it was asked for",
    }.get(cause, cause)


def _window(name: str, window: Window) -> tuple[str, str, str]:
    return name, _both(window.from_us), _both(window.to_us)


def _position(dossier: Dossier, one: MatchedPosition) -> tuple[str, ...]:
    return (
        one.label or "-",
        _both(one.fix_time_us),
        (
            f"{words.degrees(one.lat, one.lon)}\n{words.accuracy(one.accuracy_m, stated=one.accuracy_stated)}"
            f"\n{words.mechanism(one.mechanism.word)}, tag {dossier.serial_of(one.device_id)}"
        ),
        f"{words.speed(one.speed_mps)}\nheading {words.heading(one.heading_deg)}",
        f"{words.metres(one.distance_m)} away\noverlap {one.overlap:.0%}",
    )


def _gap(gap: StatedGap) -> tuple[str, ...]:
    return (
        _moment_or(gap.from_us, "no position before"),
        _moment_or(gap.to_us, "no position after"),
        words.gap_reason(gap.reason),
        _needed(gap),
    )


def _needed(gap: StatedGap) -> str:
    if gap.needed_speed_mps is not None:
        return words.speed(gap.needed_speed_mps)
    if gap.from_us is None or gap.to_us is None:
        return "any: the track does not go on"
    return "any: the two positions contradict each other"


def _rejected(fix: RejectedFix) -> tuple[str, ...]:
    place = "outside the reported area"
    if fix.lat is not None and fix.lon is not None:
        stated = words.metres(fix.accuracy_m)
        place = f"{words.degrees(fix.lat, fix.lon)}\n{words.metres(fix.distance_m)} away, accuracy {stated}"
    why = "; ".join(words.phrase(one) for one in fix.why)
    return _both(fix.fix_time_us), _both(fix.received_us), f"{fix.serial}\n{words.mechanism(fix.mechanism)}", why, place


def _both(moment_us: int) -> str:
    return f"{words.utc(moment_us)}\n{words.local(moment_us)}"


def _moment_or(moment_us: int | None, otherwise: str) -> str:
    return otherwise if moment_us is None else _both(moment_us)
