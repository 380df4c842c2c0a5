"""What is changed for a time that was judged already asks that it be judged anew; nothing else does."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from geofence.drafts import ZoneDraft
from geofence.geojson import read_zones
from store.activations import activate, deactivate
from store.database import Cursor
from store.zone_decisions import ZonesRefusedError
from store.zones import end_zone, publish_zones
from tests.support.database import DatabaseUrls
from tests.support.seed import MORNING, as_owner, seed_wearer
from tests.support.zone_files import feature

Asked = Callable[[Callable[[Cursor], object]], dict[str, datetime]]

HOUR = timedelta(hours=1)
AN_HOUR_AGO = datetime.now(UTC) - HOUR
TWO_HOURS_AGO = AN_HOUR_AGO - HOUR
TOMORROW = AN_HOUR_AGO + timedelta(days=1)


def draft(valid_from: datetime | None = None, name: str = "Square", crn: str | None = "X1") -> ZoneDraft:
    (read,) = read_zones(feature("Z-1", name=name, crn=crn)).drafts
    return replace(read, valid_from=valid_from)


@pytest.fixture
def asked(migrated_database: DatabaseUrls) -> Asked:
    """Two wearers, X1 and X2. Runs a change; for which tags something is to be judged anew then, and since when."""
    with as_owner(migrated_database.owner) as cursor:
        seed_wearer(cursor, "X1")
        seed_wearer(cursor, "X2")

    def run(change: Callable[[Cursor], object]) -> dict[str, datetime]:
        with as_owner(migrated_database.owner) as cursor:
            change(cursor)
        with as_owner(migrated_database.owner) as cursor:
            cursor.execute("SELECT serial, from_time FROM reevaluations JOIN devices USING (device_id)")
            return dict(cursor.fetchall())

    return run


def test_a_zone_in_force_from_now_on_asks_for_nothing(asked: Asked) -> None:
    assert asked(lambda cursor: publish_zones(cursor, [draft(crn=None)], "test")) == {}
    assert asked(lambda cursor: publish_zones(cursor, [draft(crn=None, name="Wider")], "test")) == {}
    assert asked(lambda cursor: publish_zones(cursor, [draft(TOMORROW, "Wider still", crn=None)], "test")) == {}


def test_a_person_s_zone_entered_for_the_past_asks_for_that_person(asked: Asked) -> None:
    assert asked(lambda cursor: publish_zones(cursor, [draft(AN_HOUR_AGO)], "test")) == {"TAG-X1": AN_HOUR_AGO}


def test_a_shared_zone_asks_for_everyone_and_the_earliest_time_stays(asked: Asked) -> None:
    early, late = draft(TWO_HOURS_AGO, crn=None), draft(AN_HOUR_AGO, "Wider", crn=None)
    both = {"TAG-X1": TWO_HOURS_AGO, "TAG-X2": TWO_HOURS_AGO}
    assert asked(lambda cursor: publish_zones(cursor, [early], "test")) == both
    assert asked(lambda cursor: publish_zones(cursor, [late], "test")) == both
    assert asked(lambda cursor: publish_zones(cursor, [late], "test")) == both, "nothing changed"


def test_an_edit_of_the_past_asks_since_the_edit_holds(asked: Asked) -> None:
    def edit(cursor: Cursor) -> None:
        publish_zones(cursor, [draft(TWO_HOURS_AGO)], "test")
        cursor.execute("DELETE FROM reevaluations")
        publish_zones(cursor, [draft(AN_HOUR_AGO, "Wider")], "test")

    assert asked(edit) == {"TAG-X1": AN_HOUR_AGO}


@pytest.mark.parametrize(("at", "expected"), [(AN_HOUR_AGO, {"TAG-X1": AN_HOUR_AGO}), (None, {}), (TOMORROW, {})])
def test_an_end_in_the_past_asks_since_then(asked: Asked, at: datetime | None, expected: dict[str, datetime]) -> None:
    def end(cursor: Cursor) -> None:
        publish_zones(cursor, [draft(TWO_HOURS_AGO)], "test")
        cursor.execute("DELETE FROM reevaluations")
        end_zone(cursor, "Z-1", at)

    assert asked(end) == expected


def test_what_is_refused_asks_for_nothing(asked: Asked) -> None:
    assert asked(lambda cursor: publish_zones(cursor, [draft(AN_HOUR_AGO)], "test"))
    both = draft(TWO_HOURS_AGO, "Square"), draft(AN_HOUR_AGO, crn="X404")
    with pytest.raises(ZonesRefusedError, match="X404"):
        asked(lambda cursor: publish_zones(cursor, both, "test"))
    assert asked(lambda _: None) == {"TAG-X1": AN_HOUR_AGO}


def test_a_tag_that_was_put_on_or_came_off_earlier_asks_for_itself(asked: Asked) -> None:
    assert asked(lambda cursor: deactivate(cursor, "TAG-X1", AN_HOUR_AGO)) == {"TAG-X1": AN_HOUR_AGO}
    again = asked(
        lambda cursor: activate(cursor, "TAG-X1", "X2", AN_HOUR_AGO + timedelta(minutes=5), beside_another=True)
    )
    assert again == {"TAG-X1": AN_HOUR_AGO}, "the earlier of the two"
    assert asked(lambda cursor: deactivate(cursor, "TAG-X2", TOMORROW)) == {"TAG-X1": AN_HOUR_AGO}


def test_who_wore_nothing_since_is_not_judged_anew(asked: Asked) -> None:
    def change(cursor: Cursor) -> None:
        deactivate(cursor, "TAG-X2", MORNING + HOUR)
        cursor.execute("DELETE FROM reevaluations")
        publish_zones(cursor, [draft(AN_HOUR_AGO, crn=None)], "test")

    assert asked(change) == {"TAG-X1": AN_HOUR_AGO}
