"""One run: what is wanted, the way from a video to its row, and what is counted and spent."""
