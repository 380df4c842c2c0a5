"""Which changes of issued evidence nobody of the staff was told of yet, and whom they concern."""

from collections.abc import Sequence
from dataclasses import dataclass

from store.database import Cursor
from store.rows import insert_rows

Change = tuple[int, str, int]
"""Of a bundle: its id, the cause and what caused it."""


@dataclass(frozen=True, slots=True)
class UntoldEvidence:
    """One recipient's notice. ``concerned``: the recipient, who asked for the bundle, who confirmed the match, in this
    order; ``told`` are staff who know of the same change already.
    """

    notice_id: int
    change: Change
    concerned: list[str]
    told: list[str]


def untold_evidence(cursor: Cursor, limit: int) -> list[UntoldEvidence]:
    """The oldest first."""
    cursor.execute(
        """
        SELECT notice.notice_id, notice.evidence_id, notice.cause, notice.cause_id,
               ARRAY[notice.recipient, asked.requested_by] || ARRAY(
                 SELECT reviewer FROM match_qualifications word
                 WHERE word.result_id = asked.result_id AND word.decision = 'confirmed'
                 ORDER BY qualification_id DESC LIMIT 1),
               ARRAY(
                 SELECT telling.subject FROM evidence_tellings telling JOIN evidence_notices same USING (notice_id)
                 WHERE (same.evidence_id, same.cause, same.cause_id)
                   = (notice.evidence_id, notice.cause, notice.cause_id) AND telling.subject IS NOT NULL)
        FROM evidence_notices notice JOIN evidence_requests asked USING (evidence_id)
        WHERE NOT EXISTS (SELECT FROM evidence_tellings telling WHERE telling.notice_id = notice.notice_id)
        ORDER BY notice.notice_id LIMIT %s
        """,
        (limit,),
    )
    return [
        UntoldEvidence(notice_id, (evidence_id, cause, cause_id), concerned, told)
        for notice_id, evidence_id, cause, cause_id, concerned, told in cursor.fetchall()
    ]


def note_told(cursor: Cursor, tellings: Sequence[tuple[int, str | None]]) -> None:
    """Each (notice, the member of staff who knows of it now, or nobody), once for all."""
    insert_rows(cursor, "INSERT INTO evidence_tellings (notice_id, subject) VALUES %s", tellings)
