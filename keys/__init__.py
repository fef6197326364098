"""All that is needed to make or check one signature on a laptop without a network.

The shapes of certificate, endorsement and status list, compact JWS, key files, the trust list, requests and
the ceremony. Imports nothing of `verifier` or `issuer`.
"""
