"""What was told of a child's time is not told once more, whoever asks for it."""

from access.roles import Role
from store.database import Identity, Pool
from tests.api.police import PoliceApi
from tests.people.test_quarantine import CHILD, correct, owner_rows, police
from tests.support.delivery import add_webhook

__all__ = ["police"]
QUEUED = "SELECT person_id, change FROM outbox JOIN alert_events event USING (event_id) WHERE channel LIKE 'webhook:%'"


def test_a_replay_leaves_a_child_s_alerts_out_and_brings_their_retraction(police: PoliceApi) -> None:
    webhook_id, _ = add_webhook(police.api.urls.owner, "https://one.example/")
    correct(police, CHILD)
    changes = owner_rows(police, "SELECT change FROM alert_events")
    assert ("retracted",) in changes
    assert ("raised",) in changes
    pool = Pool(police.api.urls.api, "test", 1)
    with pool.transaction(Identity("the.administrator", Role.ADMINISTRATOR, "test", "")) as cursor:
        cursor.execute("SELECT replay_webhook(%s, NULL, '-infinity', 'infinity')", (webhook_id,))
        cursor.execute(
            "SELECT replay_webhook(%s, event_id, NULL, NULL) FROM generate_series(1, 9) event_id", (webhook_id,)
        )
    pool.close()
    queued = set(owner_rows(police, QUEUED))
    own = police.api.own.person_id
    assert {change for person_id, change in queued if person_id == own} == {"retracted"}
    assert (police.api.other.person_id, "raised") in queued, "nobody else's is left out"
