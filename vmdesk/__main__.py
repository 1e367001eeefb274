"""``python -m vmdesk``."""

import sys

from vmdesk.app import main

sys.exit(main())
