"""Sentences, figures and comparisons that page, mail, Teams and terminal share."""
