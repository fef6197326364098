"""What a browser shows of the verifier: Debian's Chromium, driven by Playwright against a verifier on the loopback."""
