"""Demonstration scenes, clips and tiny checkpoints; no part of captioning itself."""
