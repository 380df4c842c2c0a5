"""Bundles that were asked for are made here: the matcher reads positions, the API does not."""

from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import psycopg2.errors

from crimes.evidence.bundle import dossier_document, make_bundle
from crimes.evidence.dossier import Dossier, WornTag
from crimes.evidence.inputs import Inputs, inputs_document, match_of
from crimes.evidence.observed import device_facts, finding_of, rejected_fixes, searched_windows
from crimes.evidence.signature import SigningKey
from crimes.evidence.templates import REPORT, STATEMENT, Templates, load_templates
from ingest.exports.keys import open_signing_key
from ingest.matching.originals import original_messages
from ingest.matching.tasks import words_of
from model.crimes import MATCHING_VERSION, Match, MatchVerdict, Window
from model.devices import FOREVER_US
from model.times import to_microseconds
from ops.errors import ConfigurationError
from ops.settings import Settings
from store.database import Connection, Cursor, fetch_one, may_pass
from store.device_events import serials_of
from store.evidence_cases import (
    BundleWrite,
    EvidenceCase,
    ask_for_matching,
    find_case,
    issue_bundle,
    next_request,
    refuse_evidence,
)
from store.evidence_inputs import quarantined_fixes, read_inputs
from store.legal_holds import keep_deletions_out

NO_KEY = "this service has no key to sign with: its operator has to set CORDON_EVIDENCE_KEY_FILE, then ask again"
CHANGED = "what is stored now gives another result: the crime is matched again, and the new match has to be reviewed"
OTHER_RULES = (
    "the match was made by other rules than this version's: the crime is matched again, and has to be reviewed"
)

FAILED = "the bundle could not be made: the service's operators have to look into it, then ask again"


@dataclass(frozen=True, slots=True)
class Issuing:
    """A task of the matcher: one bundle a round. Without a ``key`` it refuses each request, and says so."""

    key: SigningKey | None
    templates: Templates
    centre: tuple[float, float]  # of the plane of metres: latitude and longitude

    def round(self, connection: Connection) -> bool:
        """Make the bundle that has waited longest; whether more may wait."""
        with connection, connection.cursor() as cursor:
            evidence_id = next_request(cursor)
        if evidence_id is None:
            return False
        try:
            with connection, connection.cursor() as cursor:
                problem = self._issue(cursor, find_case(cursor, evidence_id))
        except Exception as error:
            if may_pass(connection, error):
                raise
            words_of(error, "an evidence bundle could not be made", evidence_id=evidence_id)
            problem = FAILED
        if problem is not None:
            with connection, connection.cursor() as cursor:
                refuse_evidence(cursor, evidence_id, problem)
        return True

    def _issue(self, cursor: Cursor, case: EvidenceCase) -> str | None:
        """Why there is no bundle; None where it was issued."""
        if self.key is None:
            return NO_KEY
        keep_deletions_out(cursor)
        if case.run.algorithm_version != MATCHING_VERSION:
            ask_for_matching(cursor, case.crime_version_id)
            return OTHER_RULES
        inputs = read_inputs(cursor, case.scene, case.person_id, case.run.settings, self.centre)
        match = match_of(inputs) if inputs is not None and case.is_current else None
        if inputs is None or match is None or not is_same_result(case.match, match):
            ask_for_matching(cursor, case.crime_version_id)
            return CHANGED
        cursor.execute("SAVEPOINT issuing")
        try:
            issue_bundle(cursor, case, self._made(cursor, case, inputs, match, self.key))
        except (ValueError, psycopg2.errors.CheckViolation) as error:
            cursor.execute("ROLLBACK TO SAVEPOINT issuing")
            return str(error).split("\n", maxsplit=1)[0]
        return None

    def _made(self, cursor: Cursor, case: EvidenceCase, inputs: Inputs, match: Match, key: SigningKey) -> BundleWrite:
        """Raises ValueError where a template is wrong."""
        cursor.execute("SELECT service_clock()")
        issued_at: datetime = fetch_one(cursor)[0]
        dossier = assemble(cursor, case, inputs, match, to_microseconds(issued_at))
        bundle = make_bundle(dossier, self.templates, key)
        return BundleWrite(
            issued_at=issued_at,
            content=bundle.content,
            manifest=bundle.manifest,
            key_fingerprint=bundle.key_fingerprint,
            dossier=dossier_document(dossier),
            templates={REPORT: self.templates.report, STATEMENT: self.templates.statement},
            inputs=inputs_document(inputs),
            legal_hold=_legal_hold(inputs),
        )


def open_issuing(settings: Settings) -> Issuing:
    """The task from the settings. Raises ConfigurationError where the key or a template cannot be read."""
    folder = Path(settings.evidence_templates) if settings.evidence_templates else None
    try:
        templates = load_templates(folder)
    except (ValueError, OSError) as error:
        raise ConfigurationError(f"CORDON_EVIDENCE_TEMPLATES: {error}") from None
    return Issuing(open_signing_key(settings), templates, (settings.centre_lat, settings.centre_lon))


def is_same_result(recorded: Match, computed: Match) -> bool:
    """Whether a result comes out again.

    One who was ruled out by the search itself has a result without a look at the track: with the look it says more.
    """
    searched_out = recorded.verdict is MatchVerdict.ABSENT and recorded.covered_from_us is None
    return computed == recorded or (searched_out and computed.verdict is MatchVerdict.ABSENT)


def assemble(cursor: Cursor, case: EvidenceCase, inputs: Inputs, match: Match, issued_at_us: int) -> Dossier:
    """All that the bundle says."""
    serials = serials_of(cursor, {worn.device_id for worn in inputs.worn})
    windows = searched_windows(inputs)
    rejected = (*rejected_fixes(inputs, serials), *quarantined_fixes(cursor, serials, windows, serials))
    return Dossier(
        reference=f"EV-{case.evidence_id}",
        issued_at_us=issued_at_us,
        software_version=version("cordon"),
        request=case.request,
        maker=case.maker,
        crime=case.crime,
        windows=windows,
        wearer=case.wearer,
        tags=tuple(
            WornTag(one.device_id, serials[one.device_id], one.from_us, _end(one.until_us)) for one in inputs.worn
        ),
        run=case.run,
        finding=finding_of(match),
        rejected=tuple(sorted(rejected, key=lambda fix: (fix.fix_time_us, fix.serial))),
        events=device_facts(inputs, serials),
        originals=original_messages(cursor, match.positions, inputs, serials),
        review=case.review,
        chance=case.chance,
    )


def _legal_hold(inputs: Inputs) -> Window:
    """From the first to the last moment that the result was computed from."""
    windows, times = searched_windows(inputs), inputs.tracks.rows.fixes.fix_time_us.tolist()
    return Window(
        min([window.from_us for window in windows] + times), max([window.to_us for window in windows] + times)
    )


def _end(until_us: int) -> int | None:
    return None if until_us == FOREVER_US else until_us
