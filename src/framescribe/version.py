"""Knows the version of framescribe and nothing else."""

VERSION = "0.2.0"
