"""The report by mail: its content, and what carries it."""
