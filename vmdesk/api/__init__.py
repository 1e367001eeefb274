"""The operations over HTTP: an optional extra that stands beside the terminal."""
