"""Matching: crime scenes held against the tracks of wearers (pure). `verdict.py` has the way in, `match_candidates`."""
