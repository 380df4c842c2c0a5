"""A service with something of everything, and its export for a new supplier."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
from psycopg2.extras import Json

from crimes.evidence.signature import load_signing_key
from ingest.exports.sealed import load_public, make_pair
from ingest.exports.supplier import export_supplier
from store.exports.snapshots import snapshot
from tests.support.api_server import running_api
from tests.support.database import DatabaseUrls
from tests.support.evidence import evidence_world
from tests.support.sealing import seal_all
from tests.support.seed import as_owner
from tests.support.victims import CHOICE, liaison_office

AWKWARD = 'a "quoted", \\N comma;\r\nline\tü \N{GRINNING FACE} =1+1'


@dataclass(frozen=True, slots=True)
class Old:
    """An old service with something of everything, and its export."""

    url: str
    folder: Path
    private_key: Path
    signing_key: Path

    @property
    def public_key(self) -> Path:
        return self.private_key.with_name("new.pem.pub")

    @property
    def their_key(self) -> Path:
        return self.signing_key.with_name("key.pem.pub")


def old_service(urls: DatabaseUrls, folder: Path) -> Old:
    """Its processes have ended, and it is exported."""
    with evidence_world(urls, folder) as world, running_api(urls) as api:
        world.issue()
        office = liaison_office(api)
        zone = office.linked_zone(is_disclosed=True)
        assert office.call("PUT", f"/v1/victims/{zone.victim_id}/choices", CHOICE).status_code == 200
    plant(urls.owner)
    brought_back(urls)
    found = Old(urls.owner, folder / "out", folder / "new.pem", world.key_file)
    for file, content in zip((found.private_key, found.public_key), make_pair(), strict=True):
        file.write_bytes(content)
    sealed_to, key = load_public(found.public_key.read_bytes()), load_signing_key(world.key_file.read_bytes())
    with snapshot(urls.owner, "test") as cursor:
        export_supplier(cursor, found.folder, datetime.now(UTC), key, sealed_to)
    return found


def brought_back(urls: DatabaseUrls) -> None:
    """As after a restore into a server that counts its transactions lower: the audit is on its second timeline."""
    with as_owner(urls.owner) as cursor:
        cursor.execute("ALTER TABLE audit_log DISABLE TRIGGER USER")
        cursor.execute("UPDATE audit_log SET written_by = (written_by::text::bigint + 1000000000)::text::xid8")
        cursor.execute("ALTER TABLE audit_log ENABLE TRIGGER USER")
    for _ in range(2):
        seal_all(urls)
        with as_owner(urls.owner) as cursor:
            cursor.execute(
                "INSERT INTO audit_log (subject, role, action, outcome, purpose, request_id)"
                " VALUES ('x', 'manager', 'people.list', 'allowed', 'not sealed before the change', '')"
            )
    with as_owner(urls.owner) as cursor:
        cursor.execute("SELECT max(timeline) FROM audit_log")
        assert cursor.fetchone() == (2,)


def plant(owner_url: str) -> None:
    """Rows of each type of value, the awkward ones, and somebody who was under 18."""
    with as_owner(owner_url) as cursor:
        cursor.execute(
            "INSERT INTO dead_letters (topic, item, key, value, reason, detail, received_at)"
            " VALUES ('t', 0, NULL, %s, 'malformed', %s, now()), ('t', 1, '', '', 'malformed', '', now())",
            (psycopg2.Binary(bytes(range(256))), AWKWARD),
        )
        cursor.execute(
            "INSERT INTO wards (code, name, geometry, imported_by) VALUES ('E05', %s, %s, 'x')",
            (AWKWARD, Json({"a": [0.1, 1e300, None]})),
        )
        cursor.execute(
            "INSERT INTO device_events (device_id, kind, event_time, received_at, battery_pct)"
            " SELECT device_id, 'battery_low', now(), now(), 0.1 FROM devices LIMIT 1"
        )
        cursor.execute(
            "INSERT INTO alert_actions (alert_id, case_version, action, acted_by, acted_at, detail)"
            " SELECT alert_id, 2, 'note', 'x', now(), %s FROM alerts LIMIT 1",
            (Json({"text": AWKWARD}),),
        )
        cursor.execute(
            "INSERT INTO rota_shifts (role, subject, during, added_by)"
            " VALUES ('duty_officer', 'duty.one', tstzrange(now(), now() + interval '8 hours'), 'x')"
        )
        cursor.execute(
            "UPDATE activation_records SET quarantined_at = now()"
            " WHERE activation_id = (SELECT max(activation_id) FROM activation_records)"
        )
        cursor.execute(
            "INSERT INTO exports (kind, person_id, reason, requested_by, state, redactions, byte_count, sha256,"
            " prepared_at, expires_at) SELECT 'subject', min(person_id), 'x', 'x', 'prepared', '[]', 1, '\\x00',"
            " now(), now() + interval '1 day' FROM people"
        )
