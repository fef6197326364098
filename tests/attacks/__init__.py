"""Each id of the attack catalogue has a test here whose name contains it."""
