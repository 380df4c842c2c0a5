"""`cordon trails list` shows requests and decisions, never a place."""

from datetime import timedelta

import pytest

from tests.access.police_world import seed_police_world
from tests.access.test_trail_security import NOW, ask, decide
from tests.support.command import Cordon
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner, seed_wearer
from tests.support.trails import stop_clock


def test_requests_are_listed_with_what_was_decided_and_the_look_is_on_record(
    cordon: Cordon, migrated_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CORDON_DATABASE_OWNER_URL", migrated_database.owner)
    with as_owner(migrated_database.owner) as cursor:
        stop_clock(cursor, NOW)
        own, other = seed_wearer(cursor, "X100001"), seed_wearer(cursor, "X100002")
    seed_police_world(migrated_database, own, other)
    decide(migrated_database, ask(migrated_database))
    ask(migrated_database, crn="X999999")
    with as_owner(migrated_database.owner) as cursor:
        stop_clock(cursor, NOW + timedelta(hours=80))
    status, told, _ = cordon("trails", "list")
    assert status == 0
    newest, oldest = told.splitlines()[-2:]
    assert "X999999" in newest
    assert "lapsed" in newest
    assert ("X100001" in oldest, "expired" in oldest, "a.manager" in oldest) == (True, True, True)
    assert "51.5" not in told
    with as_owner(migrated_database.owner) as cursor:
        cursor.execute("SELECT role, row_count FROM audit_log WHERE action = 'trail_requests.list'")
        assert cursor.fetchall() == [("owner", 2)]
