"""Officers act on an alert: what is recorded, what is refused, and that the second of two is told what changed."""

from typing import Any

import psycopg2
import pytest

from alerts.case_details import LONGEST_TEXT, BadDetailError
from alerts.casework import CaseConflictError, IllegalStepError, UnknownAlertError, act
from model.casework import CaseAction, CaseStatus
from model.staff import StaffRole
from tests.support.cases import ALERT_ID, CaseWorld, seed_case_world, seed_staff
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner

WRITTEN_FOR_GOOD = "never changed|one version an action|nobody says how"
A, B, C = "officer.a", "officer.b", "officer.c"


@pytest.fixture
def world(migrated_database: DatabaseUrls) -> CaseWorld:
    return seed_case_world(migrated_database)


def closed(world: CaseWorld, by: str = A) -> None:
    world.act(by, CaseAction.START_REVIEW)
    world.act(by, CaseAction.INVITE_ACCOUNT)
    world.act(by, CaseAction.CLOSE, outcome="warning", text="said so themselves")


def test_a_breach_is_worked_from_start_to_finish(world: CaseWorld) -> None:
    world.act(A, CaseAction.ACKNOWLEDGE, 1)
    world.act(A, CaseAction.COMPLETE_STEP, 2, step="look")
    world.act(A, CaseAction.START_REVIEW, 3)
    world.act(A, CaseAction.INVITE_ACCOUNT, 4, text="by letter")
    world.act(B, CaseAction.RECORD_ACCOUNT, 5, text="  I had to\n fetch my son  ")
    case = world.act(A, CaseAction.CLOSE, 6, outcome="warning", text="first time")
    assert case == world.case()
    assert (case.status, case.version, case.outcome, case.outcome_is_breach) == (CaseStatus.CLOSED, 7, "warning", True)
    assert (case.acknowledged_by, case.first_action_by, case.closed_by, case.outcome_rules_version) == (A, A, A, 0)
    assert case.acknowledged_at < case.first_action_at < case.account_invited_at < case.closed_at  # type: ignore[operator]
    history = world.history()
    assert [(one.case_version, one.acted_by) for one in history] == [(2, A), (3, A), (4, A), (5, A), (6, B), (7, A)]
    assert history[4].detail == {"text": "  I had to\n fetch my son  "}, "kept verbatim"
    assert history[5].detail == {
        "outcome": "warning",
        "text": "first time",
        "outcome_words": "Breach: warning given",
        "outcome_group": "breach",
        "is_false_alarm": False,
        "rules_version": 0,
    }


def test_a_breach_is_closed_only_after_the_wearer_s_account_was_invited(world: CaseWorld) -> None:
    world.act(A, CaseAction.START_REVIEW)
    with pytest.raises(IllegalStepError, match="asked for their account"):
        world.act(A, CaseAction.CLOSE, outcome="warning", text="x")
    assert world.case().version == 2, "nothing was done"
    world.act(A, CaseAction.CLOSE, outcome="drift", text="the tag drifts at that wall")


def test_the_second_of_two_is_told_what_changed(world: CaseWorld) -> None:
    world.act(A, CaseAction.ACKNOWLEDGE, 1)
    world.act(A, CaseAction.NOTE, 2, text="secret")
    with pytest.raises(CaseConflictError) as conflict:
        world.act(B, CaseAction.ACKNOWLEDGE, 1)
    assert [(one.acted_by, one.action) for one in conflict.value.since] == [
        (A, CaseAction.ACKNOWLEDGE),
        (A, CaseAction.NOTE),
    ]
    assert conflict.value.case == world.case()
    assert "secret" not in str(conflict.value)


def test_a_contested_one_is_looked_at_by_somebody_who_had_no_part(world: CaseWorld) -> None:
    closed(world)
    contested = world.act(B, CaseAction.CONTEST, by="officer", text="the zone was edited that day")
    assert (contested.status, contested.outcome) == (CaseStatus.CONTESTED, None)
    assert (contested.review_due_at - contested.contested_at).total_seconds() == 172_800  # type: ignore[operator]
    for party in (A, B, " OFFICER.A"):
        with pytest.raises(IllegalStepError, match="no part in the decision"):
            world.act(party, CaseAction.CLOSE, outcome="drift", text="x")
    decided = world.act(C, CaseAction.CLOSE, outcome="wrong_zone", text="it was")
    assert (decided.contested_at, decided.review_due_at, decided.closed_by) == (None, None, C)


def test_who_wrote_the_wearer_s_objection_down_may_decide_and_who_reviewed_before_may_not(world: CaseWorld) -> None:
    world.act(A, CaseAction.START_REVIEW)
    world.act(B, CaseAction.CONTEST, by="wearer", text="I was at home")
    with pytest.raises(IllegalStepError, match="no part in the decision"):
        world.act(A, CaseAction.START_REVIEW)
    world.act(B, CaseAction.START_REVIEW)
    assert world.act(B, CaseAction.CLOSE, outcome="drift", text="so it was").closed_by == B


