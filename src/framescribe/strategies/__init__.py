"""How a clip becomes a caption: `base` defines what a strategy is, and every other module is one."""
