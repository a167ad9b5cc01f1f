"""What `import framescribe` offers, and what the command line does with the same recipe; captions nothing itself."""
