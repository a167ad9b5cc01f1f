"""Knows how a video becomes a few frames: `sampling` chooses them, `decoder` reads them; knows nothing of models.

Nothing is imported here, so that the arithmetic can be used without the decoder's libraries.
"""
