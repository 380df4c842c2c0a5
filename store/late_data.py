"""What late data does to the case of an alert; a test holds it together with the table of alerts/lifecycle.py."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from psycopg2.extras import Json

from model.alerts import AlertChange
from model.casework import SERVICE_SUBJECT, CaseAction
from model.enums import AlertChangeKind, Severity
from store.database import Cursor
from store.rows import insert_rows

ACTIONS = {
    AlertChangeKind.AMENDED: CaseAction.AMEND,
    AlertChangeKind.UPGRADED: CaseAction.UPGRADE,
    AlertChangeKind.RETRACTED: CaseAction.RETRACT,
    AlertChangeKind.REOPENED: CaseAction.REVIVE,
}
"""The others change nothing that anybody has decided."""
UNDOES = (
    "(alert_case.breach_decided AND (told.action = 'retract' AND alert_case.status <> 'retracted'"
    " OR told.action = 'downgrade' AND alert_case.status = 'closed'))"
)
"""What was done because of a breach that was none has to be undone by somebody."""
STAYS = f"(told.action = 'amend' OR told.action = 'downgrade' AND NOT {UNDOES})"
CLOCKS_ANEW = (
    "told.action = 'upgrade'"
    " OR (told.action = 'revive' AND alert_case.status IN ('acknowledged', 'closed', 'retracted'))"
    f" OR ({UNDOES} AND alert_case.status <> 'contested' AND alert_case.acknowledged_at IS NOT NULL)"
)
_ANEW = ("acknowledged_at", "acknowledged_by", "first_action_at", "first_action_by")
_OUTCOME = ("closed_at", "closed_by", "outcome", "outcome_is_breach", "outcome_rules_version")


def work_late_data(cursor: Cursor, changes: Sequence[AlertChange]) -> None:
    """One action in the name of the service for each change that says otherwise than staff were told.

    Several of one alert follow one another, each a version of its own. The caller holds the log of changes.
    """
    rounds: list[list[tuple[Any, ...]]] = []
    seen: Counter[str] = Counter()
    for change in changes:
        action = _action(change)
        if action is not None:
            alert_id = str(change.alert.alert_id)
            if seen[alert_id] == len(rounds):
                rounds.append([])
            rounds[seen[alert_id]].append((alert_id, action.value, Json(_detail(change))))
            seen[alert_id] += 1
    for told in rounds:
        insert_rows(cursor, _STATEMENT, told)


def _action(change: AlertChange) -> CaseAction | None:
    """One that is no breach any more is told as amended, or as ended."""
    keeps = change.kind not in {AlertChangeKind.RETRACTED, AlertChangeKind.REOPENED}
    if keeps and change.before is not None and change.before.severity is Severity.BREACH is not change.alert.severity:
        return CaseAction.DOWNGRADE
    return ACTIONS.get(change.kind)


def _detail(change: AlertChange) -> dict[str, str]:
    """What of the alert is told otherwise now; when and where is in the log of its changes."""
    now, before = change.alert, change.before
    values = {"kind": now.kind.value, "severity": now.severity.value, "state": now.state.value}
    if before is None:
        return values
    return values | {"kind_before": before.kind.value, "severity_before": before.severity.value}


_STATEMENT = f"""
    WITH told (alert_id, action, detail) AS (VALUES %s), moved AS (
      UPDATE alert_cases alert_case SET
        version = alert_case.version + 1,
        status = CASE
          WHEN {STAYS} THEN alert_case.status
          WHEN {UNDOES} AND alert_case.status <> 'contested' THEN 'reopened'
          WHEN {UNDOES} THEN 'contested'
          WHEN told.action = 'retract' THEN 'retracted'
          WHEN alert_case.status IN ('acknowledged', 'closed', 'retracted') THEN 'reopened'
          ELSE alert_case.status END,
        clocks_from = CASE WHEN {CLOCKS_ANEW} THEN service_clock() ELSE alert_case.clocks_from END,
        {", ".join(f"{name} = CASE WHEN {CLOCKS_ANEW} THEN NULL ELSE alert_case.{name} END" for name in _ANEW)},
        {", ".join(f"{name} = CASE WHEN {STAYS} THEN alert_case.{name} END" for name in _OUTCOME)},
        account_invited_at = CASE WHEN told.action <> 'upgrade' THEN alert_case.account_invited_at END,
        response_plan_id = CASE
          WHEN told.action = 'upgrade' AND NOT EXISTS (
            SELECT FROM response_plans plan
            WHERE plan.response_plan_id = alert_case.response_plan_id AND plan.zone_id IS NOT NULL)
          THEN response_plan_for(alert.zone_id, alert.kind)
          ELSE alert_case.response_plan_id END
      FROM told JOIN alerts alert ON alert.alert_id = told.alert_id::uuid
      WHERE alert_case.alert_id = alert.alert_id
      RETURNING alert_case.alert_id, alert_case.version, told.action, told.detail
    )
    INSERT INTO alert_actions (alert_id, case_version, action, acted_by, acted_at, detail)
    SELECT alert_id, version, action, '{SERVICE_SUBJECT}', service_clock(), detail::jsonb FROM moved
"""  # noqa: S608 -- literals
"""An upgraded alert is of a more serious kind, and takes that kind's plan, unless its zone has one of its own."""
