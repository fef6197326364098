"""All that is needed to make or check one signature on a laptop without a network.

The shapes of certificate, endorsement and status list, compact JWS, key files, the trust list, requests and
the ceremony. Imports nothing of `verifier` or `issuer`.
"""

from __future__ import annotations

from datetime import UTC, datetime

RELEASED = datetime(2026, 11, 22, tzinfo=UTC)
"""Nothing of this version is older: a clock that shows an earlier moment is wrong (attack K07). Moved on by hand with
each release, so that the same source always makes the same program."""
