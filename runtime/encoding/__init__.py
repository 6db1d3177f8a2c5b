"""Bytes: canonical JSON, digests, strict intake, pointers, frozen values and the one converter.

Nothing here knows what a mission is. Read `canonical.py` first.
"""
