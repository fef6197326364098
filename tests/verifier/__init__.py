"""The verifier believes what it should and refuses the rest."""
