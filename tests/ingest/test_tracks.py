"""Track files into pings: the shared real ones, each format's traps, and the replay to a real gateway."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import COMMANDS, build_application
from ingest.decode import DecodeLimits, decode_each
from ingest.tracks import Track, TrackOptions, read_track
from ingest.tracks.schedule import schedule
from ingest.tracks.track import TrackFix
from model.enums import RejectionReason
from ops.errors import InputError, UnavailableError
from store.sources import SourceAccess
from tests.support.gateway import Recorder, running_gateway

R = RejectionReason
LIMITS = DecodeLimits(message_max_bytes=1_000_000, region=(49.0, -9.0, 61.0, 2.5))
UTC_ZONE = TrackOptions(zone="UTC")
NO_FIX = (14, R.NOT_A_PING)
BAD_DATE = (15, R.BAD_TIME)

FILES: dict[str, tuple[int, list[tuple[int, RejectionReason]], str, dict[str, Any]]] = {
    # fixes, problems by line, first fix time, fields of the first fix
    "april6_2019.log": (
        1,
        [NO_FIX, BAD_DATE],
        "1999-08-22T00:02:31.420000+00:00",  # the week roll-over of 2019, kept as it stands
        {"lat": 48.4833417, "lon": 0.3666933, "speed_mps": 0.0823111, "heading_deg": 212.28},
    ),
    "bus_liverpool_route14.csv": (1533, [], "2026-01-26T15:57:02+00:00", {"lat": 53.44451, "lon": -2.925173}),
    "collars_uk.csv": (7566, [], "2017-06-24T01:02:13+00:00", {"lat": 50.170296, "lon": -5.114018}),
    "dop-test.gpx": (
        3,
        [],
        "2005-07-09T14:17:46+00:00",
        {"lat": 48.494133833, "lon": 9.209796667, "speed_mps": 0.0, "satellites": 8, "hdop": 50.5},
    ),
    "phone_google_accuracy.csv": (
        416,
        [],
        "2012-12-18T21:30:35+00:00",
        {"lat": 47.3766094, "lon": 8.5484732, "accuracy_m": 20},
    ),
    "phone_posmo_accuracy.csv": (
        1327,
        [],
        "2019-01-25T20:00:16.178999+00:00",
        {"lat": 47.0516249, "lon": 7.0389004, "accuracy_m": 0},
    ),
}
BINARY = ["bu303-moving.log", "bu303-nofix.log", "bu303-stillfix.log"]
"""Named NMEA, but in a receiver's binary protocol."""


def encode(track: Track) -> list[bytes]:
    return [
        json.dumps({**fix.fields, "device_id": "TAG1", "fix_time": fix.fix_time.isoformat()}).encode()
        for fix in track.fixes
    ]


def test_the_table_holds_every_file(shared_data: Path) -> None:
    names = {file.name for file in (shared_data / "tracks").iterdir() if not file.name.startswith("COPYING")}
    assert names == {*FILES, *BINARY}


@pytest.mark.parametrize("name", FILES)
def test_a_real_track_is_read_whole_and_decodes(shared_data: Path, name: str) -> None:
    track = read_track(shared_data / "tracks" / name, UTC_ZONE)
    count, problems, first_time, first_fields = FILES[name]
    assert len(track.fixes) == count
    assert [(problem.line, problem.reason) for problem in track.problems] == problems
    assert track.fixes[0].fix_time.isoformat() == first_time
    assert track.fixes[0].fields == pytest.approx(first_fields, abs=1e-6)
    assert decode_each(encode(track), 0, LIMITS).rejections == []


@pytest.mark.parametrize("name", BINARY)
def test_a_receivers_binary_log_is_refused_by_name(shared_data: Path, name: str) -> None:
    with pytest.raises(InputError, match="binary log must be converted"):
        read_track(shared_data / "tracks" / name, UTC_ZONE)


def test_one_animal_of_many(shared_data: Path) -> None:
    options = TrackOptions(where={"tag_id": "Athena"}, zone="UTC")
    track = read_track(shared_data / "tracks" / "collars_uk.csv", options)
    assert 0 < len(track.fixes) < 7566


def read_text(tmp_path: Path, name: str, text: str, options: TrackOptions = UTC_ZONE) -> Track:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return read_track(file, options)


def test_columns_can_be_mapped_and_times_written_in_any_way(tmp_path: Path) -> None:
    options = TrackOptions(
        columns={"fix_time": "when", "lat": "y", "lon": "x", "speed_mps": "speed"},
        time_format="%d/%m/%Y %H:%M",
        zone="Europe/London",
    )
    track = read_text(tmp_path, "walk.csv", "when;y;x;speed\n05/07/2026 12:00;51.5;-0.12;1.5\n", options)
    assert track.fixes == [
        TrackFix(2, datetime(2026, 7, 5, 11, tzinfo=UTC), {"lat": 51.5, "lon": -0.12, "speed_mps": 1.5})
    ]


