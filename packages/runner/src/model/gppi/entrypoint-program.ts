/**
 * The module `entrypoint` of a trained model binary: ODAHU's General Python Prediction Interface for an MLflow model, on any
 * MLflow from 1 to 3, with nothing but what MLflow itself brings. Whoever serves the model imports it with the directory of the
 * model in MODEL_LOCATION. What the model is given and answers it describes by head_input.pkl and head_output.pkl when they
 * are there, else by the signature and the input example of MLflow.
 */
export const ENTRYPOINT = String.raw`"""Serves the MLflow model of this directory by ODAHU's General Python Prediction Interface (GPPI).

init() loads it, info() describes it, predict_on_matrix() predicts. MODEL_LOCATION names the directory.
"""

import functools
import json
import math
import os

import mlflow.pyfunc
import numpy as np
import pandas as pd
from mlflow.models import Model

try:
    from mlflow.types import DataType
except ImportError:  # MLflow before signatures
    DataType = None

MODEL_LOCATION = os.getenv("MODEL_LOCATION", ".")
LOADED = None
DEFAULTS = {"integer": 0, "number": 0, "boolean": False, "array": [], "object": {}}


def init():
    """Loads the model; answers how it predicts."""
    global LOADED
    if mlflow.pyfunc.FLAVOR_NAME not in _description().flavors:
        raise ValueError("the model has no flavor " + mlflow.pyfunc.FLAVOR_NAME)
    LOADED = mlflow.pyfunc.load_model(MODEL_LOCATION)
    return "matrix"


def predict_on_matrix(input_matrix, provided_columns_names=None):
    """Predicts rows of values; answers the predictions and the names of their columns."""
    result = LOADED.predict(_model_input(input_matrix, provided_columns_names))
    if isinstance(result, dict) and all(np.ndim(value) == 1 for value in result.values()):
        result = pd.DataFrame(result)
    if isinstance(result, pd.DataFrame):
        return result.to_numpy(), tuple(result.columns)
    if isinstance(result, pd.Series):
        result = result.to_numpy()
    return result, tuple(name for name in _names("outputs") or () if name is not None)


@functools.lru_cache(maxsize=None)
def info():
    """Describes what goes in and what comes out, column by column, in words of OpenAPI."""
    return _properties("inputs"), _properties("outputs")


def get_output_json_serializer():
    """The encoder of what predict_on_matrix answers."""
    return _Encoder


@functools.lru_cache(maxsize=None)
def input_sample():
    """What the model can be tried with: head_input.pkl, else MLflow's input example, else None."""
    sample = _pickled("inputs")
    load = getattr(_description(), "load_input_example", None)
    if sample is not None or load is None or not _description().saved_input_example_info:
        return sample
    return load(MODEL_LOCATION)


@functools.lru_cache(maxsize=None)
def _description():
    return Model.load(MODEL_LOCATION)


def _schema(side):
    signature = getattr(_description(), "signature", None)
    return getattr(signature, side, None)


def _is_tensor(schema):
    return bool(getattr(schema, "is_tensor_spec", lambda: False)())


@functools.lru_cache(maxsize=None)
def _pickled(side):
    path = os.path.join(MODEL_LOCATION, {"inputs": "head_input.pkl", "outputs": "head_output.pkl"}[side])
    return pd.read_pickle(path) if os.path.exists(path) else None


def _frame(sample):
    """A sample as a table, when it is one."""
    if isinstance(sample, pd.Series):
        return sample.to_frame()
    if isinstance(sample, np.ndarray) and sample.ndim in (1, 2):
        return pd.DataFrame(sample)
    if isinstance(sample, dict) and all(np.ndim(value) == 1 for value in sample.values()):
        return pd.DataFrame(sample)
    return sample if isinstance(sample, pd.DataFrame) else None


def _names(side):
    """The columns in their order, None when nobody knows them."""
    frame, schema = _frame(_pickled(side)), _schema(side)
    if frame is not None:
        return list(frame.columns)
    if schema is not None and all(spec.name is not None for spec in schema.inputs):
        return [spec.name for spec in schema.inputs]
    return None


def _model_input(matrix, names):
    schema = _schema("inputs")
    if schema is not None and _is_tensor(schema):
        return _tensors(matrix, names, schema.inputs)
    frame = matrix if isinstance(matrix, pd.DataFrame) else pd.DataFrame(matrix, columns=list(names) if names else None)
    wanted = _names("inputs")
    if wanted is None:
        return frame
    if not names and not isinstance(matrix, pd.DataFrame):
        if len(frame.columns) == len(wanted):
            frame.columns = wanted
        return _converted(frame, schema)
    by_text = {str(name): name for name in wanted}
    frame = frame.rename(columns=lambda name: by_text.get(str(name), name))
    # with a schema a missing column is MLflow's to name; without one it is empty, as ODAHU has it
    frame = frame.reindex(columns=wanted) if schema is None else frame[[name for name in wanted if name in frame.columns]]
    return _converted(frame, schema)


def _converted(frame, schema):
    """JSON does not tell 1 from 1.0: numbers become what the schema says, when nothing is lost by it."""
    if schema is None or DataType is None:
        return frame
    frame = frame.copy()
    for spec in schema.inputs:
        if spec.name not in frame.columns or not isinstance(spec.type, DataType):
            continue
        column, wanted = frame[spec.name], spec.type.to_pandas()
        if column.dtype == wanted or not pd.api.types.is_numeric_dtype(column):
            continue
        if spec.type in (DataType.float, DataType.double):
            frame[spec.name] = column.astype(wanted)
        elif spec.type in (DataType.integer, DataType.long) and not column.isna().any() and (column.astype(wanted) == column).all():
            frame[spec.name] = column.astype(wanted)
    return frame


def _tensors(matrix, names, specs):
    if len(specs) == 1:
        array = np.asarray(matrix, dtype=specs[0].type)
        shape = tuple(specs[0].shape)
        if len(shape) > 1 and all(size > 0 for size in shape[1:]):
            array = array.reshape((-1,) + shape[1:])
        return array if specs[0].name is None else {specs[0].name: array}
    frame = matrix if isinstance(matrix, pd.DataFrame) else pd.DataFrame(matrix, columns=list(names) if names else [spec.name for spec in specs])
    return {spec.name: np.asarray(frame[spec.name].tolist(), dtype=spec.type) for spec in specs if spec.name in frame.columns}


def _properties(side):
    sample, schema = _frame(_pickled(side)), _schema(side)
    if sample is not None:
        return [_property(name, _numpy_type(kind), _first(sample, name)) for name, kind in sample.dtypes.items()]
    if schema is None:
        return []
    example = _frame(input_sample()) if side == "inputs" else None
    if _is_tensor(schema):
        return [found for spec in schema.inputs for found in _tensor_properties(spec, example, side)]
    required = [bool(getattr(spec, "required", True)) for spec in schema.inputs]
    names = [spec.name if spec.name is not None else str(i) for i, spec in enumerate(schema.inputs)]
    return [_property(name, _column_type(spec.type), _first(example, name), needed) for name, spec, needed in zip(names, schema.inputs, required)]


def _tensor_properties(spec, example, side):
    kind = _numpy_type(np.dtype(spec.type))
    shape = tuple(spec.shape)
    if spec.name is None and len(shape) == 2 and shape[1] > 0:
        return [_property(str(i), kind, _first(example, i)) for i in range(shape[1])]
    return [_property(spec.name or {"inputs": "input", "outputs": "output"}[side], kind if len(shape) == 1 else "array", None)]


def _property(name, kind, example, required=True):
    value = _plain(example)
    if value is None or isinstance(value, float) and not math.isfinite(value):
        value = DEFAULTS.get(kind, "")
    return {"name": name, "type": kind, "example": value, "required": required}


def _first(frame, name):
    return None if frame is None or frame.empty or name not in frame.columns else frame[name].iloc[0]


def _numpy_type(kind):
    if pd.api.types.is_bool_dtype(kind):
        return "boolean"
    if pd.api.types.is_integer_dtype(kind):
        return "integer"
    return "number" if pd.api.types.is_float_dtype(kind) else "string"


def _column_type(kind):
    name = getattr(kind, "name", type(kind).__name__).lower()
    return {
        "integer": "integer",
        "long": "integer",
        "float": "number",
        "double": "number",
        "boolean": "boolean",
        "array": "array",
        "object": "object",
        "map": "object",
    }.get(name, "string")


def _plain(value):
    """As JSON can hold it."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "replace")
    return value


class _Encoder(json.JSONEncoder):
    def default(self, value):
        plain = _plain(value)
        if plain is not value:
            return plain
        if isinstance(value, (set, frozenset, tuple)):
            return list(value)
        return super().default(value)
`;
