"""Stands in for `millrace task run`: ends each attempt of a task as the graph's input for it says, the last way for ever."""
import json
import os
import sys

pipeline, task = sys.argv[3], sys.argv[4]
attempt = int(sys.argv[sys.argv.index("--try") + 1])
with open(os.path.join(os.environ["MILLRACE_PROBES"], f"{pipeline}.json")) as file:
    exits = json.load(file)[task]
code = exits[min(attempt, len(exits)) - 1]
print(json.dumps({"attempt": attempt}))
sys.exit(code)
