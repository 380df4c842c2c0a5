"""Real tracks through the commands a person would use, real Kafka and real TimescaleDB.

The visits must be exactly those that the rules written down plainly give for the file.
"""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geofence.projection import Projection
from model.enums import Mechanism, ZoneKind
from model.policies import PRESETS
from model.times import moment_or_none, to_microseconds
from model.zones import MultiPolygon, ZoneVersion
from ops.settings import Settings
from tests.servers.broker import Kafka
from tests.support.database import DatabaseUrls
from tests.support.reference_engine import Limits, Seen, reference_visits
from tests.support.reference_rules import Stay
from tests.support.waiting import wait_until
from tests.support.worker_process import WorkerProcess, worker_environment
from tests.support.world import enrol, rows

PARTITIONS = 4
PATIENCE_S = 60
PERSON_ID = 1
VISITS = (
    "SELECT crn, reference, aspect, state, entered_at, confirmed_at, last_inside_at, left_at, inferred,"
    " positions_inside FROM visits JOIN people USING (person_id) JOIN zones USING (zone_id)"
)
ALERTED = (
    "SELECT crn, reference, aspect, alerts.state, began_at, confirmed_at, last_evidence_at, alerts.ended_at, inferred,"
    " (alerts.evidence->>'positions_inside')::integer FROM alerts JOIN visits USING (visit_id)"
    " JOIN people ON people.person_id = alerts.person_id JOIN zones ON zones.zone_id = alerts.zone_id"
)


@dataclass(frozen=True)
class Recording:
    """A file of tracks, and zones that its wearers cross."""

    name: str
    tag: str
    fix_time: str
    lat: str
    lon: str
    tags: tuple[str, ...]
    preset: str
    zones: dict[str, list[list[tuple[float, float]]]]  # reference to rings in lon, lat


BUSES = Recording(
    name="bus_liverpool_route14.csv",
    tag="vehicle_id",
    fix_time="timestamp",
    lat="latitude",
    lon="longitude",
    tags=("4720", "4733", "4842", "4836"),
    preset="steady",
    zones={
        "CITY": [
            [(-2.99, 53.4), (-2.96, 53.402), (-2.955, 53.42), (-2.985, 53.418), (-2.99, 53.4)],
            [(-2.975, 53.408), (-2.968, 53.408), (-2.968, 53.412), (-2.975, 53.412), (-2.975, 53.408)],
        ],
        "NORTH": [[(-2.95, 53.43), (-2.91, 53.435), (-2.9, 53.465), (-2.94, 53.45), (-2.95, 53.43)]],
    },
)
COLLARS = Recording(
    name="collars_uk.csv",
    tag="tag_id",
    fix_time="timestamp",
    lat="location_lat",
    lon="location_long",
    tags=("Maxwell-Tag", "Jago2-Tag", "Lightening Bugg-Tag"),
    preset="fast",
    zones={
        "MAXWELL": [[(-4.8395, 50.5098), (-4.8375, 50.5101), (-4.838, 50.5112), (-4.8395, 50.5098)]],
        "JAGO": [[(-5.4935, 50.1446), (-5.4921, 50.1446), (-5.4921, 50.1454), (-5.4935, 50.1454), (-5.4935, 50.1446)]],
        "BUGG": [[(-4.9222, 50.5075), (-4.921, 50.5075), (-4.9216, 50.5084), (-4.9222, 50.5075)]],
    },
)


Told = tuple[object, ...]


def expected_visits(recording: Recording, file: Path) -> list[tuple[str, str, Stay]]:
    """Each tag's visits to each zone by the rules, which look at every zone for every position."""
    settings = Settings()
    projection = Projection(settings.centre_lat, settings.centre_lon)
    limits = Limits(settings.implied_speed_limit_mps, settings.poor_accuracy_m)
    versions = [
        zone_version(number, reference, rings, recording.preset)
        for number, (reference, rings) in enumerate(recording.zones.items())
    ]
    with file.open(encoding="utf-8", newline="") as text:
        lines = list(csv.DictReader(text))
    found = []
    for tag in recording.tags:
        track = track_of([line for line in lines if line[recording.tag] == tag], recording, projection)
        stays = reference_visits(track, PERSON_ID, versions, [], projection, limits)
        found += [(tag, versions[stay.zone_id].reference, stay) for stay in stays]
    return found


def zone_version(zone_id: int, reference: str, rings: list[list[tuple[float, float]]], preset: str) -> ZoneVersion:
    shape = MultiPolygon((tuple(map(tuple, rings)),))
    kind, policy = ZoneKind.EXCLUSION, PRESETS[preset]
    return ZoneVersion(zone_id, 1, reference, reference, kind, None, shape, 0, None, None, None, policy=policy)


