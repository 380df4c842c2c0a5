"""What a person is given who asks for the data about them: nothing of others, and nothing of zones not told to them.

All zones that are disclosed are shown alike, by their words and without a shape: one that kept silent of victims'
zones would name them (docs/victims.md). Of an approach, and of a zone that is not disclosed, there is nothing, and no
number of them either; who reviews the export is told the numbers. What was collected before somebody's 18th birthday is
shut away from everybody, the reviewer too: the export says for how many periods.
"""

from store.exports.sections import Section

COMMON = """
    WITH told AS ( -- versions of zones that the wearer was told of, and may still know of
      SELECT zone_id, version, zone_versions.name FROM zone_versions
      WHERE is_disclosed AND kind <> 'crime_scene' AND NOT EXISTS (
        SELECT FROM zone_versions newer
        WHERE newer.zone_id = zone_versions.zone_id AND newer.version > zone_versions.version
          AND NOT newer.is_disclosed)
    ), told_alerts AS (
      SELECT alerts.*, told.name AS zone FROM alerts LEFT JOIN told
        ON told.zone_id = alerts.zone_id AND told.version = alerts.zone_version
      WHERE person_id = %(person)s AND kind <> 'approach_warning'
        AND (alerts.zone_id IS NULL OR told.zone_id IS NOT NULL)
        AND (activation_id IS NULL OR NOT is_quarantined(person_id, activation_id, began_at))
    ), told_visits AS (
      SELECT visits.*, told.name AS zone FROM visits JOIN told
        ON told.zone_id = visits.zone_id AND told.version = visits.zone_version
      WHERE person_id = %(person)s AND aspect = 'zone' AND NOT is_quarantined(person_id, activation_id, entered_at)
    ), worn AS (SELECT * FROM device_activations WHERE person_id = %(person)s)
"""
"""Stands before each statement."""

