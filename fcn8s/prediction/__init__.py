"""Photos and films in, class ids out."""
