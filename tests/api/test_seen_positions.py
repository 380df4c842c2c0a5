"""A position as police read it."""

from api.police_schemas import SeenPosition


def test_figures_of_single_precision_are_not_given_with_seventeen_digits() -> None:
    stored = {
        "fix_time": "2026-11-26T05:30:37.351Z",
        "lat": 51.504708,
        "lon": -0.036685,
        "accuracy_m": 11.899999618530273,
        "accuracy_stated": True,
        "mechanism": "gps",
        "speed_mps": 5.599999904632568,
        "heading_deg": None,
        "flags": 0,
        "distance_m": 53.40551577258437,
        "overlap": 0.43210987,
        "label": None,
    }
    seen = SeenPosition.of(stored)
    assert (seen.accuracy_m, seen.speed_mps, seen.heading_deg, seen.distance_m) == (11.9, 5.6, None, 53.4)
    assert (seen.lat, seen.lon, seen.overlap) == (51.504708, -0.036685, 0.4321)
