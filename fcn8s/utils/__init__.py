"""The ground: errors, files, downloads, threads, the command line. Knows nothing of nets or pictures."""
