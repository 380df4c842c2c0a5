"""A real watch in a thread, and what the database holds of its work."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from ingest.watch.run import make_watcher
from ops.settings import Settings
from store.database import connect
from tests.support.database import DatabaseUrls
from tests.support.in_thread import in_thread
from tests.support.world import rows

ALERTS = (
    "SELECT kind, state, crn FROM alerts LEFT JOIN people USING (person_id) WHERE visit_id IS NULL ORDER BY sequence"
)
CHANGES = "SELECT kind, change FROM alert_events JOIN alerts USING (alert_id) WHERE visit_id IS NULL ORDER BY event_id"
COMMANDS = "SELECT kind, body, reason FROM tag_commands ORDER BY kind, reason"

QUICK: dict[str, Any] = {
    "watch_every_s": 0.05,
    "heartbeat_every_s": 0.2,
    "heard_every_s": 0.2,
    "deaf_after_s": 2,
    "deaf_quiet_s": 0.5,
    "deaf_min_tags": 1000,
    "no_communication_s": 1000,
    "no_fix_s": 1000,
    "battery_uncharged_s": 1000,
}
"""A watch in a hurry, in which no timer ends that a test does not set."""


def watch_settings(database: DatabaseUrls, **settings: Any) -> Settings:
    return Settings.model_validate({"database_worker_url": database.worker, **QUICK, **settings})


@contextmanager
def watching(settings: Settings) -> Iterator[None]:
    """A watch from here to the end of the block. An error that ends it is raised there."""
    with in_thread(make_watcher(settings).run, "watch"):
        yield


def alerts(database: DatabaseUrls) -> list[tuple[str, str, str | None]]:
    """(kind, state, CRN) of every alert that is no zone's, in the order in which they were raised."""
    return [(kind, state, crn) for kind, state, crn in rows(database.owner, ALERTS)]


def changes(database: DatabaseUrls) -> list[tuple[str, str]]:
    return [(kind, change) for kind, change in rows(database.owner, CHANGES)]


def commands(database: DatabaseUrls) -> list[tuple[str, str | None, str]]:
    return [(kind, body, reason) for kind, body, reason in rows(database.owner, COMMANDS)]


def wear_from(database: DatabaseUrls, serials: Sequence[str], ago_s: float) -> None:
    """The devices have been on their wearers for so long."""
    with closing(connect(database.owner, "test")) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE device_activations SET during = tstzrange(clock_timestamp() - make_interval(secs => %s), NULL)"
            " WHERE device_id IN (SELECT device_id FROM devices WHERE serial = ANY (%s))",
            (ago_s, list(serials)),
        )
