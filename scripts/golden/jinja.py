"""Writes what real Jinja2 makes of every template in src/transform/native/jinja/golden/sources.json.

Run it with the Python of an environment that has dbt-core (it brings Jinja2):
    "$HOME/.cache/millrace-services/dbt/bin/python" scripts/golden/jinja.py
With `--stdin` it answers a JSON list of templates on standard input on standard output instead.
The environment is dbt's: sandboxed, with `do` and loop controls. An error is recorded by the name of its class.
"""

import json
import pathlib
import sys

import jinja2
import jinja2.sandbox

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "src/transform/native/jinja/golden"


def rendered(environment, source):
    try:
        return {"output": environment.from_string(source).render()}
    except Exception as error:  # the class name is the golden answer
        return {"error": type(error).__name__, "message": str(error)}


def main():
    environment = jinja2.sandbox.SandboxedEnvironment(
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"]
    )
    if "--stdin" in sys.argv:
        print(json.dumps([rendered(environment, source) for source in json.load(sys.stdin)]))
        return
    sources = json.loads((FOLDER / "sources.json").read_text(encoding="utf-8"))
    answers = [{"source": source, **rendered(environment, source)} for source in sources]
    answer = {"jinja2": jinja2.__version__, "cases": answers}
    (FOLDER / "expected.json").write_text(
        json.dumps(answer, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    print(f"{len(answers)} cases by jinja2 {jinja2.__version__}")


main()
