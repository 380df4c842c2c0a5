"""A condition behind a victim's zone: its approval is refused as any other change of the shape is, and recorded."""

from datetime import UTC, datetime

import pytest

from access.roles import Role
from tests.support.api_server import RunningApi
from tests.support.conditions import WORDING, approve, condition, post, put, zone_versions
from tests.support.seed import as_owner
from tests.support.victim_duty import choose, keep, notices, shown, tasks, watch
from tests.support.victims import ADDRESS, LAT, LON, LiaisonOffice, liaison_office


@pytest.fixture
def office(fresh_api: RunningApi) -> LiaisonOffice:
    return liaison_office(fresh_api)


def test_an_approval_of_a_shape_that_was_not_allowed_is_refused_with_its_remedy(office: LiaisonOffice) -> None:
    api, linked = office.api, office.linked_zone()
    adopt = {"reference": linked.reference, "wording": WORDING, "starts": "2026-01-01T00:00:00Z"}
    adopted = post(api, Role.PRACTITIONER, f"/v1/people/{linked.person_id}/conditions/adopt", adopt)
    assert adopted.status_code == 201, adopted.text
    path = f"/v1/conditions/{adopted.json()['condition_id']}"
    around = condition(linked.reference)
    drafted = put(api, Role.PRACTITIONER, f"{path}/draft", around, adopted.headers["etag"])
    answer = approve(api, drafted)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"] == [
        {
            "reference": linked.reference,
            "value": "its shape may not be changed so",
            "remedy": "ask the victim liaison officer",
        }
    ]
    for secret in (ADDRESS, str(LAT), str(LON), "victim_id"):
        assert secret not in answer.text
    outcome, subject, person, *_ = api.audit("condition.approve")[-1]
    assert (outcome, subject, person) == ("refused", "the.manager", linked.person_id)
    assert api.get(Role.MANAGER, path).json()["current"]["status"] == "draft", "it waits for another shape"
    assert len(zone_versions(api, linked.reference)) == 1

    refused = post(api, Role.MANAGER, f"{path}/refuse", {"reason": "the shape"}, tag=drafted.headers["etag"])
    assert refused.status_code == 200, "nothing is published by a refusal"
    allowed = condition(linked.reference) | {"geometry": linked.geometry}
    again = put(api, Role.PRACTITIONER, f"{path}/draft", allowed, refused.headers["etag"])
    assert approve(api, again).status_code == 200, "the liaison officer has allowed this one"


def test_with_the_end_of_the_wearer_the_zone_is_not_watched_and_the_victim_is_to_be_told(office: LiaisonOffice) -> None:
    linked = office.linked_zone()
    choose(office, linked.victim_id)
    watch(office)
    end = {"at": datetime.now(UTC).isoformat(), "take_tags_off": True}
    answer = post(office.api, Role.MANAGER, f"/v1/people/{linked.person_id}/end", end)
    assert answer.status_code == 200, answer.text
    assert watch(office) == 1
    state, reasons = shown(office, linked)
    assert (state, "no_live_version" in reasons) == ("not_watched", True)
    assert "victim_zone" in {template for _, _, template, _ in notices(office)}
    assert keep(office) == 0, "within an hour it may still be corrected"
    with as_owner(office.api.urls.owner) as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION service_clock() RETURNS timestamptz LANGUAGE sql VOLATILE"
            " AS $$ SELECT clock_timestamp() + interval '61 minutes' $$"
        )
    assert keep(office) == 1
    assert [one["kind"] for one in tasks(office)] == ["monitoring_ended"]
