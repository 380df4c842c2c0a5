"""Messages by the API: one's own with their words, nobody else's, and counts for those who run the service."""

from access.roles import Role
from model.notices import NoticeChannel
from tests.support.api_server import RunningApi
from tests.support.messages import Keeper, messages_by, seed_notice, seed_staff
from tests.support.seed import as_owner

OFFICER, OTHER, MONITOR = Role.DUTY_OFFICER, Role.PRACTITIONER, Role.MONITORING_OFFICER


def test_each_sees_their_own_and_says_that_they_have_it(fresh_api: RunningApi) -> None:
    with as_owner(fresh_api.urls.owner) as cursor:
        for role in (OFFICER, OTHER):
            seed_staff(cursor, f"the.{role}", role.value)
            seed_notice(cursor, f"the.{role}")
    keeper = Keeper()
    with messages_by(fresh_api.urls, keeper, NoticeChannel.EMAIL) as sender:
        for _ in range(3):
            sender.round()
    assert len(keeper.sent) == 2
    (message,) = fresh_api.get(OFFICER, "/v1/messages").json()["messages"]
    (others,) = fresh_api.get(OTHER, "/v1/messages").json()["messages"]
    assert message["subject"] == "Cordon: an alert is overdue: look at it"
    assert (message["received_at"], message["message_id"] == others["message_id"]) == (None, False)
    assert fresh_api.get(MONITOR, "/v1/messages").json()["messages"] == []
    with fresh_api.client(OFFICER) as client:
        path = f"/v1/messages/{message['message_id']}/receipt"
        assert client.post(path).json() == {"message_id": message["message_id"], "received": True}
        assert client.post(path).status_code == 200
        assert client.post(f"/v1/messages/{others['message_id']}/receipt").status_code == 404
        assert client.get("/v1/message-counts").status_code == 403
    counts = fresh_api.get(MONITOR, "/v1/message-counts")
    assert counts.json()["counts"] == [
        {"channel": "email", "state": "accepted", "amount": 1},
        {"channel": "email", "state": "received", "amount": 1},
    ]
    assert "officer" not in counts.text
    assert [outcome for outcome, *_ in fresh_api.audit("message.receipt")] == ["allowed", "allowed", "refused"]
