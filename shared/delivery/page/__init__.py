"""The HTML pages: report, customers, permissions."""
