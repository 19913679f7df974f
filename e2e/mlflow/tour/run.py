"""Runs the chapters that are named. Between write() and read() it waits for a line: the server is restarted meanwhile."""
import importlib
import sys
import traceback

for name in sys.argv[1:]:
    try:
        chapter = importlib.import_module(name)
        chapter.write()
        print(f"written {name}", flush=True)
        sys.stdin.readline()
        chapter.read()
        print(f"done {name}", flush=True)
    except Exception:
        print(traceback.format_exc().rstrip().replace("\n", "\n| "), flush=True)
        print(f"failed {name}", flush=True)
