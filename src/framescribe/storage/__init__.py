"""Where bytes lie: files on this machine and behind URLs, and tables in them; nothing here knows a video."""
