"""Who may ask for evidence, and what the database refuses whoever asks: nothing leaves without another's review."""

from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest

from access.roles import Role
from crimes.evidence.signature import load_signing_key, make_key
from crimes.evidence.templates import load_templates
from ingest.matching.bundles import FAILED, NO_KEY, OTHER_RULES, Issuing
from ops.errors import InputError
from store.database import Connection, Cursor, Identity, connect, set_identity
from store.evidence import EvidenceWanted, StoredEvidence, find_evidence, request_evidence, take_bundle
from store.legal_holds import keep_holds_out
from store.police_matches import WrongStateError
from tests.access.police_world import PoliceWorld, as_police, seed_police_world
from tests.support.crimes import OTHER_FORCE, supersede
from tests.support.database import DatabaseUrls
from tests.support.evidence import WANTED
from tests.support.seed import FORCE, as_owner, seed_wearer

KEY = load_signing_key(make_key()[0])
CENTRE = (51.5, -0.1)


def police(subject: str, role: Role = Role.POLICE_ANALYST, force: str = FORCE) -> Identity:
    return Identity(subject, role, "investigating", "request", force)


@pytest.fixture
def world(migrated_database: DatabaseUrls) -> PoliceWorld:
    with as_owner(migrated_database.owner) as cursor:
        own, other = seed_wearer(cursor, "X100001"), seed_wearer(cursor, "X100002")
    return seed_police_world(migrated_database, own, other)


@pytest.fixture
def worker(world: PoliceWorld) -> Iterator[Connection]:
    with closing(connect(world.urls.worker, "test")) as connection:
        yield connection


def qualify(world: PoliceWorld, decision: str, reviewer: str = "a.reviewer", result: int | None = None) -> None:
    with as_owner(world.urls.owner) as cursor:
        cursor.execute(
            "INSERT INTO match_qualifications (result_id, reviewer, decision, note) VALUES (%s, %s, %s, 'seen')",
            (result or world.present, reviewer, decision),
        )


def ask(world: PoliceWorld, identity: Identity | None = None, result: int | None = None) -> StoredEvidence | None:
    with closing(connect(world.urls.api, "test")) as connection, connection, connection.cursor() as cursor:
        set_identity(cursor, identity or police("an.analyst"))
        return request_evidence(cursor, EvidenceWanted(result or world.present, **WANTED))


def state(world: PoliceWorld, evidence_id: int) -> tuple[str, str | None]:
    with as_owner(world.urls.owner) as cursor:
        found = find_evidence(cursor, evidence_id)
    assert found is not None
    return found.state, found.problem


def refusal(world: PoliceWorld, issuing: Issuing, worker: Connection) -> str | None:
    """What one round says of one request."""
    asked = ask(world)
    assert asked is not None
    assert issuing.round(worker)
    named, problem = state(world, asked.evidence_id)
    assert named == "refused"
    return problem


def test_without_a_confirmed_review_nothing_is_asked_for(world: PoliceWorld) -> None:
    for decision in (None, "rejected", "unclear"):
        if decision:
            qualify(world, decision)
        with pytest.raises(InputError, match="have it reviewed first"):
            ask(world)
    qualify(world, "confirmed")
    asked = ask(world)
    assert asked is not None
    assert (asked.state, asked.requested_by, asked.force) == ("requested", "an.analyst", FORCE)
    qualify(world, "rejected")
    with pytest.raises(InputError, match="have it reviewed first"):
        ask(world)


@pytest.mark.parametrize("reviewer", ["an.analyst", "An.Analyst ", " AN.ANALYST"])
def test_the_database_refuses_a_requester_who_reviewed(world: PoliceWorld, reviewer: str) -> None:
    qualify(world, "confirmed", reviewer)
    with pytest.raises(InputError, match="somebody else has to ask"):
        ask(world)
    with pytest.raises(psycopg2.errors.CheckViolation), as_owner(world.urls.owner) as cursor:
        cursor.execute(
            "INSERT INTO evidence_requests (result_id, force, requested_by, purpose, basis, maker, exhibit)"
            " VALUES (%s, 'Metropolitan', 'an.analyst', 'p', 'b', 'm', 'e')",
            (world.present,),
        )


