"""A clinic can issue, and only what the verifier accepts."""
