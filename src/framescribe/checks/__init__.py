"""What can be wrong with a caption, found without a model: one file per check, and what mends it without asking."""
