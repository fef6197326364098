"""Proof that every refusal is held by a test: each is taken out alone, and something has to turn red."""
