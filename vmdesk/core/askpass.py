"""What ssh calls for a password: it asks the window, and prints the answer.

A program of its own that needs nothing but Python: ssh, or an agent of polkit, starts it as
``askpass SOCKET PROMPT [WHO]``, by a script of ``ask_tools``. It fails where nobody answers, or the
user has said no.
"""

import json
import os
import socket
import sys


def main(path: str, prompt: str, who: str = "ssh") -> int:
    """Ask, print what was answered, and return the exit code.

    ``who`` asks is never told by the prompt, which is the words of another computer with ssh.
    """
    # The parent is who asks: a no to one of its questions is a no to all that follow.
    said = {"prompt": prompt, "who": who, "asker": os.getppid()}
    with socket.socket(socket.AF_UNIX) as window:
        try:
            window.connect(path)
            window.sendall(json.dumps(said).encode() + b"\n")
            answer = b"".join(iter(lambda: window.recv(4096), b""))
        except OSError:
            return 1
    if not answer.endswith(b"\n"):
        return 1
    sys.stdout.buffer.write(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
