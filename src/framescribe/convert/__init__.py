"""Knows how checkpoints in the original LLaVA layout become ones that today's engines read; runs no model."""
