"""ALTER TABLE: what Delta cannot do of it."""
