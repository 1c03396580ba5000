"""What the API can do: each operation checks its input, asks the domain and the store, and answers."""
