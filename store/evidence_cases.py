"""What waits to be made into a bundle, with all that is on record of it; and the bundles once they are made."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg2.extras import Json

from crimes.evidence.dossier import CrimeStatement, EvidenceRequest, Maker, Review, RunFacts, WearerIdentity
from crimes.matching.documents import read_match, read_settings, read_windows
from crimes.scenes import Scene
from model.casework import SERVICE_SUBJECT
from model.crimes import Match, Window
from model.times import from_microseconds, to_microseconds
from store.database import Cursor, fetch_one


@dataclass(frozen=True, slots=True)
class EvidenceCase:
    """One request with its match, as they are on record."""

    evidence_id: int
    person_id: int
    crime_version_id: int
    is_current: bool  # no later run says otherwise
    request: EvidenceRequest
    maker: Maker
    crime: CrimeStatement
    wearer: WearerIdentity
    run: RunFacts
    match: Match
    review: Review
    chance: tuple[str, ...]

    @property
    def scene(self) -> Scene:
        crime = self.crime
        return Scene(self.crime_version_id, crime.lat, crime.lon, crime.place_uncertainty_m, crime.windows)


@dataclass(frozen=True, slots=True)
class BundleWrite:
    """A bundle that is to be kept, and the stretch of the person's time that is not to be erased because of it."""

    issued_at: datetime
    content: bytes
    manifest: bytes
    key_fingerprint: str
    dossier: object
    templates: dict[str, str]
    inputs: dict[str, Any]
    legal_hold: Window


@dataclass(frozen=True, slots=True)
class StoredBundle:
    evidence_id: int
    content: bytes
    algorithm_version: int
    dossier: Any
    templates: dict[str, str]
    inputs: dict[str, Any]


_CASE = """
    SELECT asked.evidence_id, result.person_id, result.crime_version_id, result.superseded_by IS NULL,
           asked.requested_by, asked.force, asked.purpose, asked.basis, asked.requested_at, asked.maker, asked.exhibit,
           crime.force, crime.reference, version.version, batch.reference, version.row_number, version.crime_type,
           version.description, version.lat, version.lon, version.place_uncertainty_m, version.windows, version.notes,
           version.given, version.changed_fields,
           person.name, person.crn, person.pnc_id, person.nomis_id, person.date_of_birth::text,
           run.run_id, result.result_id, run.run_at, run.cause, run.algorithm_version, run.software_version,
           run.settings, run.present, run.possible, run.absent, run.cannot_say, result.document, result.weight,
           review.reviewer, review.qualified_at, review.decision, review.note
    FROM evidence_requests asked
    JOIN matching_results result USING (result_id)
    JOIN matching_runs run USING (run_id)
    JOIN crime_versions version ON version.crime_version_id = result.crime_version_id
    JOIN crimes crime USING (crime_id)
    JOIN crime_batches batch USING (crime_batch_id)
    JOIN people person ON person.person_id = result.person_id
    CROSS JOIN LATERAL (
      SELECT * FROM match_qualifications word WHERE word.result_id = result.result_id
      ORDER BY word.qualification_id DESC LIMIT 1) review
"""


def next_request(cursor: Cursor) -> int | None:
    """The id of the request that has waited longest; None where none waits."""
    cursor.execute("SELECT evidence_id FROM evidence_requests WHERE state = 'requested' ORDER BY evidence_id LIMIT 1")
    row = cursor.fetchone()
    return row[0] if row else None


