"""What is asked and said about connections: adding one, trusting a host, passwords."""

from vmdesk.core import later

later.load_at_first_use(__name__)
