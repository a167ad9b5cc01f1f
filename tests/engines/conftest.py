"""Knows that engines with an environment of their own are tested by `make test-engines` alone, which has them made."""

import os

collect_ignore_glob = [] if os.environ.get("FRAMESCRIBE_ENGINES") else ["test_*.py"]