def find_case(cursor: Cursor, evidence_id: int) -> EvidenceCase:
    """Raises ValueError for a match or settings that another version wrote."""
    cursor.execute(f"{_CASE} WHERE asked.evidence_id = %s", (evidence_id,))
    row = iter(fetch_one(cursor))
    evidence_id, person_id, crime_version_id, is_current = _take(row, 4)
    requested_by, force, purpose, basis, requested_at, maker, exhibit = _take(row, 7)
    crime, wearer = _crime(_take(row, 14)), WearerIdentity(*_take(row, 5))
    run_id, result_id, run_at, cause, algorithm, software, settings, *counts = _take(row, 11)
    document, weight, reviewer, qualified_at, decision, note = row
    return EvidenceCase(
        evidence_id=evidence_id,
        person_id=person_id,
        crime_version_id=crime_version_id,
        is_current=is_current,
        request=EvidenceRequest(requested_by, force, purpose, basis, to_microseconds(requested_at)),
        maker=Maker(maker, exhibit),
        crime=crime,
        wearer=wearer,
        run=RunFacts(
            run_id, result_id, to_microseconds(run_at), cause, algorithm, software, read_settings(settings), *counts
        ),
        match=read_match(document),
        review=Review(reviewer, to_microseconds(qualified_at), decision, note),
        chance=() if weight is None else tuple(weight["words"]),
    )


def refuse_evidence(cursor: Cursor, evidence_id: int, problem: str) -> None:
    """Say that no bundle can be made, and why."""
    cursor.execute(
        "UPDATE evidence_requests SET state = 'refused', problem = %s WHERE evidence_id = %s", (problem, evidence_id)
    )


def ask_for_matching(cursor: Cursor, crime_version_id: int) -> None:
    """Have the crime matched again: what is stored now says otherwise."""
    cursor.execute(
        "INSERT INTO matching_wanted (crime_version_id, cause, requested_by) VALUES (%s, 'requested', 'evidence')"
        " ON CONFLICT (crime_version_id) DO NOTHING",
        (crime_version_id,),
    )


def issue_bundle(cursor: Cursor, case: EvidenceCase, made: BundleWrite) -> None:
    """Keep the bundle and hold what it was made from, at once.

    The database refuses it (check_violation) where the match is no longer confirmed or no longer the current one.
    """
    cursor.execute(
        "INSERT INTO evidence_bundles (evidence_id, issued_at, issued_to, content, manifest_hash, key_fingerprint,"
        " algorithm_version, dossier, templates, inputs) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            case.evidence_id,
            made.issued_at,
            case.request.requested_by,
            made.content,
            hashlib.sha256(made.manifest).digest(),
            made.key_fingerprint,
            case.run.algorithm_version,
            Json(made.dossier),
            Json(made.templates),
            Json(made.inputs),
        ),
    )
    cursor.execute(
        "INSERT INTO legal_holds (person_id, from_time, to_time, reason, evidence_id, placed_by)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (
            case.person_id,
            from_microseconds(made.legal_hold.from_us),
            from_microseconds(made.legal_hold.to_us),
            f"evidence bundle {case.evidence_id} was issued",
            case.evidence_id,
            SERVICE_SUBJECT,
        ),
    )
    cursor.execute("UPDATE evidence_requests SET state = 'issued' WHERE evidence_id = %s", (case.evidence_id,))


def find_bundle(cursor: Cursor, manifest_hash: bytes) -> StoredBundle | None:
    """The bundle that was issued with this manifest (SHA-256)."""
    cursor.execute(
        "SELECT evidence_id, content, algorithm_version, dossier, templates, inputs FROM evidence_bundles"
        " WHERE manifest_hash = %s",
        (manifest_hash,),
    )
    row = cursor.fetchone()
    if row is None:
        return None
    evidence_id, content, algorithm_version, dossier, templates, inputs = row
    return StoredBundle(evidence_id, bytes(content), algorithm_version, dossier, templates, inputs)


def _crime(values: list[Any]) -> CrimeStatement:
    force, reference, version, batch, row_number, crime_type, description, lat, lon, uncertainty_m, *rest = values
    windows, notes, given, changed_fields = rest
    return CrimeStatement(
        force=force,
        reference=reference,
        version=version,
        batch=batch,
        row_number=row_number,
        crime_type=crime_type,
        description=description,
        lat=lat,
        lon=lon,
        place_uncertainty_m=uncertainty_m,
        windows=read_windows(windows),
        notes=tuple(notes),
        given=tuple((field, "" if value is None else str(value)) for field, value in sorted(given.items())),
        changed_fields=tuple(changed_fields),
    )


def _take(row: Any, count: int) -> list[Any]:
    return [next(row) for _ in range(count)]
