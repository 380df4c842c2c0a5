"""A person asks for the data about them: what is theirs goes out once somebody else looked, and nothing of others."""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from psycopg2.extras import Json

from access.roles import Role
from store.database import fetch_one
from tests.support.api_server import RunningApi, running_api
from tests.support.command import Cordon, in_process
from tests.support.database import DatabaseUrls
from tests.support.seed import Wearer, as_owner, seed_alert, seed_positions, seed_token, seed_zone
from tests.support.victims import ADDRESS, LAT, LON, LinkedZone, liaison_office

NOTE = "Told by duty.one, Duty.One, and Kim Other (X100002): {victim} was rung; jo.police has Covert Yard"
OTHERS = re.compile(
    rf"{re.escape(ADDRESS)}|{LAT}|{abs(LON)}|V-[0-9A-F]{{10}}|Kim Other|X100002|duty\.one|the\.\w+|another\.\w+"
    r"|Covert|OP-COVERT|police|margin|buffer|\+4477|coordinates\":\[\[",
    re.IGNORECASE,
)
"""Whatever tells of somebody else, of a zone not told, or of a zone's shape."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A wearer of a victim's zone and of a covert one, with alerts, notes and looks; the API and its two managers."""

    api: RunningApi
    zone: LinkedZone
    other_manager: str
    cordon: Cordon

    def ask(self, role: Role = Role.MANAGER, **values: object) -> httpx.Response:
        body: dict[str, object] = {"kind": "subject", "person_id": self.zone.person_id, "reason": "request 17"}
        body |= values
        with self.api.client(role) as client:
            return client.post("/v1/exports", json=body)

    def get(self, path: str, *, other: bool = False) -> httpx.Response:
        return self._call("GET", path, None, other=other)

    def review(self, export_id: int, *, other: bool = True, **values: object) -> httpx.Response:
        sha256 = self.get(f"/v1/exports/{export_id}").json()["sha256"]
        body = {"decision": "released", "note": "read all of it", "sha256": sha256} | values
        return self._call("POST", f"/v1/exports/{export_id}/review", body, other=other)

    def prepared(self) -> int:
        export_id = int(self.ask().json()["export_id"])
        code, _, problem = self.cordon("export", "prepare")
        assert code == 0, problem
        return export_id

    def _call(self, method: str, path: str, body: object, *, other: bool) -> httpx.Response:
        with self.api.client(Role.MANAGER) as client:
            if other:
                client.headers["Authorization"] = f"Bearer {self.other_manager}"
            return client.request(method, path, json=body)


@pytest.fixture
def asked(
    migrated_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Asked]:
    monkeypatch.setenv("CORDON_DATABASE_OWNER_URL", migrated_database.owner)
    monkeypatch.setattr("ingest.exports.personal.PART_BYTES", 1000)  # an archive of many parts
    with running_api(migrated_database) as api:
        zone = liaison_office(api).linked_zone(is_disclosed=True)
        other_manager = plant(api, zone)
        yield Asked(api, zone, other_manager, in_process(monkeypatch, capsys))


def plant(api: RunningApi, zone: LinkedZone) -> str:
    """A note on an alert in each of their zones; the token of another manager."""
    with as_owner(api.urls.owner) as cursor:
        cursor.execute("SELECT reference FROM victims WHERE victim_id = %s", (zone.victim_id,))
        victim = fetch_one(cursor)[0]
        wearer = Wearer(zone.person_id, zone.device_id, zone.activation_id)
        seed_positions(cursor, zone.device_id, 25)
        ordinary, covert = (seed_zone(cursor, reference, zone.person_id) for reference in ("PLAIN-1", "OP-COVERT"))
        cursor.execute("UPDATE zone_versions SET is_disclosed = zone_id <> %s WHERE zone_id > 0", (covert,))
        cursor.execute("UPDATE zone_versions SET name = 'Covert Yard' WHERE zone_id = %s", (covert,))
        for number, of in enumerate((zone.zone_id, ordinary, covert)):
            alert_id = seed_alert(cursor, wearer, of, datetime(2026, 3, 2, 10 + number, tzinfo=UTC))
            cursor.execute(
                "INSERT INTO alert_actions (alert_id, case_version, action, acted_by, acted_at, detail)"
                " VALUES (%s, 2, 'note', 'duty.one', now(), %s)",
                (str(alert_id), Json({"text": NOTE.format(victim=victim)})),
            )
        bases = (("bail_condition", "bail as told"), ("threat_to_life", "OP-COVERT"), ("court_order", "Covert"))
        for kind, wording in bases:
            cursor.execute(
                "INSERT INTO legal_bases (person_id, kind, reference, wording, during, status, drafted_by, decided_by,"
                " decided_at) VALUES (%s, %s, 'B/1', %s, '[2026-03-01, 2026-04-01)', 'live', 'x', 'y', now())",
                (zone.person_id, kind, wording),
            )
        cursor.execute(
            "INSERT INTO break_glass (person_id, reason, opened_by, opened_role, ends_at)"
            " VALUES (%s, 'near Covert Yard again', 'duty.one', 'duty_officer', service_clock() + interval '1 hour')",
            (zone.person_id,),
        )
        cursor.execute("INSERT INTO staff (subject, name, role) VALUES ('jo.police', 'Jo Police', 'practitioner')")
        cursor.execute("SELECT count(*) FROM device_activations WHERE person_id = %s", (zone.person_id,))
        assert fetch_one(cursor) == (1,)
        return seed_token(cursor, Role.MANAGER, "another.manager")


