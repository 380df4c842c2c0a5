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

    def add_zone(self) -> None:
        with self.owner, self.owner.cursor() as cursor:
            seed_zone(cursor, "SHARED")


def _person(cursor: Cursor, crn: str) -> int:
    cursor.execute("SELECT person_id FROM people WHERE crn = %s", (crn,))
    person_id: int = fetch_one(cursor)[0]
    return person_id
