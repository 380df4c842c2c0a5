"""A stream of whoever is on duty, as the shift ends."""

from access.roles import Role
from tests.api.test_stream import alerts_of, opened, raise_alerts, zone_of
from tests.support.api_server import RunningApi
from tests.support.seed import as_owner


def test_a_stream_narrows_when_the_shift_ends(fresh_api: RunningApi) -> None:
    """To who is the officer's own; what happens meanwhile to others is not sent, then or on resuming."""
    zone = zone_of(fresh_api, "SHIFT")
    with opened(fresh_api, fresh_api.tokens[Role.DUTY_OFFICER]) as events:
        raise_alerts(fresh_api.urls, fresh_api.other, zone, 1)
        [seen] = alerts_of(events, 1)
        with as_owner(fresh_api.urls.owner) as cursor:
            cursor.execute("UPDATE rota_shifts SET during = tstzrange(lower(during), now())")
            cursor.execute("UPDATE people SET practitioner = 'the.duty_officer' WHERE crn = 'X100001'")
        raise_alerts(fresh_api.urls, fresh_api.other, zone, 1)
        raise_alerts(fresh_api.urls, fresh_api.own, zone, 1)
        [after] = alerts_of(events, 1)
    assert [event.data["person_id"] for event in (seen, after)] == [fresh_api.other.person_id, fresh_api.own.person_id]
    with opened(fresh_api, fresh_api.tokens[Role.DUTY_OFFICER], 0) as events:
        assert {event.data["person_id"] for event in alerts_of(events, 2)} == {fresh_api.own.person_id}
