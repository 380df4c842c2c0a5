"""What else the track says of the searched time: the fixes that were not used, and what the tag said of itself."""

from collections.abc import Mapping

import numpy as np

from crimes.evidence.dossier import DeviceFact, Finding, RejectedFix, StatedGap
from crimes.evidence.inputs import Inputs
from crimes.matching.coverage import Coverage, coverage_of
from crimes.matching.held import Held, SceneTable, held_against
from geofence.projection import Projection
from model.crimes import CLOCK_AHEAD_US, USABLE_ACCURACY_M, Match, Window
from model.enums import Mechanism, PositionFlag
from model.times import SECOND_US

QUARANTINED = "quarantined"
"""Why a fix was not used whose clock no honest receiver has."""

Serials = Mapping[int, str]
"""By device."""


def searched_windows(inputs: Inputs) -> tuple[Window, ...]:
    padding_us = round(inputs.settings.padding_s * SECOND_US)
    return tuple(window.padded(padding_us) for window in inputs.scene.windows)


def finding_of(match: Match) -> Finding:
    """The match without the person's number, which means nothing outside."""
    return Finding(
        verdict=match.verdict,
        reasons=match.reasons,
        positions=match.positions,
        gaps=tuple(StatedGap(one.from_us, one.to_us, one.reason.value, one.needed_speed_mps) for one in match.gaps),
        nearest_m=match.nearest_m,
        nearest_us=match.nearest_us,
        position_count=match.position_count,
        covered_from_us=match.covered_from_us,
        covered_to_us=match.covered_to_us,
    )


def rejected_fixes(inputs: Inputs, serials: Serials) -> tuple[RejectedFix, ...]:
    """Every stored fix of the searched time that neither counts nor rules out, with every reason."""
    plane = Projection(*inputs.centre)
    table = SceneTable.of([inputs.scene], inputs.settings, plane)
    held = held_against(table, inputs.tracks, 0, 1, plane)
    coverage = coverage_of(held, table, inputs.tracks.worn, inputs.events, inputs.settings)
    unused = held.in_some_window() & (~coverage.kept | coverage.at_jump)
    near = held.distance_m <= table.disc_m[0] + held.accuracy_m
    return tuple(
        _rejected(held, coverage, row, serials, is_near=bool(near[row])) for row in np.flatnonzero(unused).tolist()
    )


def device_facts(inputs: Inputs, serials: Serials) -> tuple[DeviceFact, ...]:
    """The events of the wearer's tags in the searched time, in the order of their times."""
    windows = searched_windows(inputs)
    found = [
        DeviceFact(serials[device], event.event_us, event.received_us, event.kind.value, event.battery_pct)
        for device, events in inputs.events.items()
        for event in events
        if any(window.from_us <= event.event_us <= window.to_us for window in windows)
        and any(worn.device_id == device and worn.from_us <= event.event_us < worn.until_us for worn in inputs.worn)
    ]
    return tuple(sorted(found, key=lambda one: (one.event_us, one.serial, one.kind)))


def _rejected(held: Held, coverage: Coverage, row: int, serials: Serials, *, is_near: bool) -> RejectedFix:
    fixes = held.rows.fixes
    stated_m = float(fixes.accuracy_m[row])
    return RejectedFix(
        serial=serials[int(held.rows.device_id[row])],
        fix_time_us=int(fixes.fix_time_us[row]),
        received_us=int(fixes.received_us[row]),
        mechanism=Mechanism(int(fixes.mechanism[row])).word,
        why=_why(held, coverage, row),
        lat=float(fixes.lat[row]) if is_near else None,
        lon=float(fixes.lon[row]) if is_near else None,
        accuracy_m=stated_m if is_near and 0 < stated_m < np.inf else None,
        distance_m=float(held.distance_m[row]) if is_near else None,
    )


def _why(held: Held, coverage: Coverage, row: int) -> tuple[str, ...]:
    fixes = held.rows.fixes
    ahead_us = int(fixes.fix_time_us[row] - fixes.received_us[row])
    checks = {
        "tag_not_on_the_wearer": not coverage.on_person[row],
        "strap_open": coverage.open_strap[row],
        "cell_tower": fixes.mechanism[row] == Mechanism.LBS,
        "poor_accuracy": held.accuracy_m[row] > USABLE_ACCURACY_M,
        "clock_ahead_of_receipt": ahead_us > CLOCK_AHEAD_US,
        "no_place_on_the_plane": not np.isfinite(held.distance_m[row]),
        "lone_outlier": coverage.outlier[row],
        "reached_or_left_too_fast": coverage.at_jump[row],
    }
    flags = PositionFlag(int(held.rows.flags[row])) & PositionFlag.IMPLIED_SPEED
    return (*(name for name, holds in checks.items() if holds), *(f"flagged_{word}" for word in flags.words))
