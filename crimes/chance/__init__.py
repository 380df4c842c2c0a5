"""Chance: how far routine explains that a wearer was at a scene, and how often matches held (pure)."""
