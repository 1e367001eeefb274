"""``python -m vmdesk.cli``."""

import sys

from vmdesk.cli.main import main

sys.exit(main())