def test_it_is_given_to_active_staff_only_and_that_is_no_first_action(world: CaseWorld) -> None:
    case = world.act(A, CaseAction.ASSIGN, to=B)
    assert (case.assigned_to, case.acknowledged_at, case.first_action_at) == (B, None, None)
    assert world.act(B, CaseAction.HAND_OVER, to=C, text="my shift ends").assigned_to == C
    assert [one.detail["from"] for one in world.history()] == [None, B]
    with as_owner(world.urls.owner) as cursor:
        cursor.execute("UPDATE staff SET ended_at = now() WHERE subject = %s", (A,))
    for nobody in (A, "no.such"):
        with pytest.raises(BadDetailError, match="no active member of staff"):
            world.act(C, CaseAction.ASSIGN, to=nobody)


def test_it_is_given_to_nobody_who_would_not_see_it(world: CaseWorld) -> None:
    with as_owner(world.urls.owner) as cursor:
        seed_staff(cursor, "liaison", StaffRole.VICTIM_LIAISON)
        seed_staff(cursor, "other.practitioner")
    for action in (CaseAction.ASSIGN, CaseAction.HAND_OVER):
        for blind in ("liaison", "other.practitioner"):
            with pytest.raises(BadDetailError, match=f"{blind}, .* would not see this alert"):
                world.act(B, action, to=blind)
    with as_owner(world.urls.owner) as cursor:
        cursor.execute(
            "INSERT INTO rota_shifts (role, subject, during, added_by) VALUES"
            " ('duty_officer', 'other.practitioner', tstzrange(now() - interval '1 h', now() + interval '1 h'), 'x')"
        )
    assert world.act(B, CaseAction.ASSIGN, to="other.practitioner").assigned_to == "other.practitioner"


def test_a_step_of_the_plan_is_ticked_once_and_its_words_are_kept(world: CaseWorld) -> None:
    world.act(A, CaseAction.COMPLETE_STEP, step="call_wearer", text="no answer")
    with pytest.raises(BadDetailError, match="call_wearer is done already"):
        world.act(B, CaseAction.COMPLETE_STEP, step="call_wearer")
    with pytest.raises(BadDetailError, match="has the steps look, protect, call_wearer, police, not dance"):
        world.act(B, CaseAction.COMPLETE_STEP, step="dance")
    (entry,) = world.history()
    assert entry.detail["step_text"] == "Ring the wearer: ask them to leave, and for their account."


@pytest.mark.parametrize(
    ("action", "detail", "field"),
    [
        (CaseAction.NOTE, {}, "text"),
        (CaseAction.NOTE, {"text": " \n"}, "text"),
        (CaseAction.NOTE, {"text": "x" * (LONGEST_TEXT + 1)}, "text"),
        (CaseAction.NOTE, {"text": "bell \x07"}, "text"),
        (CaseAction.NOTE, {"text": "x", "outcome": "drift"}, "outcome"),
        (CaseAction.ASSIGN, {}, "to"),
        (CaseAction.CONTEST, {"by": "nobody", "text": "x"}, "by"),
        (CaseAction.CLOSE, {"outcome": "no_such", "text": "x"}, "outcome"),
        (CaseAction.CLOSE, {"outcome": "drift"}, "text"),
    ],
)
def test_what_an_action_says_of_itself_is_checked(
    world: CaseWorld, action: CaseAction, detail: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadDetailError) as refused:
        world.act(A, action, **detail)
    assert refused.value.field == field
    assert world.case().version == 1


def test_a_note_of_the_longest_length_with_any_letters_is_kept(world: CaseWorld) -> None:
    text = "é\u00a0\u200d😀\r\n\t"
    text += "x" * (LONGEST_TEXT - len(text))
    world.act(A, CaseAction.NOTE, text=text)
    assert world.history()[0].detail == {"text": text}


def test_what_the_service_does_is_its_own_and_what_officers_do_theirs(world: CaseWorld) -> None:
    with pytest.raises(IllegalStepError, match="escalate is not done by officer"):
        world.act(A, CaseAction.ESCALATE)
    with pytest.raises(IllegalStepError, match="acknowledge is not done by cordon"):
        world.act("cordon", CaseAction.ACKNOWLEDGE)
    world.act("cordon", CaseAction.ESCALATE, to_role="manager")
    assert world.act("cordon", CaseAction.HAND_OVER, to=B).assigned_to == B


def test_an_alert_that_is_not_there_is_named(world: CaseWorld) -> None:
    with as_owner(world.urls.owner) as cursor, pytest.raises(UnknownAlertError, match=str(ALERT_ID)):
        act(cursor, A, ALERT_ID, None, CaseAction.ACKNOWLEDGE)


def test_the_log_is_never_changed_and_no_case_changes_without_it(world: CaseWorld) -> None:
    world.act(A, CaseAction.ACKNOWLEDGE)
    for statement in (
        "UPDATE alert_actions SET acted_by = 'x'",
        "DELETE FROM alert_actions",
        "TRUNCATE alert_actions",
        "UPDATE alert_cases SET status = 'raised'",
        "UPDATE alert_cases SET status = 'raised', version = version + 1",
    ):
        with pytest.raises(psycopg2.Error, match=WRITTEN_FOR_GOOD), as_owner(world.urls.owner) as cursor:
            cursor.execute(statement)
