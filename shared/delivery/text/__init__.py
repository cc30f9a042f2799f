"""Sentences, figures and comparisons, as page, mail, Teams and terminal all say them."""
