"""Requests for trails: what police send, and the service's clock where a test moves it."""

from datetime import datetime, timedelta
from typing import Any

import httpx
from psycopg2 import sql

from access.roles import Role
from store.database import Cursor
from tests.api.police import PoliceApi
from tests.support.seed import MORNING, as_owner

CIRCLE = {"type": "Point", "coordinates": [-0.1, 51.5], "radius_m": 50}
WINDOW_FROM, WINDOW_TO = MORNING, MORNING + timedelta(hours=2)
ASKED: dict[str, Any] = {
    "crn": "X100001",
    "operation": "Op Larch",
    "reason": "seen running from the scene",
    "legal_basis": "prevention_and_detection",
    "basis_reference": "log 14",
    "from": WINDOW_FROM.isoformat(),
    "to": WINDOW_TO.isoformat(),
    "area": CIRCLE,
}


def asked_for(police: PoliceApi, **changes: Any) -> int:
    """The id of a request that was taken."""
    answer = police.post("/v1/trail-requests", ASKED | changes)
    assert answer.status_code == 201, answer.text
    number: int = answer.json()["trail_request_id"]
    return number


def decided(police: PoliceApi, number: int, decision: str = "authorised", **more: Any) -> httpx.Response:
    body = {"decision": decision, "reason": "weighed", **more}
    if decision in {"authorised", "extended"}:
        body.setdefault("valid_h", 24)
    return police.post(f"/v1/trail-requests/{number}/decisions", body, Role.MANAGER)


def read_request(police: PoliceApi, number: int, role: Role = Role.POLICE_ANALYST) -> httpx.Response:
    return police.get(f"/v1/trail-requests/{number}", role)


def read_trail(police: PoliceApi, number: int, query: str = "") -> httpx.Response:
    return police.get(f"/v1/trail-requests/{number}/trail{query}")


def let_pass(police: PoliceApi, **duration: float) -> None:
    """Set the service's clock so much on from what it says now."""
    with as_owner(police.api.urls.owner) as cursor:
        cursor.execute("SELECT service_clock()")
        (now,) = cursor.fetchone() or ()
        stop_clock(cursor, now + timedelta(**duration))


def stop_clock(cursor: Cursor, at: datetime) -> None:
    body = sql.Literal(f"SELECT timestamptz '{at.isoformat()}'")
    statement = sql.SQL("CREATE OR REPLACE FUNCTION service_clock() RETURNS timestamptz LANGUAGE sql AS {}")
    cursor.execute(statement.format(body))


def lawful_only(cursor: Cursor, from_time: datetime, to_time: datetime) -> None:
    """As if nothing but this time might be looked at."""
    body = sql.Literal(
        f"SELECT tstzmultirange(tstzrange('{from_time.isoformat()}', '{to_time.isoformat()}') * tstzrange($2, $3))"
    )
    statement = sql.SQL(
        "CREATE OR REPLACE FUNCTION lawful_times(wanted bigint, from_time timestamptz, to_time timestamptz)"
        " RETURNS tstzmultirange LANGUAGE sql STABLE AS {}"
    )
    cursor.execute(statement.format(body))


def only_seen(cursor: Cursor, *person_ids: int) -> None:
    """Every supervising role sees these people and nobody else, whatever it is that decides."""
    cursor.execute(
        "CREATE OR REPLACE FUNCTION sees_everyone(asking_role text) RETURNS boolean LANGUAGE sql IMMUTABLE"
        " AS 'SELECT false'"
    )
    people = f"'{{{','.join(map(str, person_ids))}}}'::bigint[]"
    for head, body in (
        ("caseload(asking_subject text, asking_role text) RETURNS bigint[]", f"SELECT {people}"),
        (
            "caller_may_see(asking_subject text, asking_role text, wanted bigint) RETURNS boolean",
            f"SELECT coalesce(wanted = ANY ({people}), false)",
        ),
    ):
        statement = sql.SQL("CREATE OR REPLACE FUNCTION {} LANGUAGE sql STABLE AS {}")
        cursor.execute(statement.format(sql.SQL(head), sql.Literal(body)))
