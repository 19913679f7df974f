"""Runs the original odahuflowctl for each line of JSON on stdin, in a process of its own that has the libraries loaded already.

A line: {"argv": [...], "env": {...}, "cwd": "...", "out": "file", "err": "file"}; the answer: the exit code on a line.
Nothing of odahuflow itself is loaded before the fork: it reads its configuration when it is imported.
"""
import json
import os
import runpy
import sys

import aiohttp, click_completion, docker, jinja2, jsonpath_rw, numpy, pydantic, requests, termcolor, texttable, yaml  # noqa: E401, F401


def run(call):
    """Never returns: the forked process becomes the program."""
    os.environ.clear()
    os.environ.update(call["env"])
    os.chdir(call["cwd"])
    for name, number in (("out", 1), ("err", 2)):
        file = os.open(call[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv[1:] = call["argv"]
    code = 0
    try:
        runpy.run_module("odahuflow.cli.main", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException as error:  # as the interpreter does it
        sys.excepthook(type(error), error, error.__traceback__)
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


for line in sys.stdin:
    child = os.fork()
    if child == 0:
        run(json.loads(line))
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
