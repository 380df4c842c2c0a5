"""Police never learn through Cordon who entered an authority's area: neither by a route nor by a statement."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import psycopg2.errors
import pytest

from access.roles import POLICE_ROLES, Role
from model.operations import AuthorityRequest
from model.times import to_microseconds
from store.database import Identity, connect, set_identity
from store.operations import open_authority
from store.wards import write_wards
from tests.access.police_world import as_police
from tests.api.test_policy import GUARDED, address
from tests.support.api_server import RunningApi, running_api
from tests.support.database import DatabaseUrls
from tests.support.pings import ping
from tests.support.seed import as_owner
from tests.support.waiting import wait_until
from tests.support.wards import shape
from tests.support.worker_thread import append, queue_worker
from tests.support.world import rows

REFERENCE = "S60-NO-POLICE"
INSIDE = (51.505, -0.115)
TOLD = f"SELECT count(*) FROM alerts JOIN zones USING (zone_id) WHERE reference = '{REFERENCE}'"
CLOSED_TO_POLICE = ("zones", "zone_versions", "visits", "alerts", "alert_events", "authorities", "authority_records")


@pytest.fixture(scope="module")
def entered(shared_database: DatabaseUrls) -> Iterator[RunningApi]:
    """The practitioner's wearer has been in the area of an authority, and the practitioner has been told."""
    with running_api(shared_database) as api:
        now = datetime.now(UTC)
        with as_owner(api.urls.owner) as cursor:
            write_wards(cursor, [shape("W1", -0.12)], "test")
            wanted = AuthorityRequest(
                REFERENCE,
                "section_60",
                ("W1",),
                now - timedelta(hours=1),
                now + timedelta(hours=3),
                "A",
                "inspector",
                "r",
            )
            open_authority(cursor, wanted, "the.duty_officer", 1000)
        with queue_worker(api.urls):
            for ago_s in (90, 60, 30):
                moment_us = to_microseconds(now - timedelta(seconds=ago_s))
                append(api.urls, [("TAG-X100001", ping("TAG-X100001", moment_us, *INSIDE, accuracy_m=8))])
            wait_until(lambda: rows(api.urls.owner, TOLD) == [(1,)], what="the alert of an entry")
        yield api


def test_who_supervises_is_told_as_information_on_their_list(entered: RunningApi) -> None:
    (alert,) = entered.get(Role.PRACTITIONER, "/v1/alerts?kind=authority_area_entry").json()["alerts"]
    assert (alert["severity"], alert["urgency"], alert["zone"]["reference"]) == ("information", "morning", REFERENCE)
    explained = entered.get(Role.PRACTITIONER, f"/v1/alerts/{alert['alert_id']}/explanation").json()
    assert "was in the area of a stop-and-search authority, Section 60: Ward W1" in explained["headline"]
    assert "binds the wearer to nothing" in str(explained["sections"])
    assert rows(entered.urls.owner, "SELECT count(*) FROM notices") == [(0,)], "and nobody is sent a message"


@pytest.mark.parametrize("role", sorted(POLICE_ROLES))
def test_no_route_of_police_says_anything_of_it(entered: RunningApi, role: Role) -> None:
    (alert_id,) = rows(entered.urls.owner, "SELECT alert_id FROM alerts WHERE kind = 'authority_area_entry'")[0]
    tells = re.compile(f"{REFERENCE}|X100001|Sam Own|authority_area|{alert_id}")
    asked = 0
    for method, path, _ in GUARDED:
        if method == "get" and path != "/v1/openapi.json":  # the words themselves are no secret
            answer = entered.get(role, address(path))
            assert not tells.search(answer.text), path
            asked += 1
    assert asked > 20
    for path in ("/v1/alerts", f"/v1/zones/{REFERENCE}", f"/v1/zones/{REFERENCE}/proof", "/v1/operations", "/v1/wards"):
        assert entered.get(role, path).status_code == 403


@pytest.mark.parametrize("role", sorted(POLICE_ROLES))
def test_row_security_shows_police_none_of_its_rows(entered: RunningApi, role: Role) -> None:
    with as_police(entered.urls, role.value) as cursor:
        for table in CLOSED_TO_POLICE:
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone() == (0,), table
        cursor.execute("SELECT count(*) FROM zone_carriers((SELECT array_agg(n) FROM generate_series(1, 9) AS n))")
        assert cursor.fetchone() == (0,)


def test_what_police_are_answered_by_reads_no_zones_visits_or_alerts(migrated_database: DatabaseUrls) -> None:
    """The functions that go by a police force: all that police ever get runs through them."""
    functions = rows(
        migrated_database.owner,
        "SELECT proname, prosrc FROM pg_proc"
        " WHERE pronamespace = 'cordon'::regnamespace AND prosrc ~ 'cordon\\.force|police_force'",
    )
    assert len(functions) > 2
    for name, source in functions:
        assert not re.search(r"\b(zones|zone_versions|visits|alerts|alert_events|authorities)\b", source), name


COPY_WITH = (
    "INSERT INTO zone_versions (zone_id, version, name, kind, geometry, schedule, preset, policy, is_disclosed,"
    " valid_from, revision, created_by)"
    " SELECT zone_id, version + 1, name, {kind}, {geometry}, '{{}}', preset, policy, is_disclosed, now(), 1, 'x'"
    " FROM zone_versions JOIN zones USING (zone_id) WHERE reference = '{reference}'"
)


def write(api: RunningApi, role: Role, reference: str, kind: str = "kind", geometry: str = "geometry") -> None:
    statement = COPY_WITH.format(reference=reference, kind=kind, geometry=geometry)
    with closing(connect(api.urls.api, "test")) as connection, connection, connection.cursor() as cursor:
        set_identity(cursor, Identity("x", role.value, "test", "test", "Metropolitan"))
        cursor.execute(statement)
        if not cursor.rowcount:
            raise psycopg2.errors.InsufficientPrivilege


def test_row_security_lets_who_runs_operations_change_hours_and_nothing_else(entered: RunningApi) -> None:
    with as_owner(entered.urls.owner) as cursor:
        cursor.execute("UPDATE zone_versions SET schedule = '{}' WHERE kind = 'exclusion'")
    for role, reference, kind, geometry in (
        (Role.DUTY_OFFICER, "SHARED-1", "kind", "'{}'"),
        (Role.DUTY_OFFICER, "SHARED-1", "'authority_area'", "geometry"),
        (Role.DUTY_OFFICER, "OWN-1", "kind", "geometry"),
        (Role.PRACTITIONER, "SHARED-1", "kind", "geometry"),
        (Role.POLICE_ANALYST, "SHARED-1", "kind", "geometry"),
    ):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            write(entered, role, reference, kind, geometry)
    write(entered, Role.DUTY_OFFICER, "SHARED-1")
