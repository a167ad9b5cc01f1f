"""From rows to data sets that trainers read, and back."""
