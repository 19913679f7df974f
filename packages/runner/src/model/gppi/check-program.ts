/**
 * Does with an unpacked model what a server of it would: imports its entry point, loads the model, asks for its description
 * and predicts the saved sample. Arguments: the directory of the model, the name of the module. Standard library alone.
 */
export const CHECK = String.raw`
import importlib
import os
import pickle
import sys


def sample_of(entrypoint, location):
    path = os.path.join(location, "head_input.pkl")
    if os.path.exists(path):
        with open(path, "rb") as file:
            return pickle.load(file)
    return entrypoint.input_sample() if hasattr(entrypoint, "input_sample") else None


def main(location, module):
    os.environ["MODEL_LOCATION"] = location
    sys.path.append(location)
    try:
        entrypoint = importlib.import_module(module)
        kind = entrypoint.init()
        inputs, outputs = entrypoint.info()
        print(f"GPPI self-check: the model is loaded ({kind}, {len(inputs)} inputs, {len(outputs)} outputs)")
        sample = sample_of(entrypoint, location)
        if sample is None:
            print("GPPI self-check: the model has no sample to predict: no head_input.pkl and no input example")
            return
        answer, _ = entrypoint.predict_on_matrix(sample)
        print(f"GPPI self-check: the sample is predicted ({len(answer)} rows)")
    except ImportError as error:
        raise ImportError("a module is missing: does the environment of the model name every package it needs, and does it bring its own code (code_paths of log_model)?") from error


main(*sys.argv[1:])
`;
