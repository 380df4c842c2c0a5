"""The monitoring officer sees which devices are ill: nobody's name, nobody's place."""

from datetime import timedelta

import httpx
import pytest

from access.roles import Role
from store.database import SERVICE, Identity, Pool
from store.devices_health import list_devices_health, read_intake_health
from tests.support.api_server import RunningApi
from tests.support.seed import MORNING, as_owner, seed_positions

PATH = "/v1/devices/health"
HEARD_AT = MORNING + timedelta(minutes=5)


def test_devices_are_listed_with_what_was_heard_of_them_and_nothing_of_their_wearers(fresh_api: RunningApi) -> None:
    with as_owner(fresh_api.urls.owner) as cursor:
        seed_positions(cursor, fresh_api.own.device_id, 3)
        cursor.execute("INSERT INTO devices (serial) VALUES ('SPARE')")
        cursor.execute(
            "INSERT INTO device_heard (device_id, last_received_at, last_fix_at, battery_pct, battery_at, at_beacon,"
            " beacon_seen_at) VALUES (%s, %s, %s, 41, %s, true, %s)",
            (fresh_api.own.device_id, *[HEARD_AT] * 4),
        )
        cursor.execute(
            "INSERT INTO partition_offsets"
            " (topic, partition, epoch, next_offset, chain_hash, worker, processed_through)"
            " VALUES ('pings', 0, 1, 0, '', 'w', service_clock()),"
            " ('pings', 1, 1, 0, '', 'w', service_clock() - interval '90 seconds')"
        )
    answer = fresh_api.get(Role.MONITORING_OFFICER, PATH)
    page = answer.json()
    heard = HEARD_AT.isoformat().replace("+00:00", "Z")
    assert page["devices"] == [
        {
            "serial": serial,
            "is_worn": is_worn,
            "last_heard_at": at,
            "last_fix_at": at,
            "battery_pct": battery,
            "battery_at": at,
        }
        for serial, is_worn, at, battery in (
            ("SPARE", False, None, None),
            ("TAG-X100001", True, heard, 41.0),
            ("TAG-X100002", True, None, None),
        )
    ]
    assert page["intake"]["partitions"] == 2
    assert 90 <= page["intake"]["lag_s"] < 120, "of the partition that is furthest behind"
    for kept in ("Sam Own", "person", "lat", "lon", "beacon", "zone"):
        assert kept not in answer.text
    assert fresh_api.audit("devices_health.read")[0][:4] == ("allowed", "the.monitoring_officer", None, 3)


def test_the_silent_ones_are_found_and_pages_leave_none_out(fresh_api: RunningApi) -> None:
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute(
            "INSERT INTO device_heard (device_id, last_received_at) VALUES (%s, %s), (%s, %s)",
            (fresh_api.own.device_id, HEARD_AT, fresh_api.other.device_id, HEARD_AT - timedelta(days=1)),
        )
    silent = httpx.QueryParams({"heard_before": HEARD_AT.isoformat()})
    found = fresh_api.get(Role.MONITORING_OFFICER, f"{PATH}?{silent}").json()["devices"]
    assert [one["serial"] for one in found] == ["TAG-X100002"]
    path, serials = f"{PATH}?limit=1", []
    while path:
        page = fresh_api.get(Role.MONITORING_OFFICER, path).json()
        serials += [one["serial"] for one in page["devices"]]
        path = page["next"]
    assert serials == ["TAG-X100001", "TAG-X100002"]
    assert page["intake"]["lag_s"] is None, "nothing proves that anything is judged"


def test_the_database_shows_it_to_no_other_role(fresh_api: RunningApi) -> None:
    pool = Pool(fresh_api.urls.api, "test", 1)
    for identity in [SERVICE, *(Identity("x", role, "t", "t") for role in Role if role != Role.MONITORING_OFFICER)]:
        for read in (read_intake_health, lambda cursor: list_devices_health(cursor, None, None, 1)):
            with pytest.raises(Exception, match="not for this role"), pool.transaction(identity) as cursor:
                read(cursor)
    pool.close()
