"""Knows what a caption claims: splits it into claims by rules, each with its smallest negation. Asks no model and reads
no file."""

from framescribe.claims.base import KINDS, Claim
from framescribe.claims.split import split

__all__ = ["KINDS", "Claim", "split"]
