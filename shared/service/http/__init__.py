"""The API behind the routes: who may, and what is answered."""
