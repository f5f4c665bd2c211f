def millrace_task(step: str, account=None, **kwargs) -> KubernetesPodOperator:
    """One pod a task. The image's entry point is `millrace`; MILLRACE_POD_* say where it runs."""
    return KubernetesPodOperator(
        name=f"millrace-{step}".replace("_", "-"),
        namespace=os.environ.get("MILLRACE_POD_NAMESPACE", "default"),
        image=os.environ.get("MILLRACE_POD_IMAGE", "millrace:latest"),
        # Connections, secrets and the project come to the pod the way that the cluster keeps them.
        service_account_name=os.environ.get("MILLRACE_POD_SERVICE_ACCOUNT"),
        arguments=[
            "task", "run", PIPELINE, step,
            "--interval-start", INTERVAL_START, "--interval-end", INTERVAL_END,
            *(["--account", account] if account is not None else []),
            "--expect-spec", SPEC, "--try", "{{ ti.try_number }}", "--max-tries", str(kwargs.get("retries", 0) + 1),
            "--external-run", "airflow:{{ dag.dag_id }}:{{ run_id }}", "--log-format", "json", "--result", "/airflow/xcom/return.json",
        ],
        do_xcom_push=True,
        skip_on_exit_code=SKIPPED,
        get_logs=True,
        on_finish_action="delete_succeeded_pod",
        termination_grace_period=KILL_AFTER_S,
        **kwargs,
    )
