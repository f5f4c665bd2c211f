# Real dbt-core, imported once: every invocation is a fork of this process, with the caller's arguments, folder, environment and streams.
# Importing dbt and its first parse take three seconds of a processor; a fork of what has done both takes none of them.
# It ends when its standard input closes: whoever started it is gone then, however that came.
import json
import os
import select
import signal
import socket
import sys

from dbt.cli.main import cli, dbtRunner


def warm(folder):
    """What dbt makes at its first parse alone: compiled regular expressions, serializers, modules that are imported late."""
    os.makedirs(os.path.join(folder, "models"))
    with open(os.path.join(folder, "dbt_project.yml"), "w") as project:
        project.write('name: warm\nversion: "1.0"\nprofile: warm\n')
    with open(os.path.join(folder, "profiles.yml"), "w") as profiles:
        profiles.write(
            "warm: {target: t, outputs: {t: {type: postgres, host: localhost, port: 1, user: u, password: p, dbname: d, schema: s, threads: 1}}}\n"
        )
    with open(os.path.join(folder, "models", "one.sql"), "w") as model:
        model.write("select {{ 1 }} as id")
    # The static parser has threads of its own, which a fork would wait for in vain.
    said = ["--quiet", "--no-static-parser", "parse", "--project-dir", folder, "--profiles-dir", folder]
    if not dbtRunner().invoke(said).success:
        raise SystemExit("dbt does not parse an empty project")
    if os.path.isdir("/proc/self/task") and len(os.listdir("/proc/self/task")) > 1:
        raise SystemExit("dbt has started a thread: a fork of it could wait for ever")


def exactly(connection, length):
    held = b""
    while len(held) < length:
        more = connection.recv(length - len(held))
        if more == b"":
            raise SystemExit("the caller is gone")
        held += more
    return held


def become(request, streams):
    """The forked process is the dbt of one invocation."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = ["dbt", *request["arguments"]]
    sys.exit(cli())


def serve(connection):
    """Waits for the invocation and tells its end. A caller that is gone takes its invocation with it."""
    size, streams, _, _ = socket.recv_fds(connection, 4, 3)
    request = json.loads(exactly(connection, int.from_bytes(size, "big")))
    read_end, write_end = os.pipe()
    os.set_inheritable(write_end, False)
    pid = os.fork()
    if pid == 0:
        os.close(read_end)
        connection.close()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        become(request, streams)
    os.close(write_end)
    connection.sendall(pid.to_bytes(4, "big"))
    ready, _, _ = select.select([read_end, connection], [], [])
    if read_end not in ready:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    connection.sendall(status.to_bytes(4, "big"))


def main(folder):
    warm(os.path.join(folder, "warm"))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.path.join(folder, "socket"))
    listener.listen(16)
    print("ready", flush=True)
    while True:
        ready, _, _ = select.select([listener, sys.stdin], [], [])
        if sys.stdin in ready:
            return
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            try:
                serve(connection)
            except (BrokenPipeError, ConnectionResetError):
                pass
            os._exit(0)
        connection.close()


main(sys.argv[1])
