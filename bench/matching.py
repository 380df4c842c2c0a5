"""Crimes against stored tracks: 1,000 at once and one at a time, to their verdicts; beside PostGIS and a full scan.

CORDON_BENCH_POSITIONS sets how many positions are loaded (2 million unless told; 50 million take a quarter of an hour).
"""

import os
import resource
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from bench.match_load import Loader
from bench.match_peers import full_scan, in_postgis
from bench.match_scenes import make_scenes
from bench.match_world import World
from bench.result import Result
from crimes.scenes import Scene
from geofence.projection import Projection
from ingest.matching.crimes import CRIMES_AT_ONCE
from ingest.matching.engine import MatchingEngine
from model.crimes import MatchingSettings
from store.database import Cursor, connect
from store.provision import ensure_database
from tests.servers.timescale import running_timescale
from tests.support.database import DatabaseUrls, prepare_database

VARIABLE = "CORDON_BENCH_POSITIONS"
POSITIONS = 2_000_000
WEARERS = 1_000
CRIMES = 1_000
WARM = 50  # crimes
SINGLES = 200
PEER_SINGLES = 20
SETTINGS = MatchingSettings()


def run() -> list[Result]:
    """Seconds for 1,000 crimes, milliseconds for one, and how many positions a second were loaded with the notes."""
    positions = int(os.environ.get(VARIABLE, POSITIONS))
    world = World(WEARERS, -(-positions // WEARERS))
    with tempfile.TemporaryDirectory() as scratch, running_timescale(Path(scratch), durable=False) as server:
        ensure_database(server.url(), "bench_matching")
        database = prepare_database(server.url("bench_matching"))
        rate = Loader(database.owner, database.worker, world).load(positions)
        print(f"{positions:,} positions of {WEARERS:,} wearers loaded, {rate:,.0f} a second, with their notes")
        return measure(database, make_scenes(CRIMES, world))


def measure(database: DatabaseUrls, scenes: Sequence[Scene]) -> list[Result]:
    """Of positions that are loaded."""
    engine = MatchingEngine(SETTINGS, Projection(51.5, -0.1))
    with closing(connect(database.worker, "bench")) as connection, connection, connection.cursor() as cursor:
        match(cursor, scenes[:WARM], engine)  # warm
        started = perf_counter()
        decided = match(cursor, scenes, engine)
        whole_s = perf_counter() - started
        singles = [_milliseconds(cursor, scene, engine) for scene in scenes[:SINGLES]]
        scans = [full_scan(cursor, scene, SETTINGS) for scene in scenes[:3]]
    gists = in_postgis(database.owner, scenes[:PEER_SINGLES], SETTINGS)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{decided:,} verdicts; {peak_mb:,.0f} MB at most")
    return [
        Result(f"matching: {len(scenes):,} crimes", whole_s, "s", (whole_s, whole_s), None, None),
        _result("matching: one crime", singles, "a full scan for who was near", median(scans)),
        _result("matching: one crime", singles, "GiST for who was near", median(gists) if gists else None),
        _result("matching: one crime, 95th percentile", [float(np.percentile(singles, 95))], None, None),
    ]


def match(cursor: Cursor, scenes: Sequence[Scene], engine: MatchingEngine) -> int:
    """From what is stored to the verdicts, as the matcher does it; how many there are of them."""
    return sum(
        len(one.matches)
        for first in range(0, len(scenes), CRIMES_AT_ONCE)
        for one in engine.match_everybody(cursor, scenes[first : first + CRIMES_AT_ONCE])
    )


def _milliseconds(cursor: Cursor, scene: Scene, engine: MatchingEngine) -> float:
    started = perf_counter()
    match(cursor, [scene], engine)
    return 1000 * (perf_counter() - started)


def _result(name: str, figures: Sequence[float], peer: str | None, peer_value: float | None) -> Result:
    peer = peer if peer_value is not None else None
    return Result(name, median(figures), "ms", (min(figures), max(figures)), peer, peer_value)
