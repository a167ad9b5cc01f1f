"""A result before a person's eyes: a page in the browser to look through captions, correct them and ask again."""
