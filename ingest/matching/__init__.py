"""Matching as a service: crimes held against the stored tracks as they come in, and again as late positions do."""
