"""Authorised entries and absences: what is granted, what of it holds after a revocation, and what workers load."""

from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import psycopg2.errors
import pytest

from model.authorisations import Authorisation
from model.times import to_microseconds
from ops.errors import InputError
from store.authorisations import (
    LONGEST,
    AuthorisationRequest,
    StoredAuthorisation,
    authorisations_changed_since,
    find_authorisation,
    grant,
    list_authorisations,
    load_authorisations_of,
    revoke,
)
from store.checks import FieldsRefusedError
from store.database import Cursor, connect, fetch_one
from store.registry import read_revision
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner, seed_wearer, seed_zone

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
WAIT_MS = 3000
TO_COME = AuthorisationRequest("OWN", "X1", NOW + HOUR, NOW + 2 * HOUR, "dentist")
RUNNING = replace(TO_COME, begins_at=NOW - HOUR)
OVER = replace(TO_COME, begins_at=NOW - 2 * HOUR, ends_at=NOW - HOUR)


@dataclass(frozen=True, slots=True)
class World:
    urls: DatabaseUrls
    own: int  # the person X1, of the zone OWN
    other: int  # the person X2, of the zone OTHER

    def grant(self, wanted: AuthorisationRequest) -> StoredAuthorisation:
        with as_owner(self.urls.owner) as cursor:
            return grant(cursor, wanted, "officer", WAIT_MS)

    def revoke(self, authorisation_id: int) -> StoredAuthorisation | None:
        with as_owner(self.urls.owner) as cursor:
            return revoke(cursor, authorisation_id, "manager", WAIT_MS)

    def reevaluations(self) -> dict[str, datetime]:
        with as_owner(self.urls.owner) as cursor:
            cursor.execute("SELECT serial, from_time FROM reevaluations JOIN devices USING (device_id)")
            return dict(cursor.fetchall())

    def forget_reevaluations(self) -> None:
        with as_owner(self.urls.owner) as cursor:
            cursor.execute("DELETE FROM reevaluations")


@pytest.fixture
def world(migrated_database: DatabaseUrls) -> World:
    with as_owner(migrated_database.owner) as cursor:
        own, other = (seed_wearer(cursor, crn).person_id for crn in ("X1", "X2"))
        seed_zone(cursor, "OWN", own)
        seed_zone(cursor, "OTHER", other)
        seed_zone(cursor, "SHARED")
    return World(migrated_database, own, other)


def as_loaded(one: StoredAuthorisation) -> Authorisation:
    begins_us, until_us = to_microseconds(one.begins_at), to_microseconds(one.lifts_until)
    return Authorisation(one.authorisation_id, one.person_id, one.zone_id, begins_us, until_us)


def test_what_is_granted_holds_to_its_end(world: World) -> None:
    granted = world.grant(TO_COME)
    assert (granted.zone_reference, granted.crn, granted.granted_by) == ("OWN", "X1", "officer")
    assert (granted.begins_at, granted.ends_at, granted.lifts_until) == (NOW + HOUR, NOW + 2 * HOUR, NOW + 2 * HOUR)
    assert world.reevaluations() == {}


@pytest.mark.parametrize("wanted", [RUNNING, OVER])
def test_one_that_begins_in_the_past_has_the_person_judged_anew_since(
    world: World, wanted: AuthorisationRequest
) -> None:
    world.grant(replace(wanted, zone_reference="SHARED"))
    assert world.reevaluations() == {"TAG-X1": wanted.begins_at}, "nobody else is concerned, though the zone is shared"


def test_a_running_one_that_is_revoked_held_until_then(world: World) -> None:
    granted = world.grant(RUNNING)
    world.forget_reevaluations()
    revoked = world.revoke(granted.authorisation_id)
    assert revoked is not None
    assert revoked.lifts_until == revoked.revoked_at
    assert NOW < revoked.lifts_until < datetime.now(UTC)
    assert (revoked.ends_at, revoked.revoked_by) == (RUNNING.ends_at, "manager")
    assert world.reevaluations() == {}, "what was done under it stays lifted"
    assert world.revoke(granted.authorisation_id) == revoked, "once is enough"


def test_one_that_had_not_begun_lifts_nothing_once_it_is_revoked(world: World) -> None:
    revoked = world.revoke(world.grant(TO_COME).authorisation_id)
    assert revoked is not None
    assert revoked.lifts_until == revoked.begins_at


def test_one_granted_after_its_end_is_withdrawn_whole(world: World) -> None:
    granted = world.grant(OVER)
    world.forget_reevaluations()
    revoked = world.revoke(granted.authorisation_id)
    assert revoked is not None
    assert revoked.lifts_until == revoked.begins_at
    assert world.reevaluations() == {"TAG-X1": OVER.begins_at}


def test_one_that_was_relied_upon_and_is_over_cannot_be_revoked(world: World) -> None:
    granted = world.grant(OVER)
    with as_owner(world.urls.owner) as cursor:
        cursor.execute("UPDATE authorisations SET granted_at = lower(during)")
    with pytest.raises(InputError, match="stays lifted"):
        world.revoke(granted.authorisation_id)
    with as_owner(world.urls.owner) as cursor, pytest.raises(psycopg2.errors.CheckViolation):
        cursor.execute("UPDATE authorisations SET revoked_at = now(), revoked_by = 'x'")


