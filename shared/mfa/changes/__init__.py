"""What changed since earlier reports, and since when each account is as it is."""
