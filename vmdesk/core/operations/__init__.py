"""One module for each thing that a user does; every slow function takes a ``Job`` last."""

from vmdesk.core import later

later.load_at_first_use(__name__)
