"""Alert events as a worker would leave them in the outbox, and what a receiver of the topic finds."""

import importlib
import json
import time
import uuid
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from store.database import connect
from tests.servers.broker import Kafka
from tests.support.world import add_zone, enrol

# kafka-python carries no types
_client: Any = importlib.import_module("kafka")

TRIANGLE = {"type": "Polygon", "coordinates": [[[-0.1, 51.5], [-0.09, 51.5], [-0.09, 51.51], [-0.1, 51.5]]]}
QUIET_S = 1.0


def prepare_alerts(owner_url: str, count: int) -> list[str]:
    """``count`` alerts of one person in one zone, with no events yet; their ids."""
    enrol(owner_url, ["TAG-1"])
    add_zone(owner_url, "ZONE", TRIANGLE)
    alert_ids = [str(uuid.uuid4()) for _ in range(count)]
    with closing(connect(owner_url, "test")) as connection, connection, connection.cursor() as cursor:
        for place, alert_id in enumerate(alert_ids):
            cursor.execute(
                "WITH visit AS (INSERT INTO visits (visit_id, activation_id, person_id, zone_id, zone_version,"
                "  entered_at, last_inside_at, positions_inside)"
                " SELECT %(id)s::uuid, activation_id, worn.person_id, zone_id, 1, %(at)s::timestamptz, %(at)s, 1"
                " FROM device_activations worn, zones RETURNING *)"
                " INSERT INTO alerts (alert_id, sequence, kind, state, person_id, activation_id, zone_id, zone_version,"
                "  visit_id, began_at, last_evidence_at, received_at, raised_at, updated_at, evidence)"
                " SELECT %(id)s::uuid, nextval('alert_sequence'), 'exclusion_zone_breach', 'open', person_id,"
                "  activation_id, zone_id, 1, visit_id, entered_at, entered_at, now(), now(), now(), '{}' FROM visit",
                {"id": alert_id, "at": f"2026-03-01T00:00:00.{place:06}Z"},
            )
    return alert_ids


def add_events(owner_url: str, alert_ids: Sequence[str]) -> list[int]:
    """One event for each id given, in that order; their event ids."""
    with closing(connect(owner_url, "test")) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO alert_events (event_id, alert_id, person_id, change, happened_at, payload)"
            " SELECT nextval('alert_event_sequence'), alert_id, person_id, 'updated', clock_timestamp(),"
            "  jsonb_build_object('alert_id', alert_id, 'change', 'updated')"
            " FROM unnest(%s::uuid[]) WITH ORDINALITY AS given (alert_id, place) JOIN alerts USING (alert_id)"
            " ORDER BY place RETURNING event_id",
            (list(alert_ids),),
        )
        event_ids = [event_id for (event_id,) in cursor.fetchall()]
        cursor.execute("INSERT INTO outbox (event_id, channel) SELECT unnest(%s), 'kafka'", (event_ids,))
    return event_ids


def receive_alerts(kafka: Kafka, topic: str, count: int, within_s: float = 60) -> list[tuple[str, dict[str, Any]]]:
    """(header event id, document) of all that arrives, until ``count`` came and then nothing more for a while."""
    consumer = _client.KafkaConsumer(
        topic, bootstrap_servers=kafka.bootstrap_servers, auto_offset_reset="earliest", enable_auto_commit=False
    )
    received: list[tuple[str, dict[str, Any]]] = []
    deadline = time.monotonic() + within_s
    try:
        while time.monotonic() < deadline:
            found = [record for records in consumer.poll(timeout_ms=500).values() for record in records]
            for record in found:
                document = json.loads(record.value)
                assert record.key == document["alert_id"].encode()
                received.append((dict(record.headers)["event-id"].decode(), document))
            if len(received) >= count:
                deadline = min(deadline, time.monotonic() + QUIET_S) if not found else time.monotonic() + QUIET_S
    finally:
        consumer.close()
    return received


def by_alert(received: Sequence[tuple[str, dict[str, Any]]]) -> dict[str, list[int]]:
    """The event ids of each alert, in the order of their arrival."""
    orders: dict[str, list[int]] = {}
    for _, document in received:
        orders.setdefault(document["alert_id"], []).append(document["event_id"])
    return orders
