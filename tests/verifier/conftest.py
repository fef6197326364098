"""What tests of the web ask: one verifier, and a certificate of each verdict."""

from tests.site_fixtures import client as client, lookups as lookups, served as served
