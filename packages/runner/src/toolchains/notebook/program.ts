/**
 * Runs the cells of a notebook one after another in one namespace, by the standard library alone: nothing of Jupyter has to be
 * in the environment of the training. It reads its order from the JSON file that is its only argument.
 */
export const PROGRAM = String.raw`
import __future__
import ast
import asyncio
import builtins
import inspect
import json
import keyword
import linecache
import os
import sys
import traceback
import types

OUTPUT_LIMIT = 1_000_000
FUTURES = 0
for _name in __future__.all_feature_names:
    FUTURES |= getattr(__future__, _name).compiler_flag


class NotebookExit(BaseException):
    """Not an Exception: code that catches those does not swallow the end of the notebook."""

    def __init__(self, value):
        super().__init__(value)
        self.value = value


class OnlyThere:
    def __init__(self, name):
        self._name = name

    def __getattr__(self, name):
        raise RuntimeError(f"{self._name}.{name} is there only on Databricks")


class Widgets:
    def __init__(self, parameters):
        self._parameters = parameters
        self._defaults = {}

    def text(self, name, defaultValue="", label=None):
        self._defaults[name] = str(defaultValue)

    def dropdown(self, name, defaultValue, choices=(), label=None):
        self._defaults[name] = str(defaultValue)

    combobox = dropdown
    multiselect = dropdown

    def get(self, name):
        if name in self._parameters:
            return self._parameters[name]
        if name in self._defaults:
            return self._defaults[name]
        raise ValueError(f"No input widget named {name} is defined")

    def getArgument(self, name, defaultValue=None):
        try:
            return self.get(name)
        except ValueError:
            if defaultValue is None:
                raise
            return str(defaultValue)

    def getAll(self):
        return {**self._defaults, **self._parameters}

    def remove(self, name):
        self._defaults.pop(name, None)

    def removeAll(self):
        self._defaults.clear()


class NotebookCalls(OnlyThere):
    def exit(self, value=""):
        raise NotebookExit(str(value))


class Dbutils(OnlyThere):
    def __init__(self, parameters):
        super().__init__("dbutils")
        self.widgets = Widgets(parameters)
        self.notebook = NotebookCalls("dbutils.notebook")
        self.fs = OnlyThere("dbutils.fs")
        self.secrets = OnlyThere("dbutils.secrets")
        self.jobs = OnlyThere("dbutils.jobs")
        self.library = OnlyThere("dbutils.library")


class Tee:
    """What a cell writes goes where it went, and into the executed notebook as well."""

    def __init__(self, stream, name):
        self._stream = stream
        self._name = name
        self.outputs = []
        self.left = OUTPUT_LIMIT
        self.at_line_start = True

    def write(self, text):
        if isinstance(text, str) and self.left > 0:
            self.outputs.append({"output_type": "stream", "name": self._name, "text": text[: self.left]})
            self.left -= len(text)
        if isinstance(text, str) and text:
            self.at_line_start = text.endswith("\n")
        return self._stream.write(text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def __getattr__(self, name):
        return getattr(self._stream, name)

    def take(self):
        taken, self.outputs = self.outputs, []
        if not taken:
            return []
        return [{**taken[0], "text": "".join(one["text"] for one in taken)}]


def typed(text):
    """As papermill reads the value of a parameter."""
    if text in ("True", "False", "None"):
        return ast.literal_eval(text)
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            pass
    return text


class Cells:
    def __init__(self, order):
        self.order = order
        self.parameters = order["parameters"]
        self.module = types.ModuleType("__main__")
        self.space = self.module.__dict__
        dbutils = Dbutils(self.parameters)
        self.space.update(__builtins__=builtins, dbutils=dbutils, display=show, displayHTML=lambda html: None, getArgument=dbutils.widgets.getArgument)
        self.futures = 0
        self.loop = None

    def run(self, cell):
        name = f"<cell {cell['number']}>"
        source = cell["python"]
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        tree = ast.parse(source, name)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        self.execute(tree, name, "exec")
        if last is not None:
            value = self.execute(ast.Expression(last.value), name, "eval")
            if value is not None and not source.rstrip().endswith(";"):
                self.space["_"] = value
                show(value)
        if "parameters" in cell["tags"]:
            self.space.update({key: typed(text) for key, text in self.parameters.items() if key.isidentifier() and not keyword.iskeyword(key)})

    def execute(self, tree, name, mode):
        code = compile(tree, name, mode, flags=self.futures | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        self.futures |= code.co_flags & FUTURES
        if not code.co_flags & inspect.CO_COROUTINE:
            return eval(code, self.space)
        if self.loop is None:
            self.loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self.loop)
        return self.loop.run_until_complete(eval(code, self.space))


def show(*values, **_):
    for value in values:
        print(value if isinstance(value, str) and len(values) > 1 else repr(value))


def end_of(error, number, count):
    """Exit code, result and problem of what a cell raised."""
    if isinstance(error, NotebookExit):
        return 0, error.value, None
    if isinstance(error, SystemExit) and error.code in (None, 0):
        return 0, None, None
    text = f"cell {number} of {count} failed: {type(error).__name__}: {error}"
    if isinstance(error, NameError) and getattr(error, "name", None) in ("spark", "sc", "sqlContext"):
        text += " (Spark is there only on Databricks)"
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    sys.stdout.flush()
    traceback.print_exception(type(error), error, trace)
    return (error.code if isinstance(error, SystemExit) and isinstance(error.code, int) else 1), None, text[:4000]


def main(order_path):
    with open(order_path, encoding="utf-8") as file:
        order = json.load(file)
    stdout, stderr = Tee(sys.stdout, "stdout"), Tee(sys.stderr, "stderr")
    sys.stdout, sys.stderr = stdout, stderr
    sys.argv, sys.path[0] = [order["name"]], os.getcwd()
    cells = Cells(order)
    # what is pickled from the notebook is found in it again
    sys.modules["__main__"] = cells.module
    exit_code, result, problem = 0, None, None
    for cell in order["cells"]:
        if cell["python"] is None:
            continue
        error = None
        try:
            cells.run(cell)
        except BaseException as raised:
            error = raised
            exit_code, result, problem = end_of(raised, cell["number"], len(order["cells"]))
        cell["outputs"] = stdout.take() + stderr.take()
        if error is not None:
            break
    sys.stdout, sys.stderr = stdout._stream, stderr._stream
    with open(order["endFile"], "w", encoding="utf-8", errors="backslashreplace") as file:
        json.dump({"result": result, "problem": problem}, file)
    with open(order["executedFile"], "w", encoding="utf-8", errors="backslashreplace") as file:
        json.dump(executed(order["cells"]), file)
    say(result, stdout)
    return exit_code


def say(result, stdout):
    """The log has the result whole, the run perhaps only its beginning."""
    stream = stdout._stream
    if not result or stream.closed:
        return
    text = ("" if stdout.at_line_start else "\n") + result + "\n"
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def executed(cells):
    count = 0
    shown = []
    for cell in cells:
        about = {"metadata": {"tags": cell["tags"]} if cell["tags"] else {}, "source": cell["source"]}
        if not cell["code"]:
            shown.append({"cell_type": "markdown", **about})
            continue
        ran = "outputs" in cell
        count += ran
        shown.append({"cell_type": "code", "execution_count": count if ran else None, "outputs": cell.get("outputs", []), **about})
    return {"nbformat": 4, "nbformat_minor": 4, "metadata": {"language_info": {"name": "python"}}, "cells": shown}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
`.trimStart();