TOLD_BASES = "('bail_condition', 'whereabouts_requirement')"
"""Kinds of legal bases that are made known to whom they bind. An order of a court may have been made without notice,
and what threatens a life may concern somebody else: there is nothing of either.
"""
TRACK = Section(
    "track",
    "every position of your tags while you wore them",
    """
    SELECT fix_time, lat, lon, accuracy_m, mechanism, speed_mps, heading_deg, satellites, hdop, battery_pct, flags,
           serial AS tag, received_at
    FROM worn JOIN devices USING (device_id) JOIN positions USING (device_id)
    WHERE fix_time >= lower(during) AND fix_time < coalesce(upper(during), 'infinity')
    ORDER BY fix_time, device_id, fix_key
    """,
)
_PERSON = (
    Section(
        "person",
        "what is recorded of you",
        """
        SELECT crn, nomis_id, pnc_id, people.name, date_of_birth, teams.name AS team,
               role_of_staff(practitioner) AS supervised_by, people.created_at, people.ended_at
        FROM people LEFT JOIN teams USING (team_id) WHERE person_id = %(person)s
        """,
    ),
    Section(
        "tags",
        "the tags that you wore, and when they were heard last",
        """
        SELECT serial AS tag, lower(during) AS from_time, upper(during) AS to_time,
               CASE WHEN upper(during) IS NULL THEN last_received_at END AS last_heard_at,
               CASE WHEN upper(during) IS NULL THEN heard.battery_pct END AS battery_pct
        FROM worn JOIN devices USING (device_id) LEFT JOIN device_heard heard USING (device_id)
        ORDER BY lower(during)
        """,
    ),
    Section(
        "impossible_positions",
        "positions that your tags sent with a time that cannot be; they were used for nothing",
        """
        SELECT fix_time, lat, lon, accuracy_m, mechanism, serial AS tag, received_at
        FROM worn JOIN devices USING (device_id) JOIN quarantined_positions USING (device_id)
        WHERE received_at <@ during ORDER BY received_at, fix_time, fix_key
        """,
    ),
    Section(
        "tag_events",
        "what your tags said besides positions: strap, battery, power",
        """
        SELECT event_time, kind, battery_pct, serial AS tag, received_at
        FROM worn JOIN devices USING (device_id) JOIN device_events USING (device_id)
        WHERE event_time <@ during ORDER BY event_time, event_id
        """,
    ),
    Section(
        "tag_gaps",
        "times without positions",
        """
        SELECT greatest(from_time, lower(during)) AS from_time,
               least(until_time, coalesce(upper(during), 'infinity')) AS until_time, serial AS tag
        FROM worn JOIN devices USING (device_id) JOIN track_gaps USING (device_id)
        WHERE tstzrange(from_time, until_time) && during ORDER BY 1
        """,
    ),
    Section(
        "tag_messages",
        "what was sent to your tags",
        """
        SELECT tag_commands.created_at, kind, body, delivered_at, serial AS tag
        FROM worn JOIN devices USING (device_id) JOIN tag_commands USING (device_id)
        WHERE tag_commands.created_at <@ during ORDER BY 1
        """,
    ),
)
_LICENCE = (
    Section(
        "eligibility",
        "decisions on whether you may be tagged",
        """
        SELECT for_day, prison, borough, stated, answers, screening_note, is_eligible, reason, how_to_challenge,
               role_of_staff(decided_by) AS decided_by, decided_at, withdrawn_at
        FROM eligibility_decisions WHERE person_id = %(person)s ORDER BY decision_id
        """,
    ),
    Section(
        "conditions",
        "your licence conditions that you were told of, with each version and what was decided on it",
        """
        SELECT reference, condition.kind, version, status, name, wording, starts_at, ends_at, schedule, drafted_at,
               role_of_staff(decided_by) AS decided_by, decided_at, reason, ended_at
        FROM licence_conditions condition JOIN condition_versions USING (condition_id)
        WHERE person_id = %(person)s AND is_disclosed AND status IN ('live', 'superseded', 'ended') AND NOT EXISTS (
          SELECT FROM condition_versions newer WHERE newer.condition_id = condition.condition_id
            AND newer.version > condition_versions.version AND newer.status IN ('live', 'superseded', 'ended')
            AND NOT newer.is_disclosed)
        ORDER BY condition_id, version
        """,
    ),
    Section(
        "legal_bases",
        "decisions of others than your licence by which your track may be looked at, that you were told of",
        f"""
        SELECT reference, kind, wording, lower(during) AS from_time, upper(during) AS to_time, status,
               role_of_staff(decided_by) AS decided_by, decided_at, ended_at
        FROM legal_bases WHERE person_id = %(person)s AND status IN ('live', 'ended') AND kind IN {TOLD_BASES}
        ORDER BY legal_basis_id
        """,  # noqa: S608  literals
    ),
    Section(
        "zones",
        "your zones that you were told of",
        """
        SELECT told.name, version.kind, version.valid_from, version.valid_to, version.active_from, version.active_to,
               version.schedule
        FROM zones JOIN told USING (zone_id) JOIN zone_versions version USING (zone_id, version)
        WHERE person_id = %(person)s ORDER BY zone_id, version
        """,
    ),
    Section(
        "permissions",
        "times at which you were allowed to enter such a zone, or to be away",
        """
        SELECT told.name AS zone, lower(during) AS from_time, upper(during) AS to_time, purpose,
               role_of_staff(granted_by) AS granted_by, granted_at, role_of_staff(revoked_by) AS revoked_by, revoked_at
        FROM authorisations JOIN LATERAL (
          SELECT name FROM told versions WHERE versions.zone_id = authorisations.zone_id ORDER BY version DESC LIMIT 1
        ) told ON true
        WHERE person_id = %(person)s ORDER BY authorisation_id
        """,
    ),
    Section(
        "visits",
        "stays in such zones, as the service found them",
        """
        SELECT zone, entered_at, last_inside_at, left_at, state, inferred, positions_inside, end_reason
        FROM told_visits ORDER BY entered_at, visit_id
        """,
    ),
)
_ALERTS = (
    Section(
        "alerts",
        "alerts about you and your tags, what came of them and who decided",
        """
        SELECT told.alert_id, kind, severity, state, zone, began_at, ended_at, told.raised_at, status,
               acknowledged_at, role_of_staff(acknowledged_by) AS acknowledged_by, account_invited_at, contested_at,
               closed_at, role_of_staff(closed_by) AS closed_by, outcome, outcome_is_breach
        FROM told_alerts told LEFT JOIN alert_cases USING (alert_id) ORDER BY told.raised_at, alert_id
        """,
    ),
    Section(
        "alert_changes",
        "each change of these alerts",
        """
        SELECT alert_id, change, happened_at
        FROM alert_events JOIN (SELECT alert_id FROM told_alerts) alerts USING (alert_id)
        ORDER BY event_id
        """,
    ),
    Section(
        "alert_notes",
        "what staff did and noted on these alerts",
        """
        SELECT alert_id, acted_at, action, role_of_staff(acted_by) AS acted_by, detail
        FROM alert_actions JOIN (SELECT alert_id FROM told_alerts) alerts USING (alert_id)
        ORDER BY acted_at, alert_id, case_version
        """,
    ),
    Section(
        "messages",
        "messages that staff were sent about these alerts",
        """
        SELECT notices.alert_id, notices.created_at, notices.channel, template, notices.severity,
               role_of_staff(notices.recipient) AS recipient, messages.accepted_at, messages.delivered_at
        FROM notices LEFT JOIN messages USING (message_id)
        WHERE notices.alert_id IN (SELECT alert_id FROM told_alerts) ORDER BY notice_id
        """,
    ),
    Section(
        "escalations",
        "who was told of these alerts, step by step",
        """
        SELECT alert_id, round, step, escalations.role, outcome, decided_at
        FROM escalations JOIN (SELECT alert_id FROM told_alerts) alerts USING (alert_id)
        ORDER BY escalation_id
        """,
    ),
)
_GLASS = Section(
    "opened_at_once",
    "when somebody who does not supervise you saw your record at once, and whether a manager found that right",
    """
    SELECT opened_at, ends_at, opened_role AS opened_by, reviewed_at, is_justified
    FROM break_glass WHERE person_id = %(person)s ORDER BY break_glass_id
    """,
)
_LOOKS = Section(
    "looks",
    "who looked at what is recorded of you: by role, at what time, for what purpose",
    """
    SELECT happened_at, role, action, purpose, window_from, window_to, row_count
    FROM person_looks(%(person)s) WHERE is_told ORDER BY happened_at, action
    """,
)
SECTIONS = (*_PERSON, TRACK, *_LICENCE, *_ALERTS, _GLASS, _LOOKS)
"""The person's own data. ``TRACK`` is written as GeoJSON too, and is the only one with many rows."""
