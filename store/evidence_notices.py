"""What changed of issued bundles, and whom it concerns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg2.extras import Json

from store.database import Cursor
from store.rows import insert_rows


@dataclass(frozen=True, slots=True)
class ChangedEvidence:
    """A change that recipients of a bundle were not given notice of. Documents are those of matches."""

    evidence_id: int
    cause: str
    cause_id: int
    recipients: list[str]
    before: dict[str, Any]
    after: dict[str, Any] | None  # of the result that is current now; None: there is none


# Once for each change and each who has the bundle: whoever takes it away later is told of what came before, too.
_CHANGES = """
    WITH holders AS (
      SELECT evidence_id, issued_to AS recipient FROM evidence_bundles
      UNION SELECT evidence_id, recipient FROM evidence_receipts
    ), changed AS (
      SELECT asked.evidence_id, asked.result_id, 'result_changed' AS cause, result.superseded_by AS cause_id
      FROM evidence_requests asked JOIN matching_results result USING (result_id)
      WHERE asked.state = 'issued' AND result.superseded_by IS NOT NULL
      UNION ALL
      SELECT asked.evidence_id, asked.result_id, 'crime_changed', newer.crime_version_id
      FROM evidence_requests asked JOIN matching_results result USING (result_id)
      JOIN crime_versions version ON version.crime_version_id = result.crime_version_id AND NOT version.is_current
      JOIN crime_versions newer ON newer.crime_id = version.crime_id AND newer.is_current
      WHERE asked.state = 'issued'
      UNION ALL
      SELECT asked.evidence_id, asked.result_id, 'qualification_changed', word.qualification_id
      FROM evidence_requests asked CROSS JOIN LATERAL (
        SELECT qualification_id, decision FROM match_qualifications given WHERE given.result_id = asked.result_id
        ORDER BY qualification_id DESC LIMIT 1) word
      WHERE asked.state = 'issued' AND word.decision <> 'confirmed'
    )
    SELECT changed.evidence_id, changed.cause, changed.cause_id,
           array_agg(holders.recipient ORDER BY holders.recipient),
           min(result.document::text)::jsonb, min(later.document::text)::jsonb
    FROM changed
    JOIN holders USING (evidence_id)
    JOIN matching_results result ON result.result_id = changed.result_id
    LEFT JOIN matching_results later ON later.crime_version_id = result.crime_version_id
      AND later.person_id = result.person_id AND later.superseded_by IS NULL AND later.result_id <> result.result_id
    WHERE NOT EXISTS (
      SELECT FROM evidence_notices known
      WHERE (known.evidence_id, known.cause, known.cause_id, known.recipient)
        = (changed.evidence_id, changed.cause, changed.cause_id, holders.recipient))
    GROUP BY changed.evidence_id, changed.cause, changed.cause_id
    ORDER BY changed.evidence_id
    LIMIT %s
"""


def unnoticed_changes(cursor: Cursor, limit: int) -> list[ChangedEvidence]:
    """At most ``limit`` changes, each with those who are to be told."""
    cursor.execute(_CHANGES, (limit,))
    return [ChangedEvidence(*row) for row in cursor.fetchall()]


def write_notices(cursor: Cursor, changed: ChangedEvidence, changes: Sequence[str]) -> None:
    insert_rows(
        cursor,
        "INSERT INTO evidence_notices (evidence_id, cause, cause_id, recipient, changes) VALUES %s"
        " ON CONFLICT DO NOTHING",
        (
            (changed.evidence_id, changed.cause, changed.cause_id, recipient, Json(list(changes)))
            for recipient in changed.recipients
        ),
    )
