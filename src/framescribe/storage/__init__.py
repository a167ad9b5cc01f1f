"""Where bytes are kept: files on this machine and behind URLs, and tables in them; nothing here knows about videos."""
