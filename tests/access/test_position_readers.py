"""Every statement that reads positions, and why it may: a new one has to say so here before it runs."""

import re

from tests.servers.common import ROOT

READS = re.compile(r"\b(?:FROM|JOIN)\s+(?:cordon\.)?(?:ONLY\s+)?(quarantined_positions|positions)\b")

LAWFUL = "only of lawful times"
DETECTION = "detection: every position is judged, and none is shown"
NO_PLACE = "no place and no conclusion: counts, partitions or the newest time"
OWN = "the person's own right to what is held of them; a second person releases it"
COURT = "what a court ordered, of its window; a second person releases it"
DELETION = "what retention deletes, or counts before it does"
MIGRATION = "a migration's one pass, to note what detection and searches go by; nobody reads it"

READERS = {
    "store/migrations/0005_access.sql": "replaced by 0038",
    "store/migrations/0006_read_side.sql": "replaced by 0038",
    "store/migrations/0011_presence.sql": MIGRATION,
    "store/migrations/0014_rehearsal.sql": "replaced by 0038",
    "store/migrations/0016_track_notes.sql": MIGRATION,
    "store/migrations/0027_operations.sql": NO_PLACE,
    "store/migrations/0038_lawful_times.sql": LAWFUL,  # person_track, person_track_goes_on, worn_positions
    "store/migrations/0044_police_trail_reads.sql": LAWFUL,
    "store/exports/subject.py": OWN,
    "store/exports/court.py": COURT,
    "store/retention_positions.py": DELETION,
    "store/match_tracks.py": LAWFUL,  # of the pieces of store/lawful_wearings.py, and of nothing else
    "store/scenes_in_doubt.py": LAWFUL,
    "store/routines.py": LAWFUL,
    "store/expectations.py": LAWFUL,
    "store/evidence_inputs.py": LAWFUL,  # of fixes in quarantine, whose clock was wrong, their times but no places
    "store/raw_batches.py": LAWFUL,  # what `raw show` finds; an erasure reads partitions
    "store/position_reads.py": DETECTION,  # judged anew: late data, an edited zone, a changed activation
    "store/worker_state.py": DETECTION,
    "store/track_notes.py": DETECTION,  # gaps and fast ways: a search reads no position for them that is not lawful
    "store/reevaluations.py": NO_PLACE,
    "store/summary.py": NO_PLACE,
}
SHOWS_OR_CONCLUDES = {name for name, why in READERS.items() if why == LAWFUL}
GUARDS = re.compile(r"\b(?:lawful_times|trail_times|read_lawful)\b|store\.lawful_wearings|\{TRAILS\}|lawful pieces")
PACKAGES = ("model", "ingest", "geofence", "sim", "crimes", "alerts", "store", "access", "api", "ops", "cli")


def readers() -> set[str]:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.suffix in {".py", ".sql"}]
    return {
        path.relative_to(ROOT).as_posix() for path in files if READS.search(_without_comments(path.read_text("utf-8")))
    }


def _without_comments(text: str) -> str:
    return re.sub(r"(?m)^\s*(?:--|#).*$|\s-- .*$", "", text)


def test_whoever_reads_positions_is_listed_with_the_reason() -> None:
    assert readers() == set(READERS)


def test_whoever_shows_them_or_concludes_from_them_goes_by_lawful_times() -> None:
    for name in SHOWS_OR_CONCLUDES - {"store/match_tracks.py"}:
        assert GUARDS.search((ROOT / name).read_text("utf-8")), name


def test_tracks_of_matching_are_read_by_lawful_pieces() -> None:
    calls = {
        path.relative_to(ROOT).as_posix(): found
        for path in (ROOT / "store").rglob("*.py")
        if (found := re.findall(r"\b(?:read_about|complete)\(cursor, [^:]*?\)", path.read_text("utf-8")))
    }
    assert set(calls) == {"store/scene_groups.py"}
    assert calls["store/scene_groups.py"]
    for call in calls["store/scene_groups.py"]:
        assert "lawful" in call, call
        assert "_wearings" not in call, call
