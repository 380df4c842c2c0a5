"""Real tracks through the commands a person would use, real Kafka and real TimescaleDB.

The visits must be exactly those that a plain pass with shapely over the file gives, in longitude and latitude and with
none of our own geometry.
"""

import csv
import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import shapely

from tests.servers.broker import Kafka
from tests.support.database import DatabaseUrls
from tests.support.waiting import wait_until
from tests.support.worker_process import WorkerProcess, worker_environment
from tests.support.world import enrol, rows

PARTITIONS = 4
PATIENCE_S = 60
VISITS = (
    "SELECT crn, reference, entered_at, last_inside_at, left_at, positions_inside"
    " FROM visits JOIN people USING (person_id) JOIN zones USING (zone_id) ORDER BY 1, 2, 3"
)
ALERTS = (
    "SELECT crn, reference, began_at, last_inside_at, ended_at, (evidence->>'positions_inside')::integer"
    " FROM alerts JOIN people ON people.person_id = alerts.person_id JOIN zones USING (zone_id) ORDER BY 1, 2, 3"
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
    zones: dict[str, list[list[tuple[float, float]]]]  # reference to rings in lon, lat


BUSES = Recording(
    name="bus_liverpool_route14.csv",
    tag="vehicle_id",
    fix_time="timestamp",
    lat="latitude",
    lon="longitude",
    tags=("4720", "4733", "4842", "4836"),
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
    zones={
        "MAXWELL": [[(-4.8395, 50.5098), (-4.8375, 50.5101), (-4.838, 50.5112), (-4.8395, 50.5098)]],
        "JAGO": [[(-5.4935, 50.1446), (-5.4921, 50.1446), (-5.4921, 50.1454), (-5.4935, 50.1454), (-5.4935, 50.1446)]],
        "BUGG": [[(-4.9222, 50.5075), (-4.921, 50.5075), (-4.9216, 50.5084), (-4.9222, 50.5075)]],
    },
)


@dataclass(frozen=True, order=True)
class PlainVisit:
    tag: str
    zone: str
    entered: datetime
    last_inside: datetime
    left: datetime | None
    positions: int


def plain_visits(recording: Recording, file: Path) -> list[PlainVisit]:
    """The runs of positions that each zone covers, each tag's in the order of their times."""
    with file.open(encoding="utf-8", newline="") as text:
        lines = [line for line in csv.DictReader(text) if line[recording.tag] in recording.tags]
    lines.sort(key=lambda line: (line[recording.tag], line[recording.fix_time]))
    found: list[PlainVisit] = []
    for zone, rings in recording.zones.items():
        polygon = shapely.Polygon(rings[0], rings[1:])
        for tag in recording.tags:
            found += _runs(tag, zone, [line for line in lines if line[recording.tag] == tag], polygon, recording)
    return sorted(found)


def _runs(
    tag: str, zone: str, lines: list[dict[str, str]], polygon: shapely.Polygon, recording: Recording
) -> list[PlainVisit]:
    runs: list[PlainVisit] = []
    inside_before = False
    for line in lines:
        moment = datetime.fromisoformat(line[recording.fix_time]).replace(tzinfo=UTC)
        inside = bool(polygon.covers(shapely.Point(float(line[recording.lon]), float(line[recording.lat]))))
        if inside and inside_before:
            runs[-1] = replace(runs[-1], last_inside=moment, positions=runs[-1].positions + 1)
        elif inside:
            runs.append(PlainVisit(tag, zone, moment, moment, None, 1))
        elif inside_before:
            runs[-1] = replace(runs[-1], left=moment)
        inside_before = inside
    return runs


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
def test_real_tracks_give_the_visits_of_a_plain_pass(
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
    first, *others = recording.tags
    cordon(environment, "people", "add", "--crn", first, "--name", "A Person")
    cordon(environment, "devices", "activate", first, "--crn", first, "--from", "2000-01-01T00:00:00Z")
    enrol(migrated_timescale_database.owner, others)
    worker = WorkerProcess(environment, tmp_path / "worker.log")
    worker.start()
    try:
        for tag in recording.tags:
            replay(environment, recording, file, tag)
        expected = plain_visits(recording, file)
        wait_for_positions(migrated_timescale_database, recording, file)
    finally:
        assert worker.stop() == 0, worker.log_file.read_text()

    visits = rows(migrated_timescale_database.owner, VISITS)
    assert [PlainVisit(*visit) for visit in visits] == expected
    assert len(expected) > len(recording.zones)
    alerts = rows(migrated_timescale_database.owner, ALERTS)
    assert [PlainVisit(*alert) for alert in alerts] == expected


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
