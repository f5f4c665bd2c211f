def _millrace(*args: str) -> list[str]:
    project = os.environ.get("MILLRACE_PROJECT")
    return [*shlex.split(os.environ.get("MILLRACE_BIN", "millrace")), *(["--project", project] if project else []), *args]


class MillraceTask(BaseOperator):
    """Runs one task in this worker: argv and never a shell; its lines go to the task's log, its last line on stdout is the XCom."""

    template_fields = ("account", "interval_start", "interval_end")
    ui_color = "#dff3ee"

    def __init__(self, *, step: str, account=None, interval_start=INTERVAL_START, interval_end=INTERVAL_END, **kwargs):
        super().__init__(**kwargs)
        self.step = step
        self.account = account
        self.interval_start = interval_start
        self.interval_end = interval_end
        self._process = None

    def execute(self, context):
        ti = context["ti"]
        if not self.interval_start or not self.interval_end:
            raise AirflowFailException(NO_INTERVAL)
        argv = _millrace(
            "task", "run", PIPELINE, self.step,
            "--interval-start", str(self.interval_start), "--interval-end", str(self.interval_end),
            *(["--account", str(self.account)] if self.account else []),
            "--expect-spec", SPEC, "--try", str(ti.try_number), "--max-tries", str((self.retries or 0) + 1),
            "--external-run", f"airflow:{ti.dag_id}:{ti.run_id}", "--log-format", "json", "--result", "stdout",
        )
        self._process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True
        )
        talk = threading.Thread(target=self._follow, args=(self._process.stderr,), daemon=True)
        talk.start()
        last = ""
        for line in self._process.stdout:
            last = line.strip() or last
        code = self._process.wait()
        talk.join(KILL_AFTER_S)
        said = last or "the lines above say why"
        if code == SKIPPED:
            raise AirflowSkipException(said)
        if code in PERMANENT:
            raise AirflowFailException(f"millrace ended with {code}, which another try does not change: {said}")
        if code != 0:
            raise AirflowException(f"millrace ended with {code}: {said}")
        return json.loads(last)

    def _follow(self, lines):
        levels = {"warn": logging.WARNING, "error": logging.ERROR}
        for line in lines:
            try:
                said = json.loads(line)
                self.log.log(levels.get(said["level"], logging.INFO), "%s", said["message"])
            except (ValueError, KeyError, TypeError):
                self.log.info("%s", line.rstrip("\n"))

    def on_kill(self):
        if self._process is None or self._process.poll() is not None:
            return
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(KILL_AFTER_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)


def millrace_task(step: str, account=None, **kwargs) -> MillraceTask:
    return MillraceTask(step=step, account=account, **kwargs)
