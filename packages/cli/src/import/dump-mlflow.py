"""Prints as JSON everything MLflow's own client reads from MLFLOW_TRACKING_URI, without what may differ between
servers (numbers of experiments, URIs of artifacts) and between a database and the REST API (a text that is not there or empty)."""

import hashlib
import json
import os
import tempfile

import mlflow
from mlflow.entities import ViewType
from mlflow.tracking import MlflowClient

major = int(mlflow.__version__.split(".")[0])
client = MlflowClient()
IS_PROMPT = "mlflow.prompt.is_prompt"


def files(artifact_uri):
    if artifact_uri.startswith("s3:"):
        return artifact_uri
    with tempfile.TemporaryDirectory() as target:
        found = {}
        try:
            root = mlflow.artifacts.download_artifacts(artifact_uri=artifact_uri, dst_path=target)
        except Exception:
            return found  # a run that logged nothing may have no directory
        for directory, _, names in os.walk(root):
            for name in names:
                path = os.path.join(directory, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, root)] = hashlib.sha256(file.read()).hexdigest()
        return found


def number(value):
    return repr(float(value))


def run_of(run, experiment):
    histories = {key: sorted([m.timestamp, m.step, number(m.value)] for m in client.get_metric_history(run.info.run_id, key)) for key in run.data.metrics}
    info = run.info
    return {
        "experiment": experiment,
        "info": [info.run_name, info.user_id, info.status, info.start_time, info.end_time, info.lifecycle_stage],
        "params": run.data.params,
        "tags": run.data.tags,
        "latest": {key: number(value) for key, value in run.data.metrics.items()},
        "histories": histories,
        "datasets": sorted([i.dataset.name, i.dataset.digest, i.dataset.source_type, i.dataset.source, i.dataset.schema, i.dataset.profile, sorted([t.key, t.value] for t in i.tags)] for i in run.inputs.dataset_inputs),
        "models": [[o.model_id, o.step] for o in run.outputs.model_outputs] if major >= 3 and run.outputs else [],
        "files": files(info.artifact_uri),
    }


def logged_models(experiment):
    if major < 3:
        return {}
    models = client.search_logged_models(experiment_ids=[experiment.experiment_id])
    return {
        m.model_id: [m.name, m.model_type or "", m.source_run_id or "", str(m.status), m.creation_timestamp, m.last_updated_timestamp, m.params, m.tags, sorted([x.key, number(x.value), x.timestamp, x.step, x.run_id, x.dataset_name, x.dataset_digest] for x in (m.metrics or [])), files(m.artifact_location)]
        for m in models
    }


def version_of(version):
    path = client.get_model_version_download_uri(version.name, version.version)
    return [version.creation_timestamp, version.last_updated_timestamp, version.description or "", version.current_stage, version.run_id or "", version.tags, files(path)]


dump = {"experiments": {}, "runs": {}, "logged_models": {}, "models": {}, "versions": {}}
for experiment in client.search_experiments(view_type=ViewType.ALL):
    dump["experiments"][experiment.name] = [experiment.lifecycle_stage, experiment.creation_time, experiment.last_update_time, experiment.tags]
    for run in client.search_runs([experiment.experiment_id], run_view_type=ViewType.ALL, max_results=1000):
        dump["runs"][run.info.run_id] = run_of(run, experiment.name)
    dump["logged_models"].update(logged_models(experiment))
for model in client.search_registered_models():
    if IS_PROMPT not in model.tags:
        dump["models"][model.name] = [model.creation_timestamp, model.last_updated_timestamp, model.description or "", model.tags, {alias: str(version) for alias, version in model.aliases.items()}]
for version in client.search_model_versions():
    if IS_PROMPT not in version.tags:
        dump["versions"][f"{version.name}/{version.version}"] = version_of(version)
print(json.dumps(dump, sort_keys=True))
