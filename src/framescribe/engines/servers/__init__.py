"""Engines' own servers, started for a run and ended with it."""
