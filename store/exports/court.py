"""What a court is given: a person and a window, with where each fact comes from. Staff stand by name: as witnesses.

A victim's address, reference and link to a zone are in none of it. What was collected before an 18th birthday is
shut away, and the export says for how many periods.
"""

from store.exports.sections import Section

COMMON = """
    WITH worn AS (
      SELECT * FROM device_activations WHERE person_id = %(person)s AND during && tstzrange(%(from)s, %(to)s)
    ), of_window AS (
      SELECT * FROM alerts
      WHERE person_id = %(person)s AND began_at < %(to)s AND coalesce(ended_at, 'infinity') >= %(from)s
        AND (activation_id IS NULL OR NOT is_quarantined(person_id, activation_id, began_at))
    )
"""
"""Stands before each statement."""
MESSAGES = Section(
    "messages",
    "the original message of each position, in base64, with its hash and the hash of its batch in the archive's chain",
    """
    SELECT DISTINCT partition, message_offset, serial FROM (
      SELECT partition, message_offset, serial FROM worn JOIN devices USING (device_id) JOIN positions USING (device_id)
      WHERE fix_time <@ during AND fix_time >= %(from)s AND fix_time < %(to)s
      UNION ALL
      SELECT partition, message_offset, serial
      FROM worn JOIN devices USING (device_id) JOIN quarantined_positions USING (device_id)
      WHERE received_at <@ during AND received_at >= %(from)s AND received_at < %(to)s
    ) sent ORDER BY partition, message_offset
    """,
)
"""Where the original bytes of the positions are: partition and offset, and the tag's serial."""
SECTIONS = (
    Section(
        "person",
        "whom it is about",
        "SELECT crn, nomis_id, pnc_id, name, date_of_birth FROM people WHERE person_id = %(person)s",
    ),
    Section(
        "activations",
        "which tag was on the person when",
        """
        SELECT activation_id, serial AS tag, lower(during) AS from_time, upper(during) AS to_time
        FROM worn JOIN devices USING (device_id) ORDER BY lower(during)
        """,
    ),
    Section(
        "positions",
        "every position in the window; partition and message_offset name its original message",
        """
        SELECT serial AS tag, fix_time, fix_key::text AS fix_key, received_at, lat, lon, accuracy_m, mechanism,
               speed_mps, heading_deg, satellites, hdop, battery_pct, sequence, flags, partition, message_offset
        FROM worn JOIN devices USING (device_id) JOIN positions USING (device_id)
        WHERE fix_time <@ during AND fix_time >= %(from)s AND fix_time < %(to)s ORDER BY fix_time, device_id, fix_key
        """,
    ),
    Section(
        "impossible_positions",
        "positions received in the window whose time cannot be; they were used for nothing",
        """
        SELECT serial AS tag, fix_time, fix_key::text AS fix_key, received_at, lat, lon, accuracy_m, mechanism, flags,
               partition, message_offset
        FROM worn JOIN devices USING (device_id) JOIN quarantined_positions USING (device_id)
        WHERE received_at <@ during AND received_at >= %(from)s AND received_at < %(to)s ORDER BY received_at, fix_key
        """,
    ),
    Section(
        "gaps",
        "times without positions: where the person was then is not known",
        """
        SELECT serial AS tag, greatest(from_time, lower(during)) AS from_time,
               least(until_time, coalesce(upper(during), 'infinity')) AS until_time
        FROM worn JOIN devices USING (device_id) JOIN track_gaps USING (device_id)
        WHERE tstzrange(from_time, until_time) && during AND until_time >= %(from)s AND from_time < %(to)s ORDER BY 2
        """,
    ),
    Section(
        "tag_events",
        "what the tags said besides positions",
        """
        SELECT serial AS tag, event_time, kind, battery_pct, received_at
        FROM worn JOIN devices USING (device_id) JOIN device_events USING (device_id)
        WHERE event_time <@ during AND event_time >= %(from)s AND event_time < %(to)s ORDER BY event_time, event_id
        """,
    ),
    Section(
        "conditions",
        "the licence conditions that stood in the window, as they were approved",
        """
        SELECT reference, condition.kind, version, status, name, wording, starts_at, ends_at, geometry, schedule,
               preset, policy, is_disclosed, drafters, decided_by, decided_at, ended_at
        FROM licence_conditions condition JOIN condition_versions USING (condition_id)
        WHERE person_id = %(person)s AND status IN ('live', 'superseded', 'ended') AND starts_at < %(to)s
          AND coalesce(least(ends_at, ended_at), 'infinity') >= %(from)s
        ORDER BY condition_id, version
        """,
    ),
    Section(
        "zones",
        "the versions of the person's zones, and of zones that they were found in, as they stood in the window",
        """
        SELECT reference, version, name, kind, geometry, schedule, preset, policy, is_disclosed, valid_from, valid_to,
               active_from, active_to, version.created_by, version.created_at
        FROM zones JOIN zone_versions version USING (zone_id)
        WHERE valid_from < %(to)s AND coalesce(valid_to, 'infinity') >= %(from)s
          AND (person_id = %(person)s OR zone_id IN (
            SELECT zone_id FROM visits WHERE visits.person_id = %(person)s AND entered_at < %(to)s
              AND coalesce(left_at, 'infinity') >= %(from)s))
        ORDER BY zone_id, version
        """,
    ),
    Section(
        "permissions",
        "authorised entries and absences in the window",
        """
        SELECT reference AS zone, lower(during) AS from_time, upper(during) AS to_time, purpose, granted_by, granted_at,
               revoked_by, revoked_at
        FROM authorisations JOIN zones USING (zone_id)
        WHERE authorisations.person_id = %(person)s AND during && tstzrange(%(from)s, %(to)s) ORDER BY authorisation_id
        """,
    ),
    Section(
        "visits",
        "stays in zones as the service found them, with the evidence that it went by",
        """
        SELECT visit_id, reference AS zone, zone_version, aspect, regime, state, entered_at, confirmed_at,
               last_inside_at, left_at, closed_at, inferred, positions_inside, end_reason, merged_into, evidence
        FROM visits JOIN zones USING (zone_id)
        WHERE visits.person_id = %(person)s AND entered_at < %(to)s AND coalesce(left_at, 'infinity') >= %(from)s
          AND NOT is_quarantined(visits.person_id, activation_id, entered_at)
        ORDER BY entered_at, visit_id
        """,
    ),
    Section(
        "alerts",
        "alerts of the window, with the evidence that raised them, and what came of them",
        """
        SELECT alerts.alert_id, kind, severity, urgency, state, reference AS zone, zone_version, began_at,
               last_evidence_at, ended_at, received_at, alerts.raised_at, status, acknowledged_at, acknowledged_by,
               contested_at, closed_at, closed_by, outcome, outcome_is_breach, evidence
        FROM of_window alerts LEFT JOIN zones USING (zone_id) LEFT JOIN alert_cases USING (alert_id)
        ORDER BY began_at, alert_id
        """,
    ),
    Section(
        "alert_notes",
        "what staff did and noted on these alerts",
        """
        SELECT alert_id, case_version, action, acted_by, acted_at, detail
        FROM alert_actions JOIN (SELECT alert_id FROM of_window) alerts USING (alert_id)
        ORDER BY acted_at, alert_id, case_version
        """,
    ),
    Section(
        "rules",
        "the versions of the rules of casework that were set before the end of the window",
        "SELECT version, set_by, set_at, document FROM casework_rules WHERE set_at < %(to)s ORDER BY version",
    ),
    Section(
        "migrations",
        "the schema that the rows were read from",
        "SELECT name, checksum, applied_at FROM schema_migrations ORDER BY name",
    ),
)
