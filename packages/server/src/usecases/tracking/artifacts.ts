import { TrainyardError } from '@trainyard/core/errors.ts';
import { artifactSegments } from '@trainyard/core/tracking/artifact-path.ts';
import { type ArtifactAddress, parseArtifactPath, parseArtifactUri, placePath } from '@trainyard/core/tracking/artifact-place.ts';
import { invalid } from '@trainyard/core/tracking/names.ts';
import type { ArtifactEntry, ArtifactStore, OpenArtifact } from '../../artifacts/artifact-store.ts';
import type { TrackingStore } from '../../stores/tracking.ts';
import type { Caller, WriteRights } from './authorize.ts';

interface Needs {
  readonly store: TrackingStore;
  readonly artifacts: ArtifactStore;
  readonly rights: WriteRights;
}

/** The files of runs and logged models, addressed as clients do: by the path below `mlflow-artifacts:/`, or by an owner and a path. */
export class Artifacts {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** `proxyPath` is `<experiment>/<run>/artifacts/<path>`. The owner has to exist; nothing is written elsewhere. */
  async put(caller: Caller, proxyPath: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#putAt(caller, addressOf(proxyPath), bytes);
  }

  /** ARTIFACT_NOT_FOUND when there is no such file. */
  open(proxyPath: string): Promise<OpenArtifact> {
    return this.#openAt(addressOf(proxyPath));
  }

  list(proxyPath: string): Promise<readonly ArtifactEntry[]> {
    const { place, path } = addressOf(proxyPath.replace(/\/$/, ''));
    return this.#needs.artifacts.list(place, path);
  }

  async delete(caller: Caller, proxyPath: string): Promise<void> {
    const { place, path } = addressOf(proxyPath);
    artifactSegments(path);
    await this.#needs.rights.requirePlace(caller, place);
    await this.#needs.artifacts.delete(place, path);
  }

  async putOfRun(caller: Caller, to: { readonly runId: string; readonly path: string }, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#putAt(caller, await this.#addressOfRun(to.runId, to.path), bytes);
  }

  async openOfRun(runId: string, path: string): Promise<OpenArtifact> {
    return this.#openAt(await this.#addressOfRun(runId, path));
  }

  async listOfRun(runId: string, path: string): Promise<readonly ArtifactEntry[]> {
    const address = await this.#addressOfRun(runId, path);
    return this.#needs.artifacts.list(address.place, address.path);
  }

  async listOfModel(modelId: string, path: string): Promise<readonly ArtifactEntry[]> {
    const address = await this.#addressOfModel(modelId, path);
    return this.#needs.artifacts.list(address.place, address.path);
  }

  async openOfModel(modelId: string, path: string): Promise<OpenArtifact> {
    return this.#openAt(await this.#addressOfModel(modelId, path));
  }

  /** A file below an artifact URI of this server, such as the storage location of a version. */
  async openOfUri(uri: string, path: string): Promise<OpenArtifact> {
    return this.#openAt(below(uri, path));
  }

  async #putAt(caller: Caller, address: ArtifactAddress, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const { place, path } = address;
    artifactSegments(path);
    await this.#needs.rights.requirePlace(caller, place);
    // of another experiment means: not there
    const owner = place.kind === 'run' ? await this.#needs.store.runs.findInfo(place.id) : await this.#needs.store.loggedModels.find(place.id);
    if (owner?.experimentId !== place.experimentId) throw new TrainyardError(place.kind === 'run' ? 'TRACKING_RUN_NOT_FOUND' : 'LOGGED_MODEL_NOT_FOUND', { id: place.id });
    await this.#needs.artifacts.put(place, path, bytes);
  }

  async #openAt({ place, path }: ArtifactAddress): Promise<OpenArtifact> {
    const artifact = await this.#needs.artifacts.open(place, path);
    if (artifact === undefined) throw new TrainyardError('ARTIFACT_NOT_FOUND', { path: `${placePath(place)}/${path}` });
    return artifact;
  }

  /** The path is judged before the run is looked for. */
  async #addressOfRun(runId: string, path: string): Promise<ArtifactAddress> {
    artifactSegments(path);
    const run = await this.#needs.store.runs.findInfo(runId);
    if (run === undefined) throw new TrainyardError('TRACKING_RUN_NOT_FOUND', { id: runId });
    return below(run.artifactUri, path);
  }

  async #addressOfModel(modelId: string, path: string): Promise<ArtifactAddress> {
    artifactSegments(path);
    const model = await this.#needs.store.loggedModels.find(modelId);
    if (model === undefined) throw new TrainyardError('LOGGED_MODEL_NOT_FOUND', { id: modelId });
    return below(model.artifactUri, path);
  }
}

function addressOf(proxyPath: string): ArtifactAddress {
  // with a slash behind it a place is not meant whole: clients make that of `artifacts/.`
  const address = proxyPath.endsWith('/') ? undefined : parseArtifactPath(proxyPath);
  if (address === undefined) throw new TrainyardError('INVALID_PATH', { path: proxyPath });
  return address;
}

function below(uri: string, path: string): ArtifactAddress {
  const address = parseArtifactUri(uri);
  if (address === undefined) throw invalid(`The artifacts are kept at '${uri}', which this server does not open. Read them there with a client.`);
  return { place: address.place, path: [address.path, path].filter((part) => part !== '').join('/') };
}
