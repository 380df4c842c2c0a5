"""What is done about an alert is told to whoever was told of it, at once and without anybody's words."""

import pytest

from alerts.casework import IllegalStepError
from model.alerts import AlertChange
from model.casework import CaseAction
from model.enums import AlertChangeKind
from store.alert_writes import write_alerts
from tests.casework.test_late_data import stored_alert
from tests.support.cases import STAFF, CaseWorld, seed_case_world
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner

OFFICER = STAFF[0]


@pytest.fixture
def world(migrated_database: DatabaseUrls) -> CaseWorld:
    return seed_case_world(migrated_database)


def told(world: CaseWorld) -> list[tuple[dict[str, object], list[str]]]:
    """Each change of the alert that is told, with the channels that it goes to."""
    with as_owner(world.urls.owner) as cursor:
        cursor.execute(
            "SELECT payload, ARRAY(SELECT channel FROM outbox WHERE outbox.event_id = event.event_id ORDER BY channel)"
            " FROM alert_events event WHERE alert_id = %s ORDER BY event_id",
            (str(world.alert_id),),
        )
        return cursor.fetchall()


def raise_again(world: CaseWorld, *channels: str) -> None:
    """The alert as a worker tells it to these channels."""
    with as_owner(world.urls.owner) as cursor:
        alert = stored_alert(cursor, world.alert_id)
        write_alerts(cursor, [AlertChange(AlertChangeKind.UPDATED, alert)], channels)


def test_it_goes_where_the_alert_went_and_says_how_it_stands(world: CaseWorld) -> None:
    raise_again(world, "kafka", "other", "webhook:7")
    world.act(OFFICER, CaseAction.ASSIGN, to="officer.b", text="a private word")
    payload, channels = told(world)[-1]
    assert channels == ["kafka", "other"]
    assert "private" not in str(payload)
    expected = {
        "alert_id": str(world.alert_id),
        "change": "worked",
        "kind": "exclusion_zone_breach",
        "state": "open",
        "action": "assign",
        "acted_by": OFFICER,
        "status": "raised",
        "case_version": 2,
        "assigned_to": "officer.b",
        "outcome": None,
    }
    assert {name: payload[name] for name in expected} == expected


def test_it_is_told_with_what_every_other_change_tells(world: CaseWorld) -> None:
    raise_again(world)
    world.act(OFFICER, CaseAction.ACKNOWLEDGE)
    before, after = (payload for payload, _ in told(world)[-2:])
    assert before.keys() <= after.keys()
    assert {**after, "change": "updated"}.items() >= before.items()


def test_what_is_refused_is_not_told(world: CaseWorld) -> None:
    with pytest.raises(IllegalStepError):
        world.act(OFFICER, CaseAction.REOPEN, text="x")
    assert len(told(world)) == 1


def test_late_data_is_told_as_such_and_once(world: CaseWorld) -> None:
    with as_owner(world.urls.owner) as cursor:
        alert = stored_alert(cursor, world.alert_id)
        write_alerts(cursor, [AlertChange(AlertChangeKind.AMENDED, alert)], [])
    assert [payload.get("change") for payload, _ in told(world)[1:]] == ["amended"]
