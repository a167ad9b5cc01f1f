"""What words and sentences are, in scripts with spaces and without; knows no captions and no trainer."""
