"""One sign-in record of any shape: Graph, diagnostic logs, Log Analytics."""
