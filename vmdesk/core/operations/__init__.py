"""One module for each thing that a user does; every slow function takes a ``Job`` last."""
