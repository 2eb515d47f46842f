"""Several processes that train one net together: who they are, how they meet, and what happens if one is lost."""
