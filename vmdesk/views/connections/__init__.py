"""What is asked and said about connections: adding one, trusting a host, passwords."""
