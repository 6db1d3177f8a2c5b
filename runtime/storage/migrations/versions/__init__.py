"""One file a migration, in their order by name."""
