"""One self-contained HTML page on a bundle that was checked. Read `page.py` for what stands on it."""
