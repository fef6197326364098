"""The clinic's side: programmes, learners, assessment, co-signing, release and certificates.

Builds on `verifier` and `keys`; never holds a partner's private key.
"""
