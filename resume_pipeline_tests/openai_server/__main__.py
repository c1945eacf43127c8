"""Start the server, and print what to set: ``make openai-server``."""

import argparse
import json
import os
import sys
import threading
from typing import Any

from resume_pipeline_tests.openai_server.app import Server
from resume_pipeline_tests.openai_server.service import Options


def main() -> None:
    """Serve until the end of the process; with ``--json``, tell the address on one line for a program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--options", type=json.loads, default={}, help='JSON, for example {"tokens_per_minute": 1000000}'
    )
    parser.add_argument("--json", action="store_true", help="print the address as JSON, and end with standard input")
    given = parser.parse_args()
    options: dict[str, Any] = given.options
    server = Server(Options(**options), given.port)
    if given.json:
        print(json.dumps({"url": server.url}), flush=True)
        threading.Thread(target=_end_with_parent, daemon=True).start()
    else:
        print(f"export OPENAI_API_KEY={server.service.options.key}")
        print(f"export OPENAI_BASE_URL={server.url}")
        print(f"# counts: curl {server.url.removesuffix('/v1')}/control/state · Ctrl-C ends it", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
