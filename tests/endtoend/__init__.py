"""The three programs as processes at a time that stands still, from the founding to a new root."""
