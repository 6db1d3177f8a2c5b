"""Alembic migrations of the database of durable runs. `tables.py` is what they lead to."""
