"""A victim is planted, their zone approached and breached; then everything that anybody can read is searched for them.

The address, its coordinates and the victim's reference stand in no answer, table, log or listing but the victims' own.
The zone's buffer and the distance of the near miss are read by nobody but the wearer's own supervision and whoever
draws zones, and are in nothing that is for the wearer.
"""

import io
import logging
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import shapely
import structlog
from psycopg2.extras import Json

from access.roles import Role
from alerts.victim_duty import keep_victim_tasks, watch_victim_zones
from geofence.geojson import from_stored
from geofence.plane_areas import area_of
from geofence.projection import Projection
from model.times import to_microseconds
from ops.logs import configure_logging
from store.clock import service_now
from store.database import Cursor, fetch_one
from store.evidence import take_bundle
from tests.support.api_server import running_api
from tests.support.command import in_process
from tests.support.database import DatabaseUrls
from tests.support.evidence import evidence_world
from tests.support.pings import ping
from tests.support.seed import as_owner, seed_shift
from tests.support.victim_duty import OUT_OF_HOURS
from tests.support.victims import (
    ADDRESS,
    CHOICE,
    LAT,
    LON,
    LiaisonOffice,
    LinkedZone,
    liaison_office,
    publish_directly,
)
from tests.support.waiting import wait_until
from tests.support.worker_thread import append, queue_worker
from tests.support.world import rows

BUFFER_M = 437.0
PLANE = Projection(51.5, -0.1)
ROUNDED = "|".join(re.escape(f"{abs(value):.{digits}f}") for value in (LAT, LON) for digits in (4, 5, 6))
SECRET = re.compile(rf"Quillfeather|(?<![\d.])(?:{ROUNDED})(?!\d)")
"""The address, or a coordinate of it, however it is rounded."""
SUPERVISION = {Role.PRACTITIONER, Role.MANAGER, Role.DUTY_OFFICER}
DISTANCES_AT_HOME = {"alerts", "visits", "presence"}  # under row security, and the worker's own
BUFFER_AT_HOME = {"zone_versions", "positions", "ping_queue"}


@dataclass(frozen=True, slots=True)
class Planted:
    office: LiaisonOffice
    zone: LinkedZone
    reference: str
    approach: str
    breach: str
    near_miss: str  # the distance of the approach, as the evidence has it


@pytest.fixture
def planted(migrated_database: DatabaseUrls) -> Iterator[Planted]:
    with running_api(migrated_database) as api:
        yield plant(liaison_office(api))


def plant(office: LiaisonOffice) -> Planted:
    urls = office.api.urls
    policy: dict[str, Any] = {"preset": "fast", "policy": Json({"buffer_m": BUFFER_M}), "is_disclosed": True}
    zone = office.linked_zone(**policy)
    office.call("PUT", f"/v1/victims/{zone.victim_id}/choices", CHOICE)
    with queue_worker(urls):
        append(urls, [("TAG-X-EZ-V", one) for one in walk(zone.geometry)])
        found = (
            "SELECT kind, alert_id::text FROM alerts WHERE kind IN ('approach_warning', 'exclusion_zone_breach')"
            f" AND person_id = {zone.person_id}"
        )
        wait_until(lambda: len(rows(urls.owner, found)) == 2, what="the approach and the breach")
    alerts = dict(rows(urls.owner, found))
    with as_owner(urls.owner) as cursor:
        now = service_now(cursor)
        assert keep_victim_tasks(cursor, now, OUT_OF_HOURS) == 1, "of the breach, not of the approach"
        cursor.execute("UPDATE intake_state SET deaf_since = service_clock(), deaf_reason = 'no_heartbeat'")
        assert watch_victim_zones(cursor, now, OUT_OF_HOURS) == 1
        cursor.execute(
            "SELECT evidence -> 'positions' -> 'deepest' ->> 'depth_m' FROM alerts WHERE alert_id = %s",
            (alerts["approach_warning"],),
        )
        near_miss = str(fetch_one(cursor)[0])
        cursor.execute("SELECT reference FROM victims WHERE victim_id = %s", (zone.victim_id,))
        reference = str(fetch_one(cursor)[0])
    assert re.fullmatch(r"-?\d+\.\d+", near_miss)
    return Planted(
        office, zone, reference, alerts["approach_warning"], alerts["exclusion_zone_breach"], near_miss.lstrip("-")
    )


