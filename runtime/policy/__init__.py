"""Decisions with reasons: expressions, policy packs as data, and the one evaluator. Read `expressions.py` first."""