def files_of(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def counted(asked: Asked, export_id: int) -> dict[str, int]:
    redactions: list[dict[str, Any]] = asked.get(f"/v1/exports/{export_id}").json()["redactions"]
    return {one["what"]: one["count"] for one in redactions}


def test_what_goes_out_is_theirs_and_nothing_of_others(asked: Asked) -> None:
    with asked.api.client(Role.MANAGER) as client:
        client.get(f"/v1/people/{asked.zone.person_id}", headers={"X-Purpose": "asked for by Kim Other"})
    export_id = asked.prepared()
    assert asked.review(export_id).status_code == 200
    answer = asked.get(f"/v1/exports/{export_id}/archive")
    assert len(answer.content) > 2000
    assert hashlib.sha256(answer.content).hexdigest() == asked.get(f"/v1/exports/{export_id}").json()["sha256"]
    files = files_of(answer)
    found = {name: sorted({hit[0] for hit in OTHERS.finditer(text)}) for name, text in files.items()}
    assert {name: hits for name, hits in found.items() if hits} == {"about.txt": ["margin", "police"]}, (
        "what is left out"
    )
    assert len(json.loads(files["track.geojson"])["features"]) == 25
    assert files["track.csv"].count("\r\n") == 26
    assert "bail as told" in files["legal_bases.csv"]
    assert ",duty_officer," in files["opened_at_once.csv"], "and not the reason, which names a covert zone"
    assert files["alerts.csv"].count("\r\n") == 3, "of two zones; not of the covert one"
    assert (
        "Told by [staff], [staff], and [another person] ([another person]): [a victim] was rung"
        in files["alert_notes.csv"]
    )
    assert "asked for by [another person]" in files["looks.csv"]
    assert ",manager,person.read," in files["looks.csv"]
    # a victim's zone is shown as any other is: a document that kept silent of it would name it
    lines = [line for line in files["zones.csv"].splitlines() if line.startswith("Zone ")]
    assert [line.split(",")[:2] for line in lines] == [["Zone EZ-V", "exclusion"], ["Zone PLAIN-1", "exclusion"]]
    numbers = counted(asked, export_id)
    assert numbers["zones not disclosed"] == 1
    assert numbers["alerts not disclosed"] == 1
    assert numbers["legal bases not disclosed"] >= 2
    assert numbers["replaced by [staff]"] >= 4
    manifest = json.loads(files["manifest.json"])
    assert {one["path"] for one in manifest["files"]} | {"manifest.json"} == set(files)


def test_nobody_releases_or_reads_what_they_asked_for_themselves(asked: Asked) -> None:
    export_id = asked.prepared()
    path = f"/v1/exports/{export_id}/archive"
    assert asked.get(path).status_code == 404, "who asked waits for the release"
    assert asked.get(path, other=True).status_code == 200, "who reviews reads it first"
    own = asked.review(export_id, other=False)
    assert own.status_code == 422
    assert "asked for this export yourself" in own.json()["detail"]
    assert asked.review(export_id, sha256="0" * 64).status_code == 422, "another archive than was looked at"
    released = asked.review(export_id)
    assert (released.json()["state"], released.json()["decided_by"]) == ("released", "another.manager")
    assert asked.get(path).status_code == 200
    assert asked.review(export_id, decision="refused").status_code == 422, "a decision stands"
    outcomes = [record[:2] for record in asked.api.audit("export.review")]
    assert outcomes == [
        ("refused", "the.manager"),
        ("refused", "another.manager"),
        ("allowed", "another.manager"),
        ("refused", "another.manager"),
    ]


def test_what_is_refused_or_over_is_read_by_nobody_and_deleted(asked: Asked) -> None:
    first, second = asked.prepared(), asked.prepared()
    assert asked.review(first, decision="refused").status_code == 200
    assert asked.review(second).status_code == 200
    with as_owner(asked.api.urls.owner) as cursor:
        cursor.execute("ALTER TABLE exports DISABLE TRIGGER goes_on")
        cursor.execute("UPDATE exports SET expires_at = service_clock() WHERE export_id = %s", (second,))
    for export_id in (first, second):
        for other in (False, True):
            assert asked.get(f"/v1/exports/{export_id}/archive", other=other).status_code == 404
    asked.cordon("export", "prepare")
    with as_owner(asked.api.urls.owner) as cursor:
        cursor.execute("SELECT count(*) FROM export_parts")
        assert fetch_one(cursor) == (0,)


def test_who_is_not_a_manager_of_the_person_gets_nothing(asked: Asked) -> None:
    export_id = asked.prepared()
    for role in set(Role) - {Role.MANAGER}:
        assert asked.api.get(role, f"/v1/exports/{export_id}/archive").status_code == 403
        assert asked.ask(role).status_code == 403
    assert asked.ask(person_id=987654).status_code == 404
    assert asked.ask(from_time="2026-03-02T00:00:00Z").status_code == 422, "a subject's is of everything"
    assert asked.ask(kind="court").status_code == 422, "a court's has a window"


def test_what_is_of_somebody_under_18_is_left_out_and_said_so(asked: Asked) -> None:
    with as_owner(asked.api.urls.owner) as cursor:
        cursor.execute(
            "UPDATE activation_records SET quarantined_at = now(), during = tstzrange(lower(during), %s)"
            " WHERE activation_id = %s",
            (datetime.now(UTC) + timedelta(days=1), asked.zone.activation_id),
        )
    export_id = asked.prepared()
    asked.review(export_id)
    files = files_of(asked.get(f"/v1/exports/{export_id}/archive"))
    assert json.loads(files["track.geojson"])["features"] == []
    assert files["alerts.csv"].count("\r\n") == 1
    assert "1 periods in which a tag was worn before the 18th birthday are shut away" in files["about.txt"]
    assert counted(asked, export_id)["under 18"] == 1