def track_of(lines: Sequence[dict[str, str]], recording: Recording, projection: Projection) -> list[Seen]:
    """One tag's positions in the order of their times, of which no two are equal."""
    lon, lat = (np.array([float(line[name]) for line in lines]) for name in (recording.lon, recording.lat))
    x, y = projection.forward(lon, lat)
    times_us = [to_microseconds(datetime.fromisoformat(line[recording.fix_time]).replace(tzinfo=UTC)) for line in lines]
    assert len(set(times_us)) == len(times_us)
    track = [
        Seen(time_us, float(lon[at]), float(lat[at]), float(x[at]), float(y[at]), None, Mechanism.GPS)
        for at, time_us in enumerate(times_us)
    ]
    return sorted(track, key=lambda seen: seen.time_us)


def told(tag: str, reference: str, stay: Stay) -> Told:
    """As the row of the visit says it."""
    entered, confirmed, last, left = (
        moment_or_none(moment) for moment in (stay.entered_us, stay.confirmed_us, stay.last_us, stay.left_us)
    )
    aspect, state = stay.aspect.value, stay.state.value
    return tag, reference, aspect, state, entered, confirmed, last, left, stay.inferred, stay.positions


def alerted(tag: str, reference: str, stay: Stay) -> Told:
    """As the row of its alert does."""
    row = told(tag, reference, stay)
    return *row[:3], "open" if stay.left_us is None else "ended", *row[4:]


def cordon(environment: dict[str, str], *arguments: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-m", "cli", *arguments], env=os.environ | environment, capture_output=True, check=False
    )
    assert finished.returncode == 0, finished.stdout.decode() + finished.stderr.decode()
    return finished.stdout.decode()


def zones_file(recording: Recording, folder: Path) -> Path:
    features: list[dict[str, Any]] = [
        {
            "type": "Feature",
            "properties": {
                "reference": reference,
                "name": reference,
                "kind": "exclusion",
                "policy": recording.preset,
                "valid_from": "2000-01-01T00:00:00Z",
            },
            "geometry": {"type": "Polygon", "coordinates": rings},
        }
        for reference, rings in recording.zones.items()
    ]
    file = folder / "zones.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return file


@pytest.mark.parametrize("recording", [BUSES, COLLARS], ids=lambda recording: str(recording.name))
@pytest.mark.timeout(240)
def test_real_tracks_give_the_visits_of_the_rules(
    recording: Recording,
    kafka: Kafka,
    migrated_timescale_database: DatabaseUrls,
    shared_data: Path,
    tmp_path: Path,
) -> None:
    file = shared_data / "tracks" / recording.name
    topic = f"{Path(recording.name).stem}.pings"
    kafka.create_topic(topic, PARTITIONS)
    environment = worker_environment(
        worker_url=migrated_timescale_database.worker,
        bootstrap_servers=kafka.bootstrap_servers,
        topic=topic,
        fix_max_age_days=36_500,  # the collars are of 2017
        database_owner_url=migrated_timescale_database.owner,
        database_api_url=migrated_timescale_database.api,
    )
    cordon(environment, "zones", "import", str(zones_file(recording, tmp_path)))
    enrol(migrated_timescale_database.owner, recording.tags)
    worker = WorkerProcess(environment, tmp_path / "worker.log")
    worker.start()
    try:
        for tag in recording.tags:
            replay(environment, recording, file, tag)
        expected = expected_visits(recording, file)
        wait_for_positions(migrated_timescale_database, recording, file)
    finally:
        assert worker.stop() == 0, worker.log_file.read_text()

    visits = rows(migrated_timescale_database.owner, VISITS)
    assert sorted(visits, key=repr) == sorted((told(*one) for one in expected), key=repr)
    certain = [one for one in expected if one[-1].confirmed_us is not None or one[-1].inferred]
    alerts = rows(migrated_timescale_database.owner, ALERTED)
    assert sorted(alerts, key=repr) == sorted((alerted(*one) for one in certain), key=repr)
    assert len(recording.zones) < len(certain) <= len(expected)


def replay(environment: dict[str, str], recording: Recording, file: Path, tag: str) -> None:
    columns = f"fix_time={recording.fix_time},lat={recording.lat},lon={recording.lon}"
    cordon(
        environment,
        "replay",
        str(file),
        *("--device", tag, "--where", f"{recording.tag}={tag}", "--map", columns),
        *("--zone", "UTC", "--times", "original", "--speed", "max"),
    )


def wait_for_positions(database: DatabaseUrls, recording: Recording, file: Path) -> None:
    with file.open(encoding="utf-8", newline="") as text:
        total = sum(line[recording.tag] in recording.tags for line in csv.DictReader(text))
    count = "SELECT count(*) FROM positions"
    wait_until(lambda: rows(database.owner, count)[0][0] >= total, PATIENCE_S, f"the storing of {total} positions")
    assert rows(database.owner, count) == [(total,)]
