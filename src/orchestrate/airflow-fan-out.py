class AccountsOf(BaseOperator):
    """The accounts of one platform, over which its tasks are fanned out. No process of its own."""

    template_fields = ("listed",)

    def __init__(self, *, platform: str, listed, **kwargs):
        super().__init__(**kwargs)
        self.platform = platform
        self.listed = listed

    def execute(self, context):
        return [account for account in self.listed["accounts"] if account.startswith(f"{self.platform}/")]


class Reached(BaseOperator):
    """Fails when a connection or an account could not be reached, and names it; the others are worked on."""

    template_fields = ("listed",)

    def __init__(self, *, listed, **kwargs):
        super().__init__(**kwargs)
        self.listed = listed

    def execute(self, context):
        if self.listed.get("lost"):
            raise AirflowFailException("not reached: " + ", ".join(self.listed["lost"]))


class Complete(BaseOperator):
    """Runs only when something failed, and fails: Airflow judges a run by its last tasks, and the notice is sent either way."""

    def execute(self, context):
        raise AirflowFailException("part of the run failed; the tasks in red and `millrace status` name it")
