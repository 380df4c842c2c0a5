"""Tags put on, taken off and swapped through the API; a track goes over from one to the other at one instant."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from access.roles import Role
from tests.api.test_people_changes import eligible, send
from tests.support.api_server import RunningApi
from tests.support.people import ELIGIBLE
from tests.support.seed import as_owner, seed_basis, seed_positions

MORNING = "2026-03-02T09:00:00Z"
NOON = "2026-03-02T12:00:00Z"
EVENING = "2026-03-02T18:00:00Z"
NOON_AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def on(api: RunningApi, person_id: int, **body: Any) -> httpx.Response:
    return send(api, "POST", f"/v1/people/{person_id}/device-on", {"serial": "TAG-A", "from": MORNING, **body})


def device_id(api: RunningApi, serial: str) -> int:
    with as_owner(api.urls.owner) as cursor:
        cursor.execute("SELECT device_id FROM devices WHERE serial = %s", (serial,))
        return int(cursor.fetchall()[0][0])


def track(api: RunningApi, person_id: int) -> list[tuple[str, str]]:
    window = {"from": "2026-03-02T00:00:00Z", "to": "2026-03-03T00:00:00Z", "limit": 5}
    path, found = f"/v1/people/{person_id}/track", []
    answer = api.get(Role.MANAGER, path, params=window).json()
    while True:
        found += [(one["properties"]["device_serial"], one["properties"]["fix_time"]) for one in answer["features"]]
        if answer["next"] is None:
            return found
        answer = api.get(Role.MANAGER, answer["next"]).json()


def test_a_swap_at_noon_splits_the_track_at_noon(fresh_api: RunningApi) -> None:
    person_id = eligible(fresh_api)
    assert on(fresh_api, person_id).status_code == 201
    swapped = send(
        fresh_api, "POST", f"/v1/people/{person_id}/device-swap", {"off": "TAG-A", "on": "TAG-B", "at": NOON}
    )
    assert swapped.status_code == 201, swapped.text
    assert swapped.json()["off"]["to"] == swapped.json()["on"]["from"] == NOON
    with as_owner(fresh_api.urls.owner) as cursor:
        for serial in ("TAG-A", "TAG-B"):  # each reports a minute on both sides of noon
            seed_positions(cursor, device_id(fresh_api, serial), 7, NOON_AT - timedelta(minutes=3))
        seed_basis(cursor, person_id)
    times = [f"2026-03-02T{one}:00Z" for one in ("11:57", "11:58", "11:59", "12:00", "12:01", "12:02", "12:03")]
    assert track(fresh_api, person_id) == list(zip(["TAG-A"] * 3 + ["TAG-B"] * 4, times, strict=True)), (
        "the position at noon itself is the new tag's, and no moment is there twice"
    )
    records = fresh_api.audit("device.swap")
    assert [record[:3] for record in records] == [("allowed", "the.manager", person_id)] * 2


def test_a_swap_that_cannot_be_leaves_everything_as_it_was(fresh_api: RunningApi) -> None:
    person_id = eligible(fresh_api)
    on(fresh_api, person_id)
    taken = {"off": "TAG-A", "on": "TAG-X100002", "at": NOON}
    refused = send(fresh_api, "POST", f"/v1/people/{person_id}/device-swap", taken)
    assert (refused.status_code, "it overlaps activation" in refused.text) == (422, True)
    activations = fresh_api.get(Role.MANAGER, f"/v1/people/{person_id}/activations").json()["activations"]
    assert [(one["device_serial"], one["to"]) for one in activations] == [("TAG-A", None)]
    assert fresh_api.audit("device.swap")[0][0] == "refused"


def test_one_device_is_on_one_person_at_a_time(fresh_api: RunningApi) -> None:
    first, second = eligible(fresh_api), eligible(fresh_api, crn="X200002")
    on(fresh_api, first, to=NOON)
    for body in ({}, {"from": "2026-03-02T11:59:59Z"}, {"from": "2026-03-01T00:00:00Z", "to": EVENING}):
        refused = on(fresh_api, second, **body)
        assert (refused.status_code, "it overlaps activation" in refused.text) == (422, True), body
    assert on(fresh_api, second, **{"from": NOON}).status_code == 201


def test_an_end_before_its_start_is_refused(fresh_api: RunningApi) -> None:
    person_id = eligible(fresh_api)
    refused = on(fresh_api, person_id, to=MORNING)
    assert (refused.status_code, "before it was put on" in refused.text) == (422, True)
    on(fresh_api, person_id)
    off = f"/v1/people/{person_id}/device-off"
    refused = send(fresh_api, "POST", off, {"serial": "TAG-A", "at": MORNING})
    assert (refused.status_code, "before it was put on" in refused.text) == (422, True)
    other = send(fresh_api, "POST", off, {"serial": "TAG-X100002", "at": NOON})
    assert (other.status_code, "is not on this person" in other.text) == (422, True)
    assert send(fresh_api, "POST", off, {"serial": "TAG-A", "at": NOON}).json()["to"] == NOON


def test_a_second_tag_has_to_be_meant(fresh_api: RunningApi) -> None:
    person_id = eligible(fresh_api)
    on(fresh_api, person_id)
    refused = on(fresh_api, person_id, serial="TAG-B", **{"from": NOON})
    assert (refused.status_code, "the person wears TAG-A then" in refused.text) == (422, True)
    meant = on(fresh_api, person_id, serial="TAG-B", beside_another=True, **{"from": NOON})
    assert meant.status_code == 201


def test_no_tag_without_a_decision_that_holds_on_that_day(fresh_api: RunningApi) -> None:
    person_id = fresh_api.own.person_id
    later = {"serial": "TAG-B", "from": NOON, "beside_another": True}
    refused = on(fresh_api, person_id, **later)
    assert (refused.status_code, "nobody has decided" in refused.text) == (422, True)
    path = f"/v1/people/{person_id}/eligibility"
    send(fresh_api, "POST", path, ELIGIBLE)
    send(fresh_api, "POST", path, {**ELIGIBLE, "borough": "Camden"})  # the newest counts
    refused = on(fresh_api, person_id, **later)
    assert (refused.status_code, "Camden takes no part" in refused.text) == (422, True)
    send(fresh_api, "POST", path, ELIGIBLE)
    early = on(fresh_api, person_id, **{**later, "from": "2019-02-17T12:00:00Z", "to": "2019-02-18T00:00:00Z"})
    assert (early.status_code, "it opens on 18 February 2019" in early.text) == (422, True)
    assert on(fresh_api, person_id, **later).status_code == 201


def test_nobody_under_18_on_that_day_is_tagged(fresh_api: RunningApi) -> None:
    person_id = eligible(fresh_api, date_of_birth="2008-03-02")  # 18 on 2 March 2026
    refused = on(fresh_api, person_id, **{"from": "2026-03-01T23:59:59Z"})
    assert (refused.status_code, "17 years old" in refused.text) == (422, True)
    assert on(fresh_api, person_id, **{"from": "2026-03-02T00:00:00Z"}).status_code == 201


def test_what_changed_is_judged_and_matched_anew(fresh_api: RunningApi) -> None:
    person_id = eligible(fresh_api)
    on(fresh_api, person_id)
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute("SELECT device_id, from_time FROM reevaluations")
        assert cursor.fetchall() == [(device_id(fresh_api, "TAG-A"), datetime(2026, 3, 2, 9, tzinfo=UTC))]


def test_devices_are_listed_page_by_page_for_who_manages_them(api: RunningApi) -> None:
    first = api.get(Role.ADMINISTRATOR, "/v1/devices?limit=1").json()
    assert first["devices"][0]["last"]["crn"] == "X100001"
    second = api.get(Role.ADMINISTRATOR, first["next"]).json()
    assert [one["serial"] for one in second["devices"]] == ["TAG-X100002"]
    assert second["next"] is None
    assert api.get(Role.PRACTITIONER, "/v1/devices").status_code == 403


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMINISTRATOR])
def test_nobody_there_is_one_answer(api: RunningApi, role: Role) -> None:
    body = {"serial": "TAG-A", "from": MORNING}
    assert send(api, "POST", "/v1/people/4711/device-on", body, role).status_code == 404