def test_a_match_that_later_data_changed_is_no_evidence(world: PoliceWorld) -> None:
    qualify(world, "confirmed")
    with as_owner(world.urls.owner) as cursor:
        supersede(cursor, world.present, world.run)
    with pytest.raises(InputError, match="later data changed this match"):
        ask(world)


def test_others_matches_and_those_who_cannot_be_placed_are_not_there(world: PoliceWorld) -> None:
    for result in (world.present, world.unplaced, world.their_match):
        qualify(world, "confirmed", result=result)
    assert ask(world, result=world.their_match) is None
    assert ask(world, result=world.unplaced) is None
    assert ask(world, result=10**9) is None
    assert ask(world, police("their.analyst", force=OTHER_FORCE)) is None
    for nobody in (police("x", Role.MATCH_REVIEWER), police("x", Role.MANAGER), police("x", force="")):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            ask(world, nobody)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT inputs FROM evidence_bundles",
        "SELECT content FROM evidence_bundles",
        "INSERT INTO evidence_receipts (evidence_id, recipient) VALUES (1, 'x')",
        "SELECT dossier FROM evidence_bundles",
        "INSERT INTO evidence_requests (result_id) VALUES (1)",
        "UPDATE evidence_requests SET state = 'issued'",
        "DELETE FROM evidence_bundles",
        "UPDATE evidence_notices SET changes = '[]'",
    ],
)
def test_the_api_s_role_reads_no_inputs_and_changes_nothing(world: PoliceWorld, statement: str) -> None:
    with (
        closing(connect(world.urls.api, "test")) as connection,
        connection.cursor() as cursor,
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
    ):
        cursor.execute(statement)


def test_another_force_sees_no_request(world: PoliceWorld) -> None:
    qualify(world, "confirmed")
    asked = ask(world)
    assert asked is not None

    def seen_by(identity: Identity) -> bool:
        with closing(connect(world.urls.api, "test")) as connection, connection, connection.cursor() as cursor:
            set_identity(cursor, identity)
            return find_evidence(cursor, asked.evidence_id) is not None

    assert seen_by(police("a.colleague"))
    assert seen_by(police("a.reviewer", Role.MATCH_REVIEWER))
    assert not seen_by(police("their.analyst", force=OTHER_FORCE))
    assert not seen_by(police("a.manager", Role.MANAGER))


def test_without_a_key_no_bundle_is_issued(world: PoliceWorld, worker: Connection) -> None:
    qualify(world, "confirmed")
    assert refusal(world, Issuing(None, load_templates(), CENTRE), worker) == NO_KEY
    assert not Issuing(KEY, load_templates(), CENTRE).round(worker), "it was answered: it has to be asked for again"


def test_a_result_that_does_not_come_out_again_is_not_issued(world: PoliceWorld, worker: Connection) -> None:
    """The recorded match has positions that are not stored."""
    qualify(world, "confirmed")
    problem = refusal(world, Issuing(KEY, load_templates(), CENTRE), worker)
    assert problem is not None
    assert problem.startswith("what is stored now gives another result")
    with as_owner(world.urls.owner) as cursor:
        cursor.execute("SELECT crime_version_id, cause FROM matching_wanted")
        assert (world.version, "requested") in cursor.fetchall()
        cursor.execute("SELECT count(*) FROM evidence_bundles")
        assert cursor.fetchall() == [(0,)]


