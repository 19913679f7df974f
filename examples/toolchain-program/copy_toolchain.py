#!/usr/bin/env python3
"""A toolchain in the smallest form that ODAHU's protocol has: it trains nothing, it copies one file of the source.

It is called as `copy_toolchain.py --verbose --mt <mt.json> --target <directory>` in the root of the source, with the files of
the data bindings in it. What it leaves in the target is the trained model binary; odahuflow.project.yaml must be there.
"""

import argparse
import json
import logging
import os
import shutil
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--mt", type=Path, required=True, help="the training and its toolchain, as JSON")
    parser.add_argument("--target", type=Path, required=True, help="where the trained model binary is to lie")
    arguments = parser.parse_args()
    logging.basicConfig(format="[odahuflow][%(levelname)5s] %(asctime)s - %(message)s", level=logging.DEBUG if arguments.verbose else logging.INFO)

    training = json.loads(arguments.mt.read_text())["modelTraining"]
    parameters, model = training["spec"]["hyperParameters"], training["spec"]["model"]
    source = Path(parameters["input-file-location"])
    target = arguments.target / parameters["target-file-location"]
    logging.info("%s: copying %s to %s", os.environ.get("COPY_TOOLCHAIN_GREETING", "copy"), source, target.relative_to(arguments.target))
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)

    project = {"name": model["name"], "version": model["version"], "output": {"run_id": parameters.get("run-id", training["id"])}}
    # JSON is YAML
    (arguments.target / "odahuflow.project.yaml").write_text(json.dumps(project) + "\n")


if __name__ == "__main__":
    main()
