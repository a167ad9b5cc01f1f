"""Servers that run already: one asked once, several that share the work."""