def test_a_bad_row_is_named_by_its_line_and_keeps_the_rest(tmp_path: Path) -> None:
    rows = ["time,lat,lon", "2026-01-05T10:00:00Z,51.5,-0.12", "soon,51.5,-0.12", "2026-01-05T10:00:00Z,,-0.12", ""]
    rows += ["2026-01-05T10:00:00Z,north,-0.12", "2026-01-05T10:00:00Z", "2026-01-05T10:05:00Z,51.5,-0.12"]
    track = read_text(tmp_path, "walk.csv", "\n".join(rows))
    assert [fix.line for fix in track.fixes] == [2, 8]
    assert [(problem.line, problem.reason) for problem in track.problems] == [
        (3, R.BAD_TIME),
        (4, R.MISSING_FIELD),
        (6, R.WRONG_TYPE),
        (7, R.MISSING_FIELD),
    ]


@pytest.mark.parametrize(
    ("time", "zone", "remedy"),
    [
        ("2026-01-05T10:00:00", None, "--zone"),
        ("2026-10-25T01:30:00", "Europe/London", "clock change"),  # happens twice
        ("2026-03-29T01:30:00", "Europe/London", "clock change"),  # never happens
        ("0001-01-01T00:00:00+05:00", None, "years"),
    ],
)
def test_a_time_that_is_not_one_instant_is_refused(tmp_path: Path, time: str, zone: str | None, remedy: str) -> None:
    (problem,) = read_text(tmp_path, "walk.csv", f"time,lat,lon\n{time},51.5,-0.12\n", TrackOptions(zone=zone)).problems
    assert problem.reason is R.BAD_TIME
    assert remedy in problem.detail


@pytest.mark.parametrize(
    ("name", "text", "options"),
    [
        ("walk.csv", "", UTC_ZONE),
        ("walk.csv", "time,lat\n", UTC_ZONE),
        ("walk.csv", "time,lat,lon\n", TrackOptions(columns={"lat": "latitude"})),
        ("walk.csv", "time,lat,lon\n", TrackOptions(columns={"height": "lat"})),
        ("walk.csv", "time,lat,lon\n", TrackOptions(where={"tag": "1"})),
        ("walk.csv", "time,lat,lon\n", TrackOptions(zone="Mars/Olympus")),
        ("walk.csv", "time,lat,lon\n", TrackOptions(zone="../etc/passwd")),
        ("walk.gpx", "no GPX", UTC_ZONE),
        ("walk.geojson", "{", UTC_ZONE),
        ("walk.geojson", "[1]", UTC_ZONE),
        ("walk.log", "# nothing", UTC_ZONE),
        ("walk.fit", "x", UTC_ZONE),
    ],
)
def test_a_file_that_cannot_be_read_at_all_says_what_to_do(
    tmp_path: Path, name: str, text: str, options: TrackOptions
) -> None:
    with pytest.raises(InputError):
        read_text(tmp_path, name, text, options)


GGA = "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47"
RMC = "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A"


def test_nmea_joins_quality_of_the_same_second_and_refuses_damage(tmp_path: Path) -> None:
    track = read_text(
        tmp_path,
        "walk.nmea",
        f"{GGA}\r\n{RMC}\r\n$GPRMC,123520,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A\r\n",
    )
    (fix,) = track.fixes
    assert fix.fix_time == datetime(1994, 3, 23, 12, 35, 19, tzinfo=UTC)
    assert fix.fields == pytest.approx(
        {"lat": 48.1173, "lon": 11.516667, "speed_mps": 11.523556, "heading_deg": 84.4, "hdop": 0.9, "satellites": 8},
        abs=1e-5,
    )
    assert [(problem.line, problem.reason) for problem in track.problems] == [(3, R.NOT_A_PING)]


@pytest.mark.parametrize("sentences", [(GGA, RMC), (RMC, GGA)])
def test_receivers_differ_in_which_sentence_of_a_second_comes_first(tmp_path: Path, sentences: tuple[str, str]) -> None:
    (fix,) = read_text(tmp_path, "walk.nmea", "\r\n".join(sentences)).fixes
    assert (fix.fields["hdop"], fix.fields["satellites"]) == (0.9, 8)


