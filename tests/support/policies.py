"""Policies that tests judge by."""

from dataclasses import replace

from model import policies

BUFFERED = replace(policies.FAST, buffer_m=100.0)
"""The fast preset with a buffer, as whoever draws a zone may ask for it: approaches are judged too."""
