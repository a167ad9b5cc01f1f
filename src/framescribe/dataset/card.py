"""Knows what a data set's card says (placeholder until it is merged)."""

from __future__ import annotations

from typing import Any


class Card:
    """Placeholder."""

    def add(self, sample: Any, row: Any) -> None:
        """Placeholder."""

    def write(self, target: Any, **what: Any) -> None:
        """Placeholder."""