def walk(geometry: dict[str, Any]) -> Iterator[bytes]:
    """From far away to some 200 m short of the zone, and a little later well into it."""
    area = area_of(from_stored(geometry), PLANE)
    middle = np.array(area.centroid.coords[0])
    way = shapely.LineString([middle, middle + np.array([9000.0, 0.0])])
    edge = np.array(
        max(
            area.boundary.intersection(way).geoms
            if hasattr(area.boundary.intersection(way), "geoms")
            else [area.boundary.intersection(way)],
            key=lambda point: point.x,
        ).coords[0]
    )
    begun = datetime.now(UTC) - timedelta(minutes=30)
    for minute, beyond_m in ((0, 3000), (5, 213.0), (6, 208.0), (7, 205.0), (15, -120), (16, -130), (17, -140)):
        lon, lat = PLANE.inverse(np.array([edge[0] + beyond_m]), np.array([edge[1]]))
        at = to_microseconds(begun + timedelta(minutes=minute))
        yield ping("TAG-X-EZ-V", at, float(lat[0]), float(lon[0]), accuracy_m=5, mechanism="GPS")


def answers(planted: Planted) -> Iterator[tuple[Role, str, str, httpx.Response]]:
    """What every route answers to every role: each with what is there, and writes with nothing in them."""
    api = planted.office.api
    document = api.app.openapi()
    with as_owner(api.urls.owner) as cursor:  # whoever may end a shift does: another's than that of who asks
        seed_shift(cursor, "duty.one")
        cursor.execute("SELECT shift_id FROM rota_shifts WHERE subject = 'duty.one'")
        (shift_id,) = fetch_one(cursor)
        cursor.execute("SELECT legal_basis_id FROM legal_bases WHERE person_id = %s", (planted.zone.person_id,))
        (basis_id,) = fetch_one(cursor)
    there = {"person_id": planted.zone.person_id, "shift_id": shift_id, "legal_basis_id": basis_id}
    window = {"from": (datetime.now(UTC) - timedelta(hours=2)).isoformat(), "to": datetime.now(UTC).isoformat()}
    for role in Role:
        with api.client(role) as client:
            for path, item in document["paths"].items():
                for method, operation in item.items():
                    own = role is Role.VICTIM_LIAISON and "/victim" in path
                    if path == "/v1/alerts/stream" or (own and method != "get"):
                        continue
                    for alert_id in (planted.approach, planted.breach) if "{alert_id}" in path else ("",):
                        numbers = dict.fromkeys(re.findall(r"\{(\w+)\}", path), planted.zone.victim_id)
                        names = {"alert_id": alert_id, "reference": planted.zone.reference}
                        place = path.format(**numbers | there | names)
                        wants = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
                        query = {name: value for name, value in window.items() if name in wants}
                        yield role, method, path, client.request(method, place, params=query)


def test_no_route_tells_any_role_where_the_victim_is(planted: Planted) -> None:
    told_buffer, told_near_miss, asked = set(), set(), 0
    for role, method, path, answer in answers(planted):
        asked += 1
        is_own = role is Role.VICTIM_LIAISON and path.startswith("/v1/victim")
        if not (is_own and path.endswith("/addresses")):
            assert not SECRET.search(answer.text), (role, method, path)
        if not is_own:
            assert planted.reference not in answer.text, (role, method, path)
        if path != "/metrics" and f"{BUFFER_M:.0f}" in re.findall(r"(?<![\d.-])\d+", answer.text):  # it counts much
            told_buffer.add((role, path))
        if planted.near_miss in answer.text:
            told_near_miss.add((role, path))
    assert asked > 300
    assert {role for role, _ in told_near_miss} == SUPERVISION
    assert {path for _, path in told_near_miss} <= {"/v1/alerts/{alert_id}", "/v1/alerts/{alert_id}/explanation"}
    assert {role for role, _ in told_buffer} <= SUPERVISION | {Role.ADMINISTRATOR}, told_buffer


def test_the_document_for_the_wearer_has_neither_buffer_nor_distance_and_there_is_none_of_the_approach(
    planted: Planted,
) -> None:
    def document(alert_id: str) -> httpx.Response:
        return planted.office.api.get(Role.PRACTITIONER, f"/v1/alerts/{alert_id}/explanation?audience=wearer")

    assert document(planted.approach).status_code == 409
    handed = document(planted.breach)
    assert handed.status_code == 200
    assert not SECRET.search(handed.text)
    for secret in (planted.near_miss, f"{BUFFER_M:.0f} m", "buffer", "approach", "inside (", "deep"):
        assert secret not in handed.text, secret


