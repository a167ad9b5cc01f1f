"""Where captioners live. A runner shares and runs; it does not write, filter or retry."""
