"""Where captioners live. A runner shares out work and runs it; it does not write, filter or retry."""
