"""Engines' own servers, which start and end with a run."""
