"""Demonstration scenes, clips and tiny checkpoints; captioning itself does not need them."""
