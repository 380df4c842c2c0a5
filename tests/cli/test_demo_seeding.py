"""What the demo puts into its database: people on the staff and on duty, and no zone that nobody approved."""

from datetime import UTC, datetime, timedelta

from cli.demo.seeding import LIFETIME, seed
from cli.demo.staffing import DUTY_OFFICER, MANAGER
from model.staff import StaffRole
from sim.world import World
from store.condition_list import list_unworded_zones
from store.database import Cursor
from store.rota import on_duty
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner

WORLD = World(1, 6, start_us=0)


def count(cursor: Cursor, query: str) -> int:
    cursor.execute(query)
    return int(cursor.fetchall()[0][0])


def test_somebody_is_on_duty_and_every_zone_is_approved_by_another(migrated_database: DatabaseUrls) -> None:
    for _ in range(2):  # the second start finds it all
        with as_owner(migrated_database.owner) as cursor:
            seed(cursor, WORLD)
    with as_owner(migrated_database.owner) as cursor:
        for at in (datetime.now(UTC), datetime.now(UTC) + LIFETIME - timedelta(minutes=5)):
            assert [one.subject for one in on_duty(cursor, StaffRole.DUTY_OFFICER, at)] == [DUTY_OFFICER]
            assert [one.subject for one in on_duty(cursor, StaffRole.MANAGER, at)] == [MANAGER]
        assert list_unworded_zones(cursor, 0, 100) == []
        assert count(cursor, "SELECT count(*) FROM zone_versions") == len(WORLD.wearers)
        live = "SELECT count(*) FROM condition_versions WHERE status = 'live'"
        zones_and_trails = 2 * len(WORLD.wearers)
        assert count(cursor, f"{live} AND decided_by = '{MANAGER}'") == zones_and_trails
        supervised = "SELECT count(*) FROM people JOIN staff ON staff.subject = people.practitioner"
        assert count(cursor, f"{supervised} AND staff.team_id = people.team_id") == len(WORLD.wearers)
