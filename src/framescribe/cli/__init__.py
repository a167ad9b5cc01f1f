"""The command line: options become a Recipe and nothing else; it captions nothing itself."""
