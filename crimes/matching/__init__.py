"""Matching: crime scenes held against the tracks of wearers (pure)."""

from crimes.matching.verdict import match_candidates

__all__ = ["match_candidates"]
