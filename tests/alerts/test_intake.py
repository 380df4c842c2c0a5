"""When our own intake counts as alive, and when as deaf."""

import pytest

from alerts.intake import IntakeLimits, Observation, intake_changes, judge_intake
from model.times import SECOND_US
from model.watching import DeafReason, IntakeState

LIMITS = IntakeLimits(deaf_after_s=60, quiet_s=300, min_tags=20)
FRESH = IntakeState()


def seen(now: int, through: int | None, started: int = 0, tags: int = 0, newest: int | None = None) -> Observation:
    """Times in seconds."""
    return Observation(
        now * SECOND_US,
        started * SECOND_US,
        None if through is None else through * SECOND_US,
        tags,
        None if newest is None else newest * SECOND_US,
    )


def state(since: int | None, through: int | None, deaf: int | None = None, reason: str | None = None) -> IntakeState:
    def us(seconds: int | None) -> int | None:
        return None if seconds is None else seconds * SECOND_US

    return IntakeState(us(since), us(through), us(deaf), None if reason is None else DeafReason(reason))


TABLE = [
    ("before the first proof nothing is judged", FRESH, seen(30, None), FRESH),
    ("no proof for the limit", FRESH, seen(61, None), state(None, None, 0, "no_heartbeat")),
    ("the first proof", FRESH, seen(30, 29), state(29, 29)),
    ("the next one", state(29, 29), seen(40, 39), state(29, 39)),
    ("late, and within the limit", state(29, 29), seen(89, 29), state(29, 29)),
    ("later than the limit", state(29, 29), seen(90, 29), state(None, 29, 29, "no_heartbeat")),
    ("one who has just started waits", state(29, 29), seen(90, 29, started=80), state(None, 29)),
    ("after a stand-still timers begin anew", state(None, 29), seen(95, 94, started=80), state(94, 94)),
    ("a gap between two proofs breaks the time alive", state(29, 29), seen(500, 499, started=498), state(499, 499)),
    ("a quick takeover breaks nothing", state(29, 400), seen(420, 419, started=418), state(29, 419)),
    ("deaf, it stays deaf", state(None, 29, 29, "no_heartbeat"), seen(400, 29), state(None, 29, 29, "no_heartbeat")),
    ("it hears again", state(None, 29, 29, "no_heartbeat"), seen(400, 399), state(399, 399)),
    ("an old message that comes through is no proof", state(None, 29, 29, "no_heartbeat"), seen(400, 300),
     state(None, 29, 29, "no_heartbeat")),
    ("nobody is heard", state(0, 499), seen(501, 500, tags=20, newest=199), state(0, 500, 199, "nothing_heard")),
    ("few may be silent at once", state(0, 499), seen(501, 500, tags=19, newest=199), state(0, 500)),
    ("one is heard", state(0, 499), seen(501, 500, tags=20, newest=200), state(0, 500)),
    ("we could not hear for long enough", state(200, 499), seen(501, 500, tags=20, newest=10), state(200, 500)),
    ("nobody yet", state(0, 505, 199, "nothing_heard"), seen(511, 510, tags=20, newest=199),
     state(0, 510, 199, "nothing_heard")),
    ("somebody again", state(0, 505, 199, "nothing_heard"), seen(511, 510, tags=20, newest=509), state(510, 510)),
]  # fmt: skip


@pytest.mark.parametrize(("before", "look", "after"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_intake(before: IntakeState, look: Observation, after: IntakeState) -> None:
    assert judge_intake(before, look, LIMITS) == after


def test_timers_run_only_while_it_is_alive_and_not_deaf() -> None:
    assert state(1, 2).is_alive
    assert not state(None, 2).is_alive
    assert not state(1, 2, 1, "nothing_heard").is_alive


def test_one_alert_from_deafness_to_hearing() -> None:
    look = seen(90, 29)
    deaf = judge_intake(state(29, 29), look, LIMITS)
    (raised,) = intake_changes(deaf, [], look, LIMITS)
    assert (raised.kind.value, raised.alert.kind.value, raised.alert.person_id) == ("raised", "intake_deaf", None)
    assert intake_changes(deaf, [raised.alert], seen(200, 29), LIMITS) == []
    (ended,) = intake_changes(state(250, 250), [raised.alert], seen(251, 250), LIMITS)
    assert (ended.kind.value, ended.alert.ended_us) == ("ended", 250 * SECOND_US)
