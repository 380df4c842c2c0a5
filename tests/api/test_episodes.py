"""Episodes through the API: who sees which, their order, pages, and one of them with its alerts."""

import uuid
from datetime import timedelta

from psycopg2.extras import execute_values

from access.roles import Role
from tests.support.api_server import RunningApi
from tests.support.seed import MORNING, Wearer, as_owner

HOUR = timedelta(hours=1)


def add_alerts(api: RunningApi, wearer: Wearer, kind: str, hours: list[int], severity: str = "warning") -> list[str]:
    """Of a device, each over after half an hour."""
    ids = [str(uuid.uuid4()) for _ in hours]
    with as_owner(api.urls.owner) as cursor:
        execute_values(
            cursor,
            "INSERT INTO alerts (alert_id, sequence, kind, severity, state, person_id, activation_id, began_at,"
            " last_evidence_at, ended_at, received_at, raised_at, updated_at, evidence) VALUES %s",
            [
                (alert_id, kind, severity, wearer.person_id, wearer.activation_id, *_times(hour))
                for alert_id, hour in zip(ids, hours, strict=True)
            ],
            template="(%s, nextval('alert_sequence'), %s, %s, 'ended', %s, %s, %s, %s, %s, %s, %s, %s, '{}')",
        )
    return ids


def _times(hour: int) -> list[object]:
    began = MORNING + hour * HOUR
    return [began, began, began + HOUR / 2, began, began, began]


def close(api: RunningApi, alert_id: str) -> None:
    with as_owner(api.urls.owner) as cursor:
        cursor.execute(
            "UPDATE alert_cases SET status = 'closed', version = 2, closed_at = service_clock(), closed_by = 'x',"
            " outcome = 'noted', outcome_is_breach = false, outcome_rules_version = 0 WHERE alert_id = %s",
            (alert_id,),
        )
        cursor.execute(
            "INSERT INTO alert_actions VALUES (%s, 2, 'close', 'x', service_clock(), '{\"outcome_group\":"
            ' "not_counted"}\')',
            (alert_id,),
        )


def test_open_ones_come_most_serious_first_and_only_those_of_the_own_caseload(fresh_api: RunningApi) -> None:
    first, *_ = add_alerts(fresh_api, fresh_api.own, "battery_low", [-40, -35, -30], "information")
    tamper = add_alerts(fresh_api, fresh_api.own, "strap_tamper", [-1])
    add_alerts(fresh_api, fresh_api.other, "strap_tamper", [-2])
    own = fresh_api.get(Role.PRACTITIONER, "/v1/episodes").json()["episodes"]
    assert [one["episode_id"] for one in own] == [fresh_api.own_alert, *tamper, first]
    assert own[2]["words"].endswith(", 3 alerts")
    assert (own[2]["alerts_count"], own[2]["open_count"], own[2]["cause"]) == (3, 3, "not_charging")
    assert own[0]["zone"] == {"reference": "OWN-1", "name": "Zone OWN-1"}
    assert own[0]["person"] == {"person_id": fresh_api.own.person_id, "crn": "X100001", "name": "Sam Own"}
    assert len(fresh_api.get(Role.MANAGER, "/v1/episodes").json()["episodes"]) == 6


def test_a_closed_one_is_listed_with_its_person_alone_behind_the_open(fresh_api: RunningApi) -> None:
    (closed,) = add_alerts(fresh_api, fresh_api.own, "strap_tamper", [-1])
    close(fresh_api, closed)
    path = f"/v1/episodes?person={fresh_api.own.person_id}"
    assert closed not in [
        one["episode_id"] for one in fresh_api.get(Role.PRACTITIONER, "/v1/episodes").json()["episodes"]
    ]
    listed = fresh_api.get(Role.PRACTITIONER, path).json()["episodes"]
    assert [(one["episode_id"], one["is_open"]) for one in listed] == [(fresh_api.own_alert, True), (closed, False)]


def test_one_with_a_closed_alert_stays_while_another_is_to_be_worked_however_old_it_is(fresh_api: RunningApi) -> None:
    old, new = add_alerts(fresh_api, fresh_api.own, "power_off", [-9000, -8995])
    close(fresh_api, old)
    listed = fresh_api.get(Role.PRACTITIONER, "/v1/episodes").json()["episodes"]
    (found,) = [one for one in listed if one["cause"] == "not_charging"]
    assert (found["episode_id"], found["alerts_count"], found["open_count"]) == (old, 2, 1)
    answer = fresh_api.get(Role.PRACTITIONER, f"/v1/episodes/{new}").json()
    assert [(one["alert_id"], one["status"]) for one in answer["alerts"]] == [(old, "closed"), (new, "raised")]
    assert answer["episode"] == found


def test_pages_leave_nothing_out(fresh_api: RunningApi) -> None:
    add_alerts(fresh_api, fresh_api.own, "strap_tamper", [-100 * n for n in range(1, 8)])
    path: str | None = "/v1/episodes?limit=3"
    seen: list[str] = []
    while path is not None:
        page = fresh_api.get(Role.MANAGER, path).json()
        seen += [one["episode_id"] for one in page["episodes"]]
        path = page["next"]
    assert (len(seen), len(set(seen))) == (10, 10)


def test_another_s_looks_like_none_and_both_leave_a_trace(fresh_api: RunningApi) -> None:
    foreign = fresh_api.get(Role.PRACTITIONER, f"/v1/episodes/{fresh_api.other_alert}")
    missing = fresh_api.get(Role.PRACTITIONER, f"/v1/episodes/{uuid.uuid4()}")
    assert (foreign.status_code, foreign.json()) == (404, missing.json())
    assert [record[0] for record in fresh_api.audit("episode.read")] == ["refused", "refused"]


def test_one_that_was_taken_back_is_listed_as_long_as_somebody_has_to_work_on_it(fresh_api: RunningApi) -> None:
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute("UPDATE alerts SET state = 'retracted' WHERE alert_id = %s", (fresh_api.own_alert,))
    listed = [one["episode_id"] for one in fresh_api.get(Role.PRACTITIONER, "/v1/episodes").json()["episodes"]]
    assert listed == [fresh_api.own_alert], "a breach was decided for it, and has to be undone"
    close(fresh_api, fresh_api.own_alert)
    assert fresh_api.get(Role.PRACTITIONER, "/v1/episodes").json()["episodes"] == []
