"""A case of an alert, and what is done to it, for tests of casework."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from alerts.casework import act
from model.casework import AlertCase, CaseAction, CaseEntry, CaseStatus
from model.staff import StaffRole
from store.cases import find_case, list_entries
from store.database import Cursor, Identity, connect, set_identity
from tests.support.database import DatabaseUrls
from tests.support.seed import MORNING, as_owner, seed_alert, seed_shift, seed_wearer, seed_zone

ALERT_ID = UUID(int=1)
RAISED_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
STAFF = ("officer.a", "officer.b", "officer.c")


def new_case(**differs: Any) -> AlertCase:
    """As an alert is raised."""
    values: dict[str, Any] = dict.fromkeys(AlertCase.__dataclass_fields__)
    return AlertCase(
        **values
        | {
            "alert_id": ALERT_ID,
            "person_id": 1,
            "status": CaseStatus.RAISED,
            "version": 1,
            "raised_at": RAISED_AT,
            "clocks_from": RAISED_AT,
            "breach_decided": False,
        }
        | differs
    )


@dataclass(frozen=True, slots=True)
class CaseWorld:
    """A database with one wearer, one zone and one alert, for the owner to work on; all but the first are on duty."""

    urls: DatabaseUrls
    alert_id: UUID
    zone_id: int

    def act(self, officer: str, action: CaseAction, version: int | None = None, **detail: str) -> AlertCase:
        with as_owner(self.urls.owner) as cursor:
            return act(cursor, officer, self.alert_id, version, action, detail)

    def case(self) -> AlertCase:
        with as_owner(self.urls.owner) as cursor:
            found = find_case(cursor, self.alert_id)
            assert found is not None
            return found

    def history(self) -> list[CaseEntry]:
        with as_owner(self.urls.owner) as cursor:
            return list_entries(cursor, self.alert_id)


def seed_case_world(urls: DatabaseUrls) -> CaseWorld:
    with as_owner(urls.owner) as cursor:
        seed_staff(cursor, STAFF[0])
        for subject in STAFF[1:]:
            seed_staff(cursor, subject, StaffRole.DUTY_OFFICER)
            seed_shift(cursor, subject)
        wearer = seed_wearer(cursor, "X1", STAFF[0])
        zone_id = seed_zone(cursor, "OWN", wearer.person_id)
        return CaseWorld(urls, seed_alert(cursor, wearer, zone_id, MORNING), zone_id)


def seed_staff(cursor: Cursor, subject: str, role: StaffRole = StaffRole.PRACTITIONER) -> None:
    cursor.execute(
        "INSERT INTO staff (subject, name, role, email) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (subject) DO UPDATE SET role = excluded.role, email = excluded.email",
        (subject, f"Name of {subject}", role.value, f"{subject}@example.org"),
    )


@contextmanager
def as_officer(urls: DatabaseUrls, subject: str, role: str) -> Iterator[Cursor]:
    """A cursor of the API's role in one transaction of this caller."""
    with closing(connect(urls.api, "test")) as connection, connection, connection.cursor() as cursor:
        set_identity(cursor, Identity(subject, role, "test", ""))
        yield cursor
