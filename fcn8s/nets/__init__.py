"""Pure graph: layers, encoders, heads, loss and optimizer step. No disk, no flags, no session."""
