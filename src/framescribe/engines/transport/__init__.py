"""Asking servers: one server once, and several that share the work."""
