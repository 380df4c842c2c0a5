"""Who sees whom, asked of the database: own, team's, covered, by the rota, and by breaking the glass."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg2.errors
import pytest

from model.staff import StaffRole
from store.break_glass import open_glass, review_glass
from store.caseloads import may_see
from store.database import fetch_one
from tests.support.cases import as_officer
from tests.support.database import DatabaseUrls
from tests.support.duty import DutyWorld, duty_world, insert_alert
from tests.support.seed import Wearer, as_owner, seed_visit, seed_zone

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
CLOSE = (
    "UPDATE alert_cases SET status = 'closed', closed_at = %s, outcome = 'noted', outcome_is_breach = false,"
    " outcome_rules_version = 0 WHERE alert_id = %s"
)
ROLES = {
    "mia": StaffRole.MANAGER,
    "max": StaffRole.MANAGER,
    "pat": StaffRole.PRACTITIONER,
    "paul": StaffRole.PRACTITIONER,
    "dora": StaffRole.DUTY_OFFICER,
}


@dataclass(frozen=True, slots=True)
class Service:
    """Two teams with a manager each, and one without; and people of every kind of them."""

    duty: DutyWorld
    teams: dict[str, int]
    people: dict[str, int]

    def seen(self, subject: str, role: StaffRole | None = None) -> set[str]:
        asking = (role or ROLES[subject]).value
        with as_officer(self.duty.database, subject, asking) as cursor:
            cursor.execute("SELECT person_id FROM people")
            found = {person_id for (person_id,) in cursor.fetchall()}
            for person_id in self.people.values():
                assert may_see(cursor, subject, asking, person_id) is (person_id in found), "one rule, asked both ways"
        return {name for name, person_id in self.people.items() if person_id in found}

    def add_shift(self, subject: str, *teams: str, hours: float = 8) -> None:
        self.duty.execute(
            "INSERT INTO rota_shifts (role, subject, during, added_by, teams)"
            " VALUES ('duty_officer', %s, tstzrange(%s, %s), 'x', %s::bigint[])",
            subject,
            self.duty.clock - HOUR,
            self.duty.clock + timedelta(hours=hours),
            [self.teams[one] for one in teams],
        )

    def alert(self, *names: str) -> list[UUID]:
        return [self.duty.raise_alert(self.people[one]) for one in names]

    def cover(self, covered: str, by: str, granted_by: str = "owner") -> None:
        self.duty.execute(
            "INSERT INTO caseload_covers (covered, covered_by, during, reason, granted_by)"
            " VALUES (%s, %s, tstzrange(%s, %s), 'leave', %s)",
            covered,
            by,
            self.duty.clock,
            self.duty.clock + 24 * HOUR,
            granted_by,
        )


@pytest.fixture
def service(migrated_database: DatabaseUrls) -> Iterator[Service]:
    with duty_world(migrated_database, NOW) as duty:
        teams = {name: duty.add_team(name) for name in ("north", "south", "leaderless")}
        for subject, team in (("mia", "north"), ("pat", "north"), ("max", "south"), ("paul", "south")):
            duty.add_staff(subject, ROLES[subject], teams[team])
        duty.add_staff("dora", StaffRole.DUTY_OFFICER)
        people = {
            "of north": duty.add_person("pat", teams["north"]),
            "of paul": duty.add_person("paul"),  # and so of the south
            "of both": duty.add_person("paul", teams["north"]),
            "of nobody": duty.add_person(),
            "of a stranger": duty.add_person("nobody.on.the.staff"),
            "of the leaderless": duty.add_person(None, teams["leaderless"]),
        }
        yield Service(duty, teams, people)


UNSUPERVISED = {"of nobody", "of a stranger", "of the leaderless"}


def test_each_sees_their_own_and_a_manager_the_team_and_nobody_is_unsupervised(service: Service) -> None:
    assert service.seen("pat") == {"of north"}
    assert service.seen("paul") == {"of paul", "of both"}
    assert service.seen("mia") == {"of north", "of both"} | UNSUPERVISED
    assert service.seen("max") == {"of paul", "of both"} | UNSUPERVISED
    assert service.seen("dora") == set()
    assert service.seen("mia", StaffRole.PRACTITIONER) == set(), "the role of the token decides"
    service.duty.end_staff("max")
    assert service.seen("max") == set(), "who has left sees nobody"
    assert service.seen("mia") == set(service.people), "what was theirs is every manager's"


def test_on_duty_are_people_with_alerts_in_the_area_and_only_while_it_lasts(service: Service) -> None:
    service.add_shift("dora", "north")
    assert service.seen("dora") == set()
    service.alert("of north", "of paul", "of both", "of nobody")
    assert service.seen("dora") == {"of north", "of both", "of nobody"}, "somebody of no team is of every area"
    service.add_shift("pat")
    assert service.seen("pat") == {"of north", "of paul", "of both", "of nobody"}, "an area of no teams is everywhere"
    service.duty.set_clock(NOW + 8 * HOUR)
    assert service.seen("dora") == set()
    assert service.seen("pat") == {"of north"}


def test_an_alert_closed_or_taken_back_in_the_shift_can_still_be_read_in_it(service: Service) -> None:
    closed, earlier = service.alert("of north", "of paul")
    service.duty.execute("ALTER TABLE alert_cases DISABLE TRIGGER USER")
    service.duty.execute(CLOSE, NOW, str(closed))
    service.duty.execute(CLOSE, NOW - 2 * HOUR, str(earlier))
    service.add_shift("dora")
    assert service.seen("dora") == {"of north"}


def test_who_is_on_duty_sees_two_days_and_open_alerts_of_any_age(service: Service) -> None:
    person = service.people["of north"]
    with as_owner(service.duty.database.owner) as cursor:
        cursor.execute("UPDATE people SET date_of_birth = '1990-01-01'; INSERT INTO devices (serial) VALUES ('T')")
        cursor.execute(
            "INSERT INTO device_activations (device_id, person_id, during, revision)"
            " SELECT device_id, %s, '[2026-01-01Z,)', 1 FROM devices RETURNING activation_id",
            (person,),
        )
        wearer = Wearer(person, 1, fetch_one(cursor)[0])
        zone = seed_zone(cursor, "Z", person)
        for hours in (1, 47, 49, 500):
            seed_visit(cursor, wearer, zone, NOW - hours * HOUR)
    service.duty.set_clock(NOW - 500 * HOUR)
    closed, _open = service.alert("of north", "of north")
    service.duty.set_clock(NOW)
    service.duty.execute("ALTER TABLE alert_cases DISABLE TRIGGER USER")
    service.duty.execute(CLOSE, NOW - 499 * HOUR, str(closed))
    service.add_shift("dora")
    assert counts(service, "dora", person) == {"visits": 2, "alerts": 1, "alert_cases": 1}
    assert earliest(service, "dora", person) == NOW - 48 * HOUR
    assert counts(service, "pat", person) == {"visits": 4, "alerts": 2, "alert_cases": 2}
    service.add_shift("pat")
    assert counts(service, "pat", person) == {"visits": 4, "alerts": 2, "alert_cases": 2}, "a shift takes nothing away"


def counts(service: Service, subject: str, person: int) -> dict[str, int]:
    found = {}
    with as_officer(service.duty.database, subject, ROLES[subject].value) as cursor:
        for table in ("visits", "alerts", "alert_cases"):
            cursor.execute(f"SELECT count(*) FROM {table} WHERE person_id = %s", (person,))
            found[table] = fetch_one(cursor)[0]
    return found


def earliest(service: Service, subject: str, person: int) -> object:
    with as_officer(service.duty.database, subject, ROLES[subject].value) as cursor:
        cursor.execute("SELECT earliest_seen(%s)", (person,))
        return fetch_one(cursor)[0]


def test_cover_shows_a_colleague_s_people_until_it_ends_or_is_taken_back(service: Service) -> None:
    service.cover("paul", "pat")
    assert service.seen("pat") == {"of north", "of paul", "of both"}
    service.duty.execute("UPDATE caseload_covers SET ended_at = service_clock(), ended_by = 'max'")
    assert service.seen("pat") == {"of north"}
    service.cover("paul", "pat")
    service.duty.set_clock(NOW + 24 * HOUR)
    assert service.seen("pat") == {"of north"}


COVER = (
    "INSERT INTO caseload_covers (covered, covered_by, during, reason, granted_by)"
    " VALUES (%s, %s, '[2026-11-23, 2026-11-24)', 'leave', %s)"
)


@pytest.mark.parametrize(
    ("who", "role", "covered", "by", "refused"),
    [
        ("max", "manager", "paul", "pat", None),
        ("mia", "manager", "paul", "pat", psycopg2.errors.InsufficientPrivilege),  # of another manager's team
        ("paul", "practitioner", "paul", "pat", psycopg2.errors.InsufficientPrivilege),
        ("max", "manager", "paul", " MAX", psycopg2.errors.CheckViolation),  # who gets it
        ("max", "manager", "paul", "Paul", psycopg2.errors.CheckViolation),
    ],
)
def test_cover_is_granted_by_the_manager_and_never_by_who_gets_it(
    service: Service, who: str, role: str, covered: str, by: str, refused: type[Exception] | None
) -> None:
    for subject in (" MAX", "Paul"):
        service.duty.add_staff(subject, StaffRole.PRACTITIONER)
    with as_officer(service.duty.database, who, role) as cursor:
        if refused is None:
            cursor.execute(COVER, (covered, by, who))
            return
        with pytest.raises(refused):
            cursor.execute(COVER, (covered, by, who))


def broken(service: Service, subject: str, name: str) -> int:
    crn = f"X{service.people[name] - 1:06}"
    with as_officer(service.duty.database, subject, ROLES[subject].value) as cursor:
        opened = open_glass(cursor, crn, "nobody of the team answers the telephone")
        assert opened is not None and opened.person_id == service.people[name]  # noqa: PT018  nothing without it
        return opened.break_glass_id


def test_a_broken_glass_shows_one_person_for_four_hours_and_tells_the_managers(service: Service) -> None:
    broken(service, "pat", "of paul")
    assert service.seen("pat") == {"of north", "of paul"}
    assert {(who, template) for who, _, template in service.duty.notices()} == {("max", "break_glass")}
    with as_owner(service.duty.database.owner) as cursor:
        cursor.execute("SELECT subject, person_id FROM audit_log WHERE action = 'break_glass.open'")
        assert cursor.fetchall() == [("pat", service.people["of paul"])]
    service.duty.set_clock(NOW + 4 * HOUR)
    assert service.seen("pat") == {"of north"}


def review(service: Service, who: str, number: int, *, is_justified: bool = True) -> bool:
    with as_officer(service.duty.database, who, ROLES[who].value) as cursor:
        return review_glass(cursor, number, who, is_justified=is_justified, note="asked") is not None


def test_it_is_reviewed_by_a_manager_of_the_person_who_did_not_open_it(service: Service) -> None:
    opened = broken(service, "pat", "of paul")
    assert not review(service, "mia", opened), "not of the person's team"
    assert not review(service, "pat", opened)
    assert review(service, "max", opened, is_justified=False)
    assert not review(service, "max", opened), "once"
    assert service.seen("pat") == {"of north"}, "what was not justified ends"
    own = broken(service, "mia", "of paul")
    service.duty.end_staff("max")
    assert not review(service, "mia", own), "not by who opened it, even if no other manager is left"


def test_the_table_refuses_the_opener_as_reviewer_even_to_the_owner(service: Service) -> None:
    broken(service, "pat", "of paul")
    with pytest.raises(psycopg2.errors.CheckViolation, match="glass_is_reviewed_by_another"):
        service.duty.execute(
            "UPDATE break_glass SET reviewed_by = 'PAT', reviewed_at = now(), is_justified = true, review_note = 'x'"
        )


WIDENING = (
    "UPDATE staff SET team_id = (SELECT team_id FROM teams WHERE name = 'south') WHERE subject = 'mia'",
    "UPDATE staff SET role = 'duty_officer' WHERE subject = 'mia'",
    "UPDATE staff SET team_id = NULL WHERE subject = 'paul'",
    "UPDATE staff SET ended_at = now() WHERE subject = 'max'",
    (
        "INSERT INTO rota_shifts (role, subject, during, added_by)"
        " VALUES ('manager', 'mia', '[2026-11-23, 2026-11-24)', 'mia')"
    ),
    (
        "UPDATE managed_people SET team_id = (SELECT team_id FROM teams WHERE name = 'south'), practitioner = NULL"
        " WHERE practitioner = 'pat'"
    ),
    "SELECT correct_date_of_birth(2, '1990-01-01', 1)",
)


def test_no_manager_widens_what_they_see(service: Service) -> None:
    for statement in WIDENING:
        with (
            as_officer(service.duty.database, "mia", "manager") as cursor,
            pytest.raises((psycopg2.errors.InsufficientPrivilege, psycopg2.errors.WithCheckOptionViolation)),
        ):
            cursor.execute(statement)


def test_a_manager_manages_the_people_of_the_team_alone(service: Service) -> None:
    service.add_shift("mia")
    service.alert(*service.people)
    assert service.seen("mia") == set(service.people)
    theirs = {"of north", "of both"} | UNSUPERVISED
    with as_officer(service.duty.database, "mia", "manager") as cursor:
        cursor.execute("SELECT person_id FROM managed_people")
        assert {person_id for (person_id,) in cursor.fetchall()} == {service.people[name] for name in theirs}


def test_alerts_of_nobody_are_every_manager_s_and_of_whoever_is_on_duty(service: Service) -> None:
    with as_owner(service.duty.database.owner) as cursor:
        insert_alert(cursor, None)
    seeing = set()
    service.add_shift("paul", "south")
    for subject, role in ROLES.items():
        with as_officer(service.duty.database, subject, role.value) as cursor:
            cursor.execute("SELECT count(*) FROM alerts JOIN alert_cases USING (alert_id)")
            seeing |= {subject} if fetch_one(cursor) == (1,) else set()
    assert seeing == {"mia", "max", "paul"}
