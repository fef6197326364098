"""Decides whether bytes are to be believed, and tells an employer why.

Builds on `keys`; imports nothing of `issuer`, no database and no private key.
"""
