"""The report in a Teams channel."""
