"""`cordon evaluate`."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Annotated, Any

import numpy as np
import typer

from cli.tables import print_table
from geofence.columns import PositionRows
from geofence.projection import Projection
from ingest.fix_key import fix_keys
from ingest.pipeline import detection_limits
from ingest.run import screen_limits
from ingest.screen import ScreenLimits, impossible_time
from model.times import SECOND_US
from ops.settings import load_settings
from sim.cohort import CohortWearer, draw
from sim.evaluation import WearerResult, judge_wearer
from sim.evaluation_figures import Asked, evaluation_figures

START_US = 1_773_619_200 * SECOND_US
"""16 March 2026: a Monday, and the second Sunday after it is the day on which the clocks change."""
CHUNK = 4
SHOWN = {
    "false confirmed alerts": "false_confirmed",
    "false confirmed alerts a wearer-day": "false_confirmed_per_wearer_day",
    "inferred crossings": "inferred",
    "false inferred crossings": "false_inferred",
    "true visits": "true_visits",
    "long visits (3 min and 50 m)": "long_visits",
    "  missed": "missed_long_visits",
    "  without a GPS position inside": "long_visits_without_gps",
    "  missed of these": "missed_long_visits_without_gps",
    "  confirmed within two further positions": "confirmed_within_two",
    "  within two further GPS positions": "confirmed_within_two_gps",
    "extra visits per visit found": "flapping",
}
DELAYS = {"delay of long visits, s": "delay_seconds", "  to the receipt, s": "delay_received_seconds"}
LENGTHS = "visits_by_length"


@dataclass(frozen=True, slots=True)
class _World:
    """What every wearer is judged with; it goes to the processes."""

    seed: int
    days: int
    centre: tuple[float, float]
    limits: ScreenLimits


def register(application: typer.Typer) -> None:
    application.command("evaluate")(evaluate)


def evaluate(
    seed: Annotated[int, typer.Option(min=0, help="Of the simulated wearers.")],
    wearers: Annotated[int, typer.Option(min=1, help="How many.")] = 100,
    days: Annotated[int, typer.Option(min=1, max=366, help="How many London days, from 16 March 2026.")] = 14,
    processes: Annotated[int, typer.Option(min=1, max=256, help="Wearers are shared out among them.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with every figure.")] = False,
) -> None:
    """Measure detection against wearers whose true places are known, beside the plain dot on the same pings.

    The figures depend on the seed, the wearers and the days alone. docs/detection.md says what each means.

    Example: cordon evaluate --seed 101 --processes 2
    """
    settings = load_settings()
    world = _World(seed, days, (settings.centre_lat, settings.centre_lon), screen_limits(settings))
    figures = evaluation_figures(Asked(seed, wearers, days), _results(world, wearers, processes))
    if as_json:
        print(json.dumps(figures, indent=2))
    else:
        _print_figures(figures)


def _results(world: _World, wearers: int, processes: int) -> list[WearerResult]:
    if processes == 1:
        return [_judged(world, index) for index in range(wearers)]
    with ProcessPoolExecutor(processes) as pool:
        return list(pool.map(partial(_judged, world), range(wearers), chunksize=CHUNK))


def _judged(world: _World, index: int) -> WearerResult:
    wearer = draw(world.seed, index, world.days, START_US)
    return judge_wearer(wearer, accepted(wearer, world.limits), plane(world.centre), detection_limits(world.limits))


@lru_cache(maxsize=1)
def plane(centre: tuple[float, float]) -> Projection:
    return Projection(*centre)


def accepted(wearer: CohortWearer, limits: ScreenLimits) -> PositionRows:
    """What intake makes of the wearer's fixes: those with impossible times are quarantined."""
    fixes = wearer.fixes.take(~impossible_time(wearer.fixes, limits))
    none = np.zeros(len(fixes), np.int64)
    return PositionRows(fixes, device_id=none + 1, fix_key=fix_keys(fixes), flags=none, partition=none)


def _print_figures(figures: Mapping[str, Any]) -> None:
    print(
        f"seed {figures['seed']}: {figures['wearers']} wearers over {figures['days']} days, "
        f"{figures['wearer_days']:.1f} wearer-days on the tag, {figures['positions']} positions\n"
    )
    by = figures["by_meaning"]
    _print_columns(
        {"ALL ZONES": figures, "PLAIN DOT": figures["plain_dot"]}
        | {name.upper().replace("_", " "): one for name, one in by.items()}
    )
    print(f"\n{figures['approach_warnings_per_wearer_day']} approach warnings a wearer-day\n")
    for depth, lengths in figures[LENGTHS].items():
        _print_lengths(depth, lengths, figures["plain_dot"][LENGTHS][depth])


def _print_columns(columns: Mapping[str, Mapping[str, Any]]) -> None:
    rows = [(label, *(_shown(one[key]) for one in columns.values())) for label, key in SHOWN.items()]
    for label, key in DELAYS.items():
        rows += [(f"{label} {p}", *(_shown(one[key][p]) for one in columns.values())) for p in ("p50", "p95", "p99")]
    print_table(("", *columns), rows)


def _print_lengths(depth: str, lengths: Mapping[str, Any], by_dot: Mapping[str, Any]) -> None:
    """True visits to exclusion zones by their length."""
    keys: Sequence[str] = ("true_visits", "confirmed", "inferred", "missed", "missed_without_gps")
    headings = (depth.replace("_", " ").upper(), *(key.replace("_", " ").upper() for key in keys), "PLAIN DOT MISSED")
    print_table(
        headings,
        [
            (name.replace("_", " "), *(str(one[key]) for key in keys), str(by_dot[name]["missed"]))
            for name, one in lengths.items()
        ],
    )
    print()


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"