def test_geojson_points_and_lines_with_times(tmp_path: Path) -> None:
    features: list[Any] = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [-0.12, 51.5]},
            "properties": {"time": "2026-01-05T10:00:00Z", "accuracy_m": 8},
        },
        {
            "type": "Feature",
            "geometry": {"type": "LineString", "coordinates": [[-0.12, 51.5], [-0.13, 51.6], [-0.14]]},
            "properties": {"coordinateProperties": {"times": ["2026-01-05T10:01:00Z"]}},
        },
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": ["x", 1]},
            "properties": {"time": "2026-01-05T10:00:00Z"},
        },
        {"type": "Feature", "geometry": None, "properties": None},
        7,
    ]
    track = read_text(tmp_path, "walk.geojson", json.dumps({"type": "FeatureCollection", "features": features}))
    assert [(fix.line, fix.fields) for fix in track.fixes] == [
        (1, {"lat": 51.5, "lon": -0.12, "accuracy_m": 8}),
        (2, {"lat": 51.5, "lon": -0.12}),
    ]
    assert Counter(problem.reason for problem in track.problems) == {R.MISSING_FIELD: 4, R.WRONG_TYPE: 1}


NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FIXES = [TrackFix(line, datetime(2020, 1, 1, hour, tzinfo=UTC), {}) for line, hour in enumerate((0, 1, 3), 1)]


@pytest.mark.parametrize("speed", [0.5, 1.0, 60.0, None])
def test_no_replayed_fix_lies_in_the_future_and_intervals_stay(speed: float | None) -> None:
    departures = schedule(FIXES, speed, NOON)
    early = [NOON + timedelta(seconds=departure.after_s) - departure.fix_time for departure in departures]
    assert min(early) == timedelta()
    assert departures[2].fix_time - departures[0].fix_time == timedelta(hours=3)


@pytest.mark.parametrize("speed", [0.5, 1.0])
def test_up_to_its_own_pace_the_first_fix_is_now(speed: float) -> None:
    assert schedule(FIXES, speed, NOON)[0].fix_time == NOON


def test_original_times_stay_and_the_order_of_the_file_is_never_sent_early() -> None:
    departures = schedule(FIXES[::-1], 3600.0, None)
    assert [departure.fix_time for departure in departures] == [fix.fix_time for fix in FIXES[::-1]]
    assert [departure.after_s for departure in departures] == [3.0, 3.0, 3.0]
    assert schedule([], 1.0, NOON) == []


def test_a_replay_sends_the_whole_track_to_a_gateway_in_the_order_of_time(tmp_path: Path) -> None:
    file = tmp_path / "walk.csv"
    rows = [f"2026-01-05T10:{minute:02d}:00Z,51.5,-0.12" for minute in reversed(range(60))]
    file.write_text("\n".join(["time,lat,lon", *rows, "soon,51.5,-0.12", "2026-01-05T11:00:00Z,99,-0.12"]))
    recorder = Recorder({"the-key": SourceAccess(1, "replay", None)}, {"TAG1": True})
    with running_gateway(recorder.services(LIMITS, 5_000_000)) as port:
        arguments = ["replay", str(file), "--device", "TAG1", "--speed", "max", "--times", "original"]
        to = ["--to", f"http://127.0.0.1:{port}"]
        result = CliRunner().invoke(build_application(COMMANDS.values()), [*arguments, *to, "--key", "the-key"])
        refused = CliRunner().invoke(build_application(COMMANDS.values()), [*arguments, *to, "--key", "wrong"])
    assert result.exception is None
    assert "fixes read 61, not read 1; bad_time 1\n  line 62: bad_time" in result.output
    assert "pings accepted 60, rejected 1; out_of_range 1" in result.output
    times = [json.loads(value)["fix_time"] for _, value in recorder.messages]
    assert times == sorted(times)
    assert len(times) == 60
    assert isinstance(refused.exception, InputError)
    assert "wrong" not in str(refused.exception)


def test_a_replay_gives_up_on_a_gateway_that_stays_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.replay.senders.PATIENCE_S", 0.1)
    monkeypatch.setattr("cli.replay.senders.PAUSE_S", 0.05)
    file = tmp_path / "walk.csv"
    file.write_text("time,lat,lon\n2026-01-05T10:00:00Z,51.5,-0.12\n")
    arguments = ["replay", str(file), "--device", "TAG1", "--to", "http://127.0.0.1:1", "--key", "x"]
    result = CliRunner().invoke(build_application(COMMANDS.values()), arguments)
    assert isinstance(result.exception, UnavailableError)
    assert "pings accepted 0" in result.output


@pytest.mark.parametrize(
    "wrong",
    [["--speed", "0"], ["--speed", "fast"], ["--map", "lat"], ["--to", "ftp://x", "--key", "k"], ["--to", "http://x"]],
)
def test_wrong_options_say_what_to_do(tmp_path: Path, wrong: list[str]) -> None:
    file = tmp_path / "walk.csv"
    file.write_text("time,lat,lon\n")
    result = CliRunner().invoke(build_application(COMMANDS.values()), ["replay", str(file), "--device", "TAG1", *wrong])
    assert isinstance(result.exception, InputError)
