"""A victim with an address that is easily found again, wherever it should not be."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from psycopg2.extras import Json

from access.roles import Role
from store.database import Cursor, fetch_one
from tests.support.api_server import RunningApi
from tests.support.seed import as_owner, seed_token, seed_wearer

ADDRESS = "77 Quillfeather Passage"
SEED = bytes(range(32))
LAT, LON = 51.543217, -0.054321
CHOICE = {
    "kinds": ["breach", "recall", "monitoring_ended", "retraction"],
    "method": "phone",
    "breach_when": "confirmed",
}


@dataclass(frozen=True, slots=True)
class LiaisonOffice:
    """The liaison officer of the API's tokens, and another; both are on the staff list."""

    api: RunningApi
    other_token: str

    def call(self, method: str, path: str, body: object = None, *, other: bool = False) -> httpx.Response:
        with self.api.client(Role.VICTIM_LIAISON) as client:
            if other:
                client.headers["Authorization"] = f"Bearer {self.other_token}"
            return client.request(method, path, json=body)

    def new_victim(self, *, other: bool = False) -> int:
        answer = self.call("POST", "/v1/victims", other=other)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["victim_id"])

    def set_address(self, victim_id: int, *, other: bool = False, **values: object) -> int:
        body = {"address": ADDRESS, "lat": LAT, "lon": LON} | values
        answer = self.call("POST", f"/v1/victims/{victim_id}/addresses", body, other=other)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["address_id"])

    def proposal(self, victim_id: int, address_id: int, *, other: bool = False) -> dict[str, Any]:
        answer = self.call("POST", f"/v1/victims/{victim_id}/addresses/{address_id}/proposal", other=other)
        assert answer.status_code == 200, answer.text
        geometry: dict[str, Any] = answer.json()["geometry"]
        return geometry

    def link(self, victim_id: int, address_id: int, zone: str) -> httpx.Response:
        return self.call("POST", f"/v1/victims/{victim_id}/zones", {"zone": zone, "address_id": address_id})

    def linked_zone(self, reference: str = "EZ-V", **columns: object) -> "LinkedZone":
        """A wearer with a tag that was just heard, and a zone that protects the address of a new victim."""
        victim_id = self.new_victim()
        address_id = self.set_address(victim_id)
        with as_owner(self.api.urls.owner) as cursor:  # the same shape each time: no coordinate is a secret by chance
            cursor.execute("UPDATE cordon_protected.addresses SET seed = %s WHERE address_id = %s", (SEED, address_id))
        geometry = self.proposal(victim_id, address_id)
        with as_owner(self.api.urls.owner) as cursor:
            wearer = seed_wearer(cursor, f"X-{reference}", "the.practitioner")
            zone_id = publish_directly(cursor, reference, wearer.person_id, geometry, **columns)
            prove_intake(cursor)
            hear(cursor, wearer.device_id)
        answer = self.link(victim_id, address_id, reference)
        assert answer.status_code == 200, answer.text
        return LinkedZone(
            reference,
            zone_id,
            victim_id,
            address_id,
            geometry,
            wearer.person_id,
            wearer.device_id,
            wearer.activation_id,
        )


@dataclass(frozen=True, slots=True)
class LinkedZone:
    reference: str
    zone_id: int
    victim_id: int
    address_id: int
    geometry: dict[str, Any]
    person_id: int
    device_id: int
    activation_id: int


def liaison_office(api: RunningApi) -> LiaisonOffice:
    with as_owner(api.urls.owner) as cursor:
        for subject, role, mobile in (
            ("the.victim_liaison", "victim_liaison", "+447700900101"),
            ("another.liaison", "victim_liaison", "+447700900102"),
            ("duty.one", "duty_officer", "+447700900103"),
        ):
            cursor.execute(
                "INSERT INTO staff (subject, name, role, email, mobile) VALUES (%s, %s, %s, %s, %s)",
                (subject, subject.title(), role, f"{subject}@example.org", mobile),
            )
        token = seed_token(cursor, Role.VICTIM_LIAISON, "another.liaison")
    return LiaisonOffice(api, token)


def publish_directly(
    cursor: Cursor, reference: str, person_id: int, geometry: dict[str, Any], **columns: object
) -> int:
    """A zone since an hour ago, as it would have been published."""
    cursor.execute("INSERT INTO zones (reference, person_id) VALUES (%s, %s) RETURNING zone_id", (reference, person_id))
    zone_id: int = fetch_one(cursor)[0]
    values: dict[str, object] = {
        "zone_id": zone_id,
        "version": 1,
        "name": f"Zone {reference}",
        "kind": "exclusion",
        "geometry": Json(geometry),
        "valid_from": datetime.now(UTC) - timedelta(hours=1),
        "revision": 1,
        "created_by": "seed",
    } | columns
    names, places = ", ".join(values), ", ".join(["%s"] * len(values))
    cursor.execute(f"INSERT INTO zone_versions ({names}) VALUES ({places})", list(values.values()))
    return zone_id


def prove_intake(cursor: Cursor) -> None:
    cursor.execute("UPDATE intake_state SET alive_since = service_clock(), alive_through = service_clock()")


def hear(cursor: Cursor, device_id: int) -> None:
    cursor.execute(
        "INSERT INTO device_heard (device_id, last_received_at) VALUES (%s, service_clock())"
        " ON CONFLICT (device_id) DO UPDATE SET last_received_at = excluded.last_received_at",
        (device_id,),
    )
