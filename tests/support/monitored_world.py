"""A matched world in which not everybody is monitored all the time."""

from model.times import from_microseconds
from store.database import Cursor, fetch_one
from tests.support.matched_world import MatchedWorld
from tests.support.seed import seed_basis, seed_zone


class MonitoredWorld(MatchedWorld):
    """With bases that are approved and ended, and visits that are recorded and revised, as the clock goes on."""

    def monitor(self, crn: str, since_us: int, until_us: int) -> None:
        """A legal basis is approved now."""
        with self.owner, self.owner.cursor() as cursor:
            seed_basis(cursor, _person(cursor, crn), from_microseconds(since_us), from_microseconds(until_us))

    def end_monitoring(self, crn: str, at_us: int) -> None:
        """Every basis that held at the moment is ended at it."""
        with self.owner, self.owner.cursor() as cursor:
            cursor.execute(
                "UPDATE legal_bases SET status = 'ended', ended_by = 'seed', ended_at = %(at)s,"
                " closed_at = service_clock()"
                " WHERE person_id = %(person)s AND status = 'live' AND during @> %(at)s::timestamptz",
                {"at": from_microseconds(at_us), "person": _person(cursor, crn)},
            )

    def visit(self, serial: str, entered_us: int, left_us: int) -> None:
        """A stay in a zone is recorded now, of whoever wore the device."""
        with self.owner, self.owner.cursor() as cursor:
            cursor.execute(
                "INSERT INTO visits (visit_id, activation_id, person_id, zone_id, zone_version, state, entered_at,"
                " confirmed_at, last_inside_at, positions_inside) SELECT gen_random_uuid(), activation_id,"
                " device_activations.person_id, zone_id, 1, 'confirmed', %(entered)s, %(entered)s, %(left)s, 1"
                " FROM device_activations JOIN devices USING (device_id) CROSS JOIN zones"
                " WHERE serial = %(serial)s AND during @> %(entered)s::timestamptz",
                {
                    "serial": serial,
                    "entered": from_microseconds(entered_us),
                    "left": from_microseconds(left_us),
                },
            )

    def revise_visits(self, serial: str, change: str) -> None:
        """Late data say otherwise of the visits of whoever wore the device."""
        with self.owner, self.owner.cursor() as cursor:
            cursor.execute(
                f"UPDATE visits SET {change} WHERE activation_id IN (SELECT activation_id FROM device_activations"
                " JOIN devices USING (device_id) WHERE serial = %s)",
                (serial,),
            )

    def end_person(self, crn: str, at_us: int) -> None:
        """The end of a person's monitoring is recorded, or corrected."""
        with self.owner, self.owner.cursor() as cursor:
            cursor.execute("UPDATE people SET ended_at = %s WHERE crn = %s", (from_microseconds(at_us), crn))

    def approve_trail(self, crn: str, starts_us: int, ends_us: int | None = None) -> None:
        """A version of their condition of trail monitoring is approved now, and supersedes the one that is live."""
        with self.owner, self.owner.cursor() as cursor:
            cursor.execute(
                "INSERT INTO licence_conditions (person_id, kind, reference) VALUES (%s, 'trail_monitoring', 'TRAIL')"
                " ON CONFLICT DO NOTHING",
                (_person(cursor, crn),),
            )
            cursor.execute(
                "UPDATE condition_versions SET status = 'superseded', closed_by = 'seed', closed_at = service_clock()"
                " WHERE status = 'live'"
            )
            cursor.execute(
                "INSERT INTO condition_versions (condition_id, version, status, name, wording, starts_at, ends_at,"
                " drafters, decided_by, decided_at) SELECT condition_id, (SELECT count(*) + 1 FROM condition_versions),"
                " 'live', 'trail', 'The trail is monitored.', %s, %s, '{seed}', 'seed.second', service_clock()"
                " FROM licence_conditions",
                (from_microseconds(starts_us), None if ends_us is None else from_microseconds(ends_us)),
            )

    def end_trail(self, at_us: int) -> None:
        """The version that is live is ended."""
        with self.owner, self.owner.cursor() as cursor:
            cursor.execute(
                "UPDATE condition_versions SET status = 'ended', closed_by = 'seed', closed_at = service_clock(),"
                " ended_at = %s WHERE status = 'live'",
                (from_microseconds(at_us),),
            )

    def match_crimes(self) -> None:
        """One round of those that are to be matched against everybody, and no more."""
        self._tasks[0].round(self._worker)

    def add_zone(self) -> None:
        with self.owner, self.owner.cursor() as cursor:
            seed_zone(cursor, "SHARED")


def _person(cursor: Cursor, crn: str) -> int:
    cursor.execute("SELECT person_id FROM people WHERE crn = %s", (crn,))
    person_id: int = fetch_one(cursor)[0]
    return person_id
