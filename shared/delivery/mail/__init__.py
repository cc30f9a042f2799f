"""The report by mail: its content, and the mailers that send it."""
