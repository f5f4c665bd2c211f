"""Renders every pod of an exported DAG with the real provider, as its operator would send it to a cluster, and prints what a cluster would get."""
import importlib.util
import json
import sys
import tempfile

import pendulum
from kubernetes.client import ApiClient


def exported(path: str):
    spec = importlib.util.spec_from_file_location("exported", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Ti:
    """As much of a running task as names and labels of its pod are made of."""

    def __init__(self, task_id: str):
        self.dag_id, self.task_id, self.run_id, self.try_number, self.map_index = "the_dag", task_id, "scheduled__1", 2, -1


def context(task):
    start = pendulum.datetime(2026, 11, 24, 17, tz="UTC")
    ti = Ti(task.task_id)
    return {
        "ti": ti, "task_instance": ti, "task": task, "dag": task.dag, "run_id": ti.run_id, "params": {"interval_start": None, "interval_end": None},
        "data_interval_start": start, "data_interval_end": start.add(days=1),
    }


def main(path: str) -> None:
    # A cluster that nobody asks: the operator only wants to know whether it is inside of one.
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False) as file:
        cluster = {"name": "none", "cluster": {"server": "https://127.0.0.1:1"}}
        user = {"name": "nobody", "user": {}}
        here = {"name": "here", "context": {"cluster": "none", "user": "nobody"}}
        json.dump({"apiVersion": "v1", "kind": "Config", "clusters": [cluster], "users": [user], "contexts": [here], "current-context": "here"}, file)
    pods = {}
    for task in exported(path).dag.tasks:
        if type(task).__name__ != "KubernetesPodOperator":
            continue
        task.config_file = file.name
        told = context(task)
        if any(not isinstance(one, str) for one in task.arguments):
            # The account of a mapped task, as the mapping gives it.
            task.arguments = ["google_ads/1" if not isinstance(one, str) else one for one in task.arguments]
        task.render_template_fields(told)
        pods[task.task_id] = ApiClient().sanitize_for_serialization(task.build_pod_request_obj(told))
    print(json.dumps(pods))


main(sys.argv[1])
