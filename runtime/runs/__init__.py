"""Durable runs: one governed execution of one mission, from its plan to its receipt. Read `states.py` first."""
