"""Open episodes are read from what can touch them, and are those that all alerts together give."""

import random
import uuid
from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest
from psycopg2.extras import execute_values

from alerts.episodes import episodes
from alerts.open_episodes import open_episodes
from model.enums import AlertKind
from store.database import Cursor
from store.episodes import _ALERTS, _load
from tests.support.database import DatabaseUrls
from tests.support.seed import MORNING, Wearer, as_owner, seed_wearer, seed_zone

HOUR = timedelta(hours=1)
KINDS = (AlertKind.BATTERY_LOW, AlertKind.POWER_OFF, AlertKind.STRAP_TAMPER, AlertKind.EXCLUSION_ZONE_BREACH)
NUMBERS = count(1)
CLOSED = ("closed", "x", MORNING, "noted", False, 0)
RAISED = ("raised", None, None, None, None, None)


@pytest.fixture
def cursor(migrated_database: DatabaseUrls) -> Iterator[Cursor]:
    with as_owner(migrated_database.owner) as cursor:
        yield cursor


def seed_alerts(cursor: Cursor, chance: random.Random, alerts_count: int) -> None:
    """Of two wearers and of nobody, over 1,000 hours: few are open, some last, some are retracted."""
    wearers = [(wearer, seed_zone(cursor, f"Z{next(NUMBERS)}", wearer.person_id)) for wearer in _wearers(cursor)]
    cursor.execute("SET LOCAL session_replication_role = replica")  # cases as they came to be, without their history
    alerts, cases = [], []
    for _ in range(alerts_count):
        wearer, zone_id = chance.choice(wearers)
        kind = chance.choice(KINDS)
        began = MORNING + chance.randint(0, 1000) * HOUR
        lasts = chance.random() < 0.02
        ended = None if lasts else began + chance.choice([0, 1, 1, 5, 100]) * HOUR
        alert_id = str(uuid.UUID(int=chance.getrandbits(128)))
        state = "open" if lasts else chance.choice(["ended"] * 9 + ["retracted"])
        whose: list[int | None] = [wearer.person_id, wearer.activation_id, None, None]
        if kind is AlertKind.EXCLUSION_ZONE_BREACH:
            whose[2:] = [zone_id, 1]
        elif chance.random() < 0.1:
            kind, whose = AlertKind.INTAKE_DEAF, [None] * 4
        alerts.append((alert_id, next(NUMBERS), kind.value, state, *whose, began, began, ended, *[began] * 3))
        worked = ("retracted", *RAISED[1:]) if state == "retracted" else chance.choice([CLOSED] * 9 + [RAISED])
        cases.append((alert_id, whose[0], began, began, *worked))
    execute_values(
        cursor,
        "INSERT INTO alerts (alert_id, sequence, kind, state, person_id, activation_id, zone_id, zone_version,"
        " began_at, last_evidence_at, ended_at, received_at, raised_at, updated_at, evidence) VALUES %s",
        alerts,
        template=f"({', '.join(['%s'] * 14)}, '{{}}')",
    )
    execute_values(
        cursor,
        "INSERT INTO alert_cases (alert_id, person_id, raised_at, clocks_from, status, closed_by, closed_at, outcome,"
        " outcome_is_breach, outcome_rules_version) VALUES %s",
        cases,
    )


def _wearers(cursor: Cursor) -> list[Wearer]:
    return [seed_wearer(cursor, f"X{next(NUMBERS)}") for _ in range(2)]


@pytest.mark.parametrize("alerts_count", [30, 200, 600])
def test_open_episodes_are_those_of_all_alerts(cursor: Cursor, alerts_count: int) -> None:
    chance = random.Random(alerts_count)
    seed_alerts(cursor, chance, alerts_count)
    everything = _load(cursor, _ALERTS)
    sizes = set()
    for gap_h in (0, 0.5, 1, 2, 3, 5, 8, 12, 20, 40, 200):
        wanted = [one for one in episodes(everything, gap_h * 3600) if one.is_open]
        assert open_episodes(cursor, gap_h * 3600) == wanted, gap_h
        sizes |= {len(one.alerts) for one in wanted}
    assert {1} < sizes, "else they show nothing"
