"""A service on a working day at ten: a practitioner, a duty officer and a manager of one team."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from model.staff import StaffRole
from tests.support.database import DatabaseUrls
from tests.support.duty import DutyWorld, duty_world

MONDAY_AT_TEN = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.fixture
def empty_office(migrated_database: DatabaseUrls) -> Iterator[DutyWorld]:
    """Nobody is there."""
    with duty_world(migrated_database, MONDAY_AT_TEN) as world:
        yield world


@pytest.fixture
def office(empty_office: DutyWorld) -> DutyWorld:
    team_id = empty_office.add_team("Croydon")
    empty_office.add_staff("jones", StaffRole.PRACTITIONER, team_id)
    empty_office.add_staff("dara", StaffRole.DUTY_OFFICER)
    empty_office.add_staff("mina", StaffRole.MANAGER, team_id)
    empty_office.add_shift(
        StaffRole.DUTY_OFFICER, "dara", MONDAY_AT_TEN - timedelta(hours=2), MONDAY_AT_TEN + timedelta(hours=10)
    )
    return empty_office
