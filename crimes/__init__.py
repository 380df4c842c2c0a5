"""Crimes: police files in, matching against tracks (pure), evidence out."""
