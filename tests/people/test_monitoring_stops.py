"""With a real worker: nothing is judged any more of somebody who turns out to be a child, at once and for good."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from alerts.eligibility import LONDON
from model.times import to_microseconds
from store.corrections import Correction, correct_date_of_birth
from store.database import Cursor
from tests.access.test_row_security import as_api
from tests.ingest.test_registry_fence import INSIDE, SERIAL, edit, judged, pinging, publish
from tests.support.database import DatabaseUrls
from tests.support.pings import ping
from tests.support.waiting import wait_until
from tests.support.worker_thread import append, queue_worker
from tests.support.world import enrol, rows

STANDING = "SELECT count(*) FROM alerts WHERE state <> 'retracted'"
VISITS = "SELECT count(*) FROM visits WHERE state <> 'retracted'"


def count(database: DatabaseUrls, statement: str) -> int:
    found: int = rows(database.owner, statement)[0][0]
    return found


def test_the_worker_forgets_who_wears_it(migrated_database: DatabaseUrls) -> None:
    enrol(migrated_database.owner, [SERIAL])
    publish(migrated_database)
    with queue_worker(migrated_database), pinging(migrated_database, 0.05):
        wait_until(lambda: count(migrated_database, STANDING) == 1, what="the alert")
        found: list[Correction] = []
        edit(migrated_database, _correct(found))
        assert found[0].stopped
        assert count(migrated_database, STANDING) == count(migrated_database, VISITS) == 0
        after = judged(migrated_database)
        wait_until(lambda: judged(migrated_database) > after + 40, what="forty more positions")
        assert count(migrated_database, STANDING) == count(migrated_database, VISITS) == 0
        assert count(migrated_database, "SELECT count(*) FROM presence") == 0
    assert count(migrated_database, "SELECT count(*) FROM reevaluations WHERE error IS NOT NULL") == 0


def test_a_stay_over_the_birthday_is_kept_from_the_birthday_on(migrated_database: DatabaseUrls) -> None:
    midnight = _midnight()
    enrol(migrated_database.owner, [SERIAL])
    publish(migrated_database)
    edit(migrated_database, lambda cursor: cursor.execute("UPDATE zone_versions SET valid_from = '2020-01-01Z'"))
    walk = [midnight + timedelta(minutes=minute) for minute in range(-10, 11)]
    with queue_worker(migrated_database):
        append(migrated_database, [(SERIAL, ping(SERIAL, to_microseconds(moment), *INSIDE)) for moment in walk])
        wait_until(lambda: count(migrated_database, STANDING) == 1, what="the alert")
        (began_at,) = rows(migrated_database.owner, "SELECT began_at FROM alerts")[0]
        assert began_at < midnight
        edit(migrated_database, _correct([], _born_18_years_before(midnight.astimezone(LONDON).date())))
        wait_until(lambda: count(migrated_database, "SELECT count(*) FROM reevaluations") == 0, what="judged anew")
    standing = rows(migrated_database.owner, "SELECT entered_at FROM visits WHERE state <> 'retracted'")
    assert standing == [(midnight,)]
    assert rows(migrated_database.owner, "SELECT began_at FROM alerts WHERE state <> 'retracted'") == [(midnight,)]
    with as_api(migrated_database, "manager") as cursor:
        cursor.execute("SELECT began_at FROM alerts")
        assert cursor.fetchall() == [(midnight,)]


def _midnight() -> datetime:
    """A recent one in London, of a day that every year has."""
    today = datetime.now(LONDON).replace(hour=0, minute=0, second=0, microsecond=0)
    for days in (10, 12):
        midnight = today - timedelta(days=days)
        if (midnight.month, midnight.day) != (2, 29):
            break
    return midnight.astimezone(UTC)


def _born_18_years_before(day: date) -> date:
    return day.replace(year=day.year - 18)


def _correct(found: list[Correction], born: date = date(2010, 1, 1)) -> Callable[[Cursor], object]:
    return lambda cursor: found.append(correct_date_of_birth(cursor, 1, born))
