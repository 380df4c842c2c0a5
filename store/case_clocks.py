"""When the three clocks of an alert are due: by the rules, its severity and its urgency."""

from datetime import datetime
from typing import Any

from model.casework_rules import CaseworkRules
from store.cases import OPEN

CLOCKS = """
    CROSS JOIN LATERAL (SELECT alert_case.clocks_from AT TIME ZONE %(time_zone)s AS local_from) wall
    CROSS JOIN LATERAL (
      SELECT CASE alert.urgency WHEN 'immediate' THEN alert_case.clocks_from ELSE (
        date_trunc('day', local_from) + %(morning_starts)s
        + CASE WHEN local_from::time > %(morning_starts)s THEN interval '1 day' ELSE interval '0' END
      ) AT TIME ZONE %(time_zone)s END AS runs_from) begun
    JOIN LATERAL (
      SELECT runs_from + make_interval(secs => given.acknowledge_s) AS acknowledge_due_at,
             runs_from + make_interval(secs => given.first_action_s) AS first_action_due_at,
             coalesce(alert_case.review_due_at, runs_from + make_interval(secs => given.outcome_s)) AS outcome_due_at
      FROM unnest(%(severities)s::text[], %(urgencies)s::text[], %(acknowledge_s)s::float8[],
                  %(first_action_s)s::float8[], %(outcome_s)s::float8[])
        AS given (severity, urgency, acknowledge_s, first_action_s, outcome_s)
      WHERE given.severity = alert.severity AND given.urgency = alert.urgency) due ON true
"""
"""For ``alerts alert JOIN alert_cases alert_case``, with the parameters of ``clock_parameters``: the row ``due``.

What is told in the morning counts from the first morning after it was raised.
"""
DUE = "due.acknowledge_due_at, due.first_action_due_at, due.outcome_due_at"
OVERDUE = f"""({OPEN} AND (
    (alert_case.acknowledged_at IS NULL AND due.acknowledge_due_at < %(now)s)
    OR (alert_case.first_action_at IS NULL AND due.first_action_due_at < %(now)s)
    OR due.outcome_due_at < %(now)s))"""
"""Whether a clock that still runs has run out."""


def clock_parameters(rules: CaseworkRules, now: datetime) -> dict[str, Any]:
    given = rules.response_times
    return {
        "now": now,
        "time_zone": rules.office_hours.time_zone,
        "morning_starts": rules.morning_starts,
        "severities": [one.severity.value for one in given],
        "urgencies": [one.urgency.value for one in given],
        "acknowledge_s": [one.acknowledge_s for one in given],
        "first_action_s": [one.first_action_s for one in given],
        "outcome_s": [one.outcome_s for one in given],
    }
