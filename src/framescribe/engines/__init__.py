"""Knows only that the engines live in this package: importing it loads none of them, `registry` does that on use."""
