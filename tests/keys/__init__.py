"""Signatures, formats, key files and the ceremony do what they say."""
