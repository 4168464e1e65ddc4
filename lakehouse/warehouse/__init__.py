"""Where tables, views and functions lie, and how a session comes to know them."""
