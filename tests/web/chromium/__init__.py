"""The pages in a real browser: how they look and that what is tapped happens."""