def test_there_is_nothing_to_revoke_where_there_is_none(world: World) -> None:
    assert world.revoke(4711) is None


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"zone_reference": "NOWHERE"}, {"zone"}),
        ({"zone_reference": "OTHER"}, {"zone"}),
        ({"crn": "X404"}, {"person"}),
        ({"crn": " "}, {"person"}),
        ({"purpose": " "}, {"purpose"}),
        ({"purpose": "x" * 501}, {"purpose"}),
        ({"purpose": "a\x00b"}, {"purpose"}),
        ({"purpose": "a\ud800b"}, {"purpose"}),
        ({"ends_at": TO_COME.begins_at}, {"to"}),
        ({"ends_at": TO_COME.begins_at + LONGEST + timedelta(microseconds=1)}, {"to"}),
        ({"begins_at": datetime(1969, 12, 31, tzinfo=UTC)}, {"from", "to"}),
        ({"begins_at": datetime(1999, 1, 1, tzinfo=UTC), "ends_at": datetime(1999, 1, 2, tzinfo=UTC)}, {"from"}),
        ({"zone_reference": "OTHER", "crn": "X404", "purpose": "", "ends_at": NOW}, {"person", "purpose", "to"}),
        ({"zone_reference": "OTHER", "purpose": "", "ends_at": NOW}, {"zone", "purpose", "to"}),
    ],
)
def test_what_cannot_be_granted_is_refused_with_every_reason(
    world: World, change: dict[str, object], fields: set[str]
) -> None:
    with pytest.raises(FieldsRefusedError) as refused:
        world.grant(replace(TO_COME, **change))  # type: ignore[arg-type]
    assert {problem.field for problem in refused.value.problems} == fields
    assert all(problem.remedy for problem in refused.value.problems)
    with as_owner(world.urls.owner) as cursor:
        assert list_authorisations(cursor, None, None, 10) == []


def test_a_shared_zone_is_lifted_for_one_person(world: World) -> None:
    assert world.grant(replace(TO_COME, zone_reference="SHARED", crn="X2")).person_id == world.other


def test_two_do_not_overlap_so_that_to_revoke_one_is_enough(world: World) -> None:
    first = world.grant(TO_COME)
    with pytest.raises(FieldsRefusedError, match=f"overlaps authorisation {first.authorisation_id}"):
        world.grant(replace(TO_COME, begins_at=NOW))
    after = world.grant(replace(TO_COME, begins_at=TO_COME.ends_at, ends_at=TO_COME.ends_at + HOUR))
    assert after.begins_at == first.ends_at
    world.revoke(first.authorisation_id)
    assert world.grant(TO_COME).authorisation_id > after.authorisation_id, "what lifts nothing is in nobody's way"


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        ("kind = 'crime_scene'", "zone"),
        ("valid_to = now()", "from"),
        ("active_to = now()", "from"),
        ("valid_from = now() + interval '1 day'", "from"),
    ],
)
def test_a_zone_that_does_not_hold_then_is_not_lifted(world: World, edit: str, field: str) -> None:
    with as_owner(world.urls.owner) as cursor:
        cursor.execute(f"UPDATE zone_versions SET {edit}")
    with pytest.raises(FieldsRefusedError) as refused:
        world.grant(TO_COME)
    assert [problem.field for problem in refused.value.problems] == [field]


def test_workers_load_what_holds_and_learn_of_each_change(world: World) -> None:
    def loaded(cursor: Cursor, since: int) -> tuple[list[Authorisation], list[Authorisation]]:
        people = [world.own]
        return load_authorisations_of(cursor, people), authorisations_changed_since(cursor, since, people)

    running, to_come = world.grant(RUNNING), world.grant(replace(TO_COME, zone_reference="SHARED"))
    world.grant(replace(TO_COME, zone_reference="SHARED", crn="X2"))
    with closing(connect(world.urls.worker, "test")) as worker:
        with worker, worker.cursor() as cursor:
            before = read_revision(cursor)
            assert loaded(cursor, before) == ([as_loaded(running), as_loaded(to_come)], [])
        revoked = [world.revoke(one.authorisation_id) for one in (running, to_come)]
        with worker, worker.cursor() as cursor:
            expected = [as_loaded(one) for one in revoked if one]
            assert loaded(cursor, before) == (expected, expected)
            assert loaded(cursor, read_revision(cursor))[1] == []
    assert RUNNING.ends_at > NOW > RUNNING.begins_at
    assert [one.to_us == one.from_us for one in expected] == [False, True]


def test_the_list_pages_newest_first_and_can_leave_out_what_is_over(world: World) -> None:
    over, running, to_come = (world.grant(one) for one in (OVER, replace(RUNNING, ends_at=NOW + HOUR), TO_COME))
    with as_owner(world.urls.owner) as cursor:
        assert list_authorisations(cursor, None, None, 2) == [to_come, running]
        assert list_authorisations(cursor, None, running.authorisation_id, 2) == [over]
        assert list_authorisations(cursor, over.zone_id, None, 9, in_force_only=True) == [to_come, running]
        assert list_authorisations(cursor, over.zone_id + 1, None, 9) == []
        revoke(cursor, to_come.authorisation_id, "manager", WAIT_MS)
        assert list_authorisations(cursor, None, None, 9, in_force_only=True) == [running]
        assert find_authorisation(cursor, over.authorisation_id) == over


def test_the_worker_s_login_reads_and_does_not_grant(world: World) -> None:
    world.grant(TO_COME)
    with closing(connect(world.urls.worker, "test")) as worker, worker.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM authorisations")
        assert fetch_one(cursor) == (1,)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("DELETE FROM authorisations")
