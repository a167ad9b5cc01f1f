"""How a clip becomes a caption: one module per way, plain async functions; they know no files and no results."""
