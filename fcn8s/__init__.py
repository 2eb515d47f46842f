"""FCN8s and its relatives: everything behind the scripts at top level."""
