"""`cordon evaluate-crimes`."""

import json
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.crime_evaluation import Incidents, Judged, calls_of, crime_figures, judge_crimes, read_incidents
from cli.evaluate import accepted, plane
from cli.tables import print_table
from ingest.run import screen_limits
from ingest.screen import ScreenLimits
from model.crimes import MatchingSettings
from model.times import DAY_US
from ops.settings import load_settings
from sim.cohort import draw


@dataclass(frozen=True, slots=True)
class _World:
    """What every wearer is judged with; it goes to the processes."""

    seed: int
    incidents: Incidents
    centre: tuple[float, float]
    limits: ScreenLimits
    settings: MatchingSettings


def register(application: typer.Typer) -> None:
    application.command("evaluate-crimes")(evaluate_crimes)


def evaluate_crimes(
    incidents: Annotated[Path, typer.Argument(help="CSV with Date, Latitude and Longitude, as data.police.uk has it.")],
    seed: Annotated[int, typer.Option(min=0, help="Of the simulated wearers.")],
    wearers: Annotated[int, typer.Option(min=1, help="How many.")] = 100,
    processes: Annotated[int, typer.Option(min=1, max=256, help="Wearers are shared out among them.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with every figure.")] = False,
) -> None:
    """Measure matching against wearers whose true places are known, some of whom go where incidents happened.

    Each incident is matched to each wearer. docs/crime-matching.md says what the figures mean.

    Example: cordon evaluate-crimes 2019-01-metropolitan-stop-and-search.csv --seed 101 --processes 2
    """
    settings = load_settings()
    world = _World(
        seed,
        read_incidents(incidents),
        (settings.centre_lat, settings.centre_lon),
        screen_limits(settings),
        MatchingSettings(),
    )
    figures = crime_figures((one for some in _results(world, wearers, processes) for one in some), world.settings)
    figures = {"seed": seed, "wearers": wearers, "incidents": len(world.incidents), **figures}
    if as_json:
        print(json.dumps(figures, indent=2))
    else:
        _print_figures(figures)


def _results(world: _World, wearers: int, processes: int) -> list[list[Judged]]:
    if processes == 1:
        return [_judged(world, index) for index in range(wearers)]
    with ProcessPoolExecutor(processes) as pool:
        return list(pool.map(partial(_judged, world), range(wearers)))


def _judged(world: _World, index: int) -> list[Judged]:
    moments_us = world.incidents.moments_us
    first_us, last_us = int(moments_us[0]), int(moments_us[-1])
    days = 1 + (last_us - first_us) // DAY_US
    wearer = draw(world.seed, index, days, first_us, calls=calls_of(world.incidents, world.seed, index))
    rows = accepted(wearer, world.limits)
    return judge_crimes(wearer, rows, world.incidents, world.settings, plane(world.centre))


def _print_figures(figures: Mapping[str, Any]) -> None:
    there, present, elsewhere = figures["there"], figures["present"], figures["elsewhere"]
    print(f"seed {figures['seed']}: {figures['wearers']} wearers, {figures['incidents']} incidents\n")
    columns = {"ALL": figures, "TRULY THERE": there, "ELSEWHERE": elsewhere}
    rows = [("pairs", *(str(one["pairs"]) for one in columns.values()))]
    rows += [(name, *(str(one["verdicts"][name]) for one in columns.values())) for name in figures["verdicts"]]
    print_table(("", *columns), rows)
    print(
        f"\nrecall of present {there['recall']}, of the {there['with_enough_positions_of_satellites']} with positions "
        f"enough {there['recall_of_these']}; precision {present['precision']}, within 50 m more {present['nearly']}, "
        f"the farthest {present['farthest_m']} m\n"
        f"absent though there: {figures['false_absent']}, and by a wrong clock "
        f"{figures['false_absent_by_a_wrong_clock']}\n"
    )
    reasons = figures["cannot_say_by_reason"]
    print_table(
        ("CANNOT SAY, BY ITS LONGEST GAP", "ALL", "TRULY THERE"),
        [
            (name, str(count), str(figures["cannot_say_there_by_reason"].get(name, 0)))
            for name, count in reasons.items()
        ],
    )
