"""How an operator acts: one command line, a file a noun."""

from __future__ import annotations

import signal
import sys

# Until a server says what Ctrl-C means, it ends the command at once and in silence, also while
# modules are loaded. Not so where a test or another program has loaded this.
if sys.argv[0] in ("-m", "-c") or sys.argv[0].endswith(("/entrepot", "/entrepot/__main__.py")):
    signal.signal(signal.SIGINT, signal.SIG_DFL)
