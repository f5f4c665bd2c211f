"""Writes what real Jinja2 makes of every template in src/transform/native/jinja/golden/sources.json.

Run it with the Python of an environment that has dbt-core (it brings Jinja2):
    "$HOME/.cache/millrace-services/dbt/bin/python" scripts/golden/jinja.py
With `--stdin` it answers a JSON list of templates on standard input on standard output instead, with the names of dbt's context.
The environment is dbt's: sandboxed, with `do` and loop controls. An error is recorded by the name of its class.
"""

import json
import pathlib
import signal
import sys

import jinja2
import jinja2.sandbox

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "src/transform/native/jinja/golden"


# A template that takes longer never ends.
SECONDS_MAX = 5


def rendered(environment, source):
    signal.setitimer(signal.ITIMER_REAL, SECONDS_MAX)
    try:
        return {"output": environment.from_string(source).render()}
    except Exception as error:  # the class name is the golden answer
        return {"error": type(error).__name__, "message": str(error)}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def out_of_time(_signal, _frame):
    raise TimeoutError("the template does not end")


def with_names_of_dbt(environment):
    from dbt.context.base import BaseContext, get_context_modules
    from dbt_common.clients.jinja import TEXT_FILTERS
    import itertools

    environment.filters.update(TEXT_FILTERS)
    modules = get_context_modules()
    # dbt wraps these in a notice of deprecation, which needs a project around it.
    modules["itertools"] = {name: getattr(itertools, name) for name in modules["itertools"]}
    environment.globals["modules"] = modules
    for name in ("fromjson", "tojson", "fromyaml", "toyaml", "set", "set_strict", "zip", "zip_strict", "local_md5"):
        environment.globals[name] = getattr(BaseContext, "_set" if name == "set" else "_zip" if name == "zip" else name)


def main():
    signal.signal(signal.SIGALRM, out_of_time)
    environment = jinja2.sandbox.SandboxedEnvironment(
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"]
    )
    if "--stdin" in sys.argv:
        with_names_of_dbt(environment)
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