def test_no_table_of_the_program_holds_it_and_the_stream_outbox_notices_and_audit_do_not(planted: Planted) -> None:
    owner = planted.office.api.urls.owner
    tables = [
        name
        for (name,) in rows(
            owner, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'cordon'::regnamespace"
        )
    ]
    assert {"alert_events", "outbox", "notices", "messages", "audit_log", "victim_tasks"} <= set(tables)
    for table in tables:
        ((held,),) = rows(owner, f"SELECT coalesce(string_agg(to_jsonb(held)::text, ' '), '') FROM {table} held")
        assert not SECRET.search(held), table
        assert planted.reference not in held or table == "victims", table
        assert planted.near_miss not in held or table in DISTANCES_AT_HOME, table
        assert f"{BUFFER_M:.0f}" not in re.findall(r"(?<![\w.-])\d+", held) or table in BUFFER_AT_HOME, table
    assert rows(owner, "SELECT count(*) > 0 FROM notices") == [(True,)]


def test_logs_metrics_and_listings_do_not_tell_it(
    planted: Planted, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CORDON_DATABASE_OWNER_URL", planted.office.api.urls.owner)
    cordon = in_process(monkeypatch, capsys)
    for listing in (
        ("victims", "list"),
        ("victims", "zones"),
        ("zones", "list"),
        ("zones", "show", "EZ-V"),
        ("people", "list"),
        ("devices", "list"),
        ("dead-letters", "list"),
        ("authorise", "list"),
        ("explain", planted.approach),
        ("explain", planted.breach, "--for-wearer"),
    ):
        code, printed, error = cordon(*listing)
        assert code == 0, (listing, error)
        assert not SECRET.search(printed + error), listing
        assert planted.reference not in printed or listing[0] == "victims"
    with logging_in_full():
        victim_id = planted.zone.victim_id
        bad = {"address": ADDRESS + "\n", "lat": LAT, "lon": 500 + LON}
        whole = {"address": ADDRESS, "lat": LAT, "lon": LON}
        for body in (bad, whole | {"x": 1}):
            refused = planted.office.call("POST", f"/v1/victims/{victim_id}/addresses", body)
            assert refused.status_code == 422
            assert not SECRET.search(refused.text)
        planted.office.call("POST", f"/v1/victims/{victim_id}/addresses", whole, other=True)
        said = capsys.readouterr()
    assert not SECRET.search(said.out + said.err)


@contextmanager
def logging_in_full() -> Iterator[None]:
    configure_logging("debug", "json")
    try:
        yield
    finally:
        structlog.reset_defaults()
        logging.basicConfig(force=True)


def test_a_police_bundle_of_the_same_wearer_holds_nothing_of_a_victim_s_zone(
    migrated_database: DatabaseUrls, tmp_path: Path
) -> None:
    with evidence_world(migrated_database, tmp_path) as world:
        with as_owner(world.urls.owner) as cursor:
            plant_directly(cursor)
        evidence_id = world.issue()
        with world.as_police() as cursor:
            content = take_bundle(cursor, evidence_id)
    assert content is not None
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        texts = {name: archive.read(name).decode("latin-1") for name in archive.namelist()}
    assert len(texts) > 5
    for name, text in texts.items():
        assert not SECRET.search(text) or name.endswith(".pdf"), name
        for secret in ("EZ-PLANTED", "V-PLANTED", f"{BUFFER_M:.0f}.", "-0.0611"):
            assert secret not in text or (secret.endswith(".") and name.endswith(".pdf")), (name, secret)


def plant_directly(cursor: Cursor) -> None:
    """A victim's zone of the wearer of the evidence, with its buffer and its address."""
    ring = [[-0.0611, 51.53], [-0.0311, 51.53], [-0.0311, 51.56], [-0.0611, 51.56], [-0.0611, 51.53]]
    cursor.execute("SELECT person_id FROM people")
    (person_id,) = fetch_one(cursor)
    policy = {"preset": "fast", "policy": Json({"buffer_m": BUFFER_M})}
    zone_id = publish_directly(cursor, "EZ-PLANTED", person_id, {"type": "Polygon", "coordinates": [ring]}, **policy)
    cursor.execute("INSERT INTO staff (subject, name, role) VALUES ('o', 'O', 'victim_liaison')")
    cursor.execute("INSERT INTO victims (reference, liaison) VALUES ('V-PLANTED', 'o') RETURNING victim_id")
    (victim_id,) = fetch_one(cursor)
    cursor.execute(
        "INSERT INTO cordon_protected.addresses (victim_id, kind, address, lat, lon, margin_m, set_by)"
        " VALUES (%s, 'home', %s, %s, %s, 300, 'o') RETURNING address_id",
        (victim_id, ADDRESS, LAT, LON),
    )
    cursor.execute(
        "INSERT INTO victim_zones (zone_id, victim_id, address_id, linked_by) VALUES (%s, %s, %s, 'o')",
        (zone_id, victim_id, *fetch_one(cursor)),
    )
