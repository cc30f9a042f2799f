"""The API behind the routes: who is let in, and what is answered."""