def test_nothing_is_deleted_between_what_a_bundle_is_made_from_and_its_hold(
    world: PoliceWorld, worker: Connection
) -> None:
    """Whoever deletes is waited for before anything is read, and not only when the hold is placed."""
    qualify(world, "confirmed")
    ask(world)
    with worker, worker.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    issuing = Issuing(KEY, load_templates(), CENTRE)
    with as_owner(world.urls.owner) as cursor:
        keep_holds_out(cursor)
        with pytest.raises(psycopg2.errors.LockNotAvailable):
            issuing.round(worker)
    assert issuing.round(worker)


def test_a_result_by_other_rules_is_not_issued(world: PoliceWorld, worker: Connection) -> None:
    qualify(world, "confirmed")
    with as_owner(world.urls.owner) as cursor:
        cursor.execute("UPDATE matching_runs SET algorithm_version = 0")
    assert refusal(world, Issuing(KEY, load_templates(), CENTRE), worker) == OTHER_RULES


def test_a_request_that_cannot_be_read_is_set_aside_and_the_matcher_goes_on(
    world: PoliceWorld, worker: Connection
) -> None:
    qualify(world, "confirmed")
    with as_owner(world.urls.owner) as cursor:
        cursor.execute("UPDATE matching_runs SET settings = '{}'")
    issuing = Issuing(KEY, load_templates(), CENTRE)
    assert refusal(world, issuing, worker) == FAILED
    assert not issuing.round(worker)


def issued(cursor: Cursor, evidence_id: int) -> None:
    """A bundle, written by hand."""
    cursor.execute(
        "INSERT INTO evidence_bundles (evidence_id, issued_at, issued_to, content, manifest_hash, key_fingerprint,"
        " algorithm_version, dossier, templates, inputs)"
        " VALUES (%s, now(), 'an.analyst', 'PK', 'hash', 'SHA256:1', 1, '{}', '{}', '{}')",
        (evidence_id,),
    )


def test_a_bundle_is_refused_once_the_review_is_taken_back(world: PoliceWorld) -> None:
    qualify(world, "confirmed")
    asked = ask(world)
    assert asked is not None
    qualify(world, "unclear")
    with pytest.raises(psycopg2.errors.CheckViolation), as_owner(world.urls.owner) as cursor:
        issued(cursor, asked.evidence_id)


def test_once_the_review_is_taken_back_only_who_has_the_bundle_is_given_it(world: PoliceWorld) -> None:
    """It names the wearer, so it goes with the name; each time with its receipt and its record."""
    qualify(world, "confirmed")
    asked = ask(world)
    assert asked is not None
    number = asked.evidence_id
    with as_owner(world.urls.owner) as cursor:
        issued(cursor, number)

    def take(subject: str, force: str = FORCE) -> bytes | None:
        with as_police(world.urls, subject=subject, force=force) as cursor:
            return take_bundle(cursor, number)

    assert take("has.it") == b"PK"
    assert take("their.analyst", OTHER_FORCE) is None
    qualify(world, "rejected")
    assert take("has.it") == b"PK"
    with pytest.raises(WrongStateError, match="no longer confirmed"):
        take("new.to.it")
    qualify(world, "confirmed")
    assert take("new.to.it") == b"PK"
    with as_owner(world.urls.owner) as cursor:
        cursor.execute("SELECT recipient FROM evidence_receipts ORDER BY 1")
        assert cursor.fetchall() == [("has.it",), ("new.to.it",)]
        cursor.execute("SELECT subject, person_id FROM audit_log WHERE action = 'evidence.export' ORDER BY audit_id")
        assert cursor.fetchall() == [(who, world.own.person_id) for who in ("has.it", "has.it", "new.to.it")]


@pytest.mark.parametrize("statement", ["UPDATE evidence_bundles SET content = 'x'", "DELETE FROM evidence_bundles"])
def test_an_issued_bundle_is_never_changed(world: PoliceWorld, statement: str) -> None:
    qualify(world, "confirmed")
    asked = ask(world)
    assert asked is not None
    with as_owner(world.urls.owner) as cursor:
        issued(cursor, asked.evidence_id)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege), as_owner(world.urls.owner) as cursor:
        cursor.execute(statement)
