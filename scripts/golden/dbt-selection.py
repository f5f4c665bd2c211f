"""Answers selections of a project by real dbt-core, one process for all: called by scripts/selection-golden.ts.

Reads {project, state, cases} as JSON from standard input, writes the answers as a JSON list to standard output. A selection that dbt
refuses is answered by null.
"""

import contextlib
import io
import json
import sys

from dbt.cli.main import dbtRunner


def words(case: dict, state: str) -> list[str]:
    result = ["ls", "--quiet", "--state", state]
    for flag, key in (("--select", "select"), ("--exclude", "exclude"), ("--output-keys", "keys")):
        if case.get(key):
            result += [flag, *case[key]]
    for flag, key in (("--selector", "selector"), ("--indirect-selection", "indirect"), ("--output", "output")):
        if case.get(key):
            result += [flag, case[key]]
    for flag, key in (("--resource-type", "types"), ("--exclude-resource-type", "excludeTypes")):
        for kind in case.get(key, []):
            result += [flag, kind]
    return result


def main() -> None:
    given = json.load(sys.stdin)
    place = ["--project-dir", given["project"], "--profiles-dir", given["project"]]
    answers = []
    with contextlib.redirect_stdout(io.StringIO()):
        parsed = dbtRunner().invoke(["parse", "--quiet", *place])
        if not parsed.success:
            raise SystemExit(str(parsed.exception))
        runner = dbtRunner(manifest=parsed.result)
        for case in given["cases"]:
            answer = runner.invoke([*words(case, given["state"]), *place])
            answers.append(answer.result if answer.success else None)
            if not answer.success:
                print(case, answer.exception, file=sys.stderr)
    print(json.dumps(answers, ensure_ascii=False))


main()
