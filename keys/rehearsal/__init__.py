"""Rehearsals: invented bodies and throw-away keys, and everything else as it is in earnest."""
