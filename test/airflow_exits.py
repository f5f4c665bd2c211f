"""What Airflow makes of each way that `millrace task run` ends: executes the exported operator over a program that ends so."""
import importlib.util
import json
import os
import signal
import sys
import threading
import time
from types import SimpleNamespace


def pretend() -> None:
    """Called as the program: talks on both streams and ends as it is told."""
    if os.environ["ENDS_WITH"] == "never":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(60)
    print('{"level":"warn","message":"slow"}', file=sys.stderr)
    print("a line that is no result")
    print(json.dumps({"argv": sys.argv[1:]}), flush=True)
    print("a later line of the log", file=sys.stderr)
    sys.exit(int(os.environ["ENDS_WITH"]))


def exported(path: str):
    spec = importlib.util.spec_from_file_location("exported", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ending(module, code: str, **interval):
    os.environ["ENDS_WITH"] = code
    task = module.MillraceTask(task_id=f"ends_{code}", step="a_step", account="google_ads/1", retries=2, **interval)
    context = {"ti": SimpleNamespace(try_number=2, dag_id="the_dag", run_id="run:1")}
    if code == "never":
        threading.Timer(1, task.on_kill).start()
    began = time.monotonic()
    try:
        return {"result": task.execute(context)}
    except Exception as error:
        return {"raised": type(error).__name__, "seconds": time.monotonic() - began, "said": str(error)}


def main(path: str) -> None:
    os.environ["MILLRACE_BIN"] = f"{sys.executable} {__file__}"
    module = exported(path)
    module.KILL_AFTER_S = 1
    interval = {"interval_start": "2026-11-24T17:00:00+00:00", "interval_end": "2026-11-25T17:00:00+00:00"}
    codes = ["0", "1", "2", "3", "4", "5", "6", "7", "75", "99", "130", "never"]
    endings = {code: ending(module, code, **interval) for code in codes}
    endings["no interval"] = ending(module, "0", interval_start="", interval_end="")
    groups = {task.task_id: sorted(task.upstream_task_ids) for task in module.dag.tasks}
    pools = {task.task_id: task.pool for task in module.dag.tasks}
    print(json.dumps({"endings": endings, "upstream": groups, "pools": pools}))


if __name__ == "__main__":
    if sys.argv[1] == "task":
        pretend()
    main(sys.argv[1])
