import { TrainyardError } from '@trainyard/core/errors.ts';
import { artifactSegments } from '@trainyard/core/tracking/artifact-path.ts';
import { type ArtifactAddress, type ArtifactPlace, parseArtifactPath, parseArtifactUri, placePath } from '@trainyard/core/tracking/artifact-place.ts';
import { invalid } from '@trainyard/core/tracking/names.ts';
import type { ArtifactEntry, ArtifactStore, DirectTransfers, DownloadAs, OpenArtifact, SignedUrl, UploadedPart } from '../../artifacts/artifact-store.ts';
import type { TrackingStore } from '../../stores/tracking.ts';
import type { Caller, Rights } from './authorize.ts';

interface Needs {
  readonly store: TrackingStore;
  readonly artifacts: ArtifactStore;
  readonly rights: Rights;
}

/** An upload in parts, as clients name it: by the directory below `mlflow-artifacts:/` and the name of the file. */
export interface PartedUpload {
  readonly proxyDirectory: string;
  readonly fileName: string;
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
  open(caller: Caller, proxyPath: string): Promise<OpenArtifact> {
    return this.#openAt(caller, addressOf(proxyPath));
  }

  list(caller: Caller, proxyPath: string): Promise<readonly ArtifactEntry[]> {
    return this.#listAt(caller, addressOf(proxyPath.replace(/\/$/, '')));
  }

  async delete(caller: Caller, proxyPath: string): Promise<void> {
    const { place, path } = addressOf(proxyPath);
    artifactSegments(path);
    await this.#needs.rights.requirePlace(caller, place);
    await this.#needs.artifacts.delete(place, path);
  }

  /** Clients send and fetch large files at the store itself. */
  get areTransferredDirectly(): boolean {
    return this.#needs.artifacts.direct !== undefined;
  }

  /** MULTIPART_UNSUPPORTED, upon which clients send a file in one piece, where bytes pass through this server. */
  async startUpload(caller: Caller, upload: PartedUpload, partCount: number): ReturnType<DirectTransfers['startUpload']> {
    const { place, path } = addressOfUpload(upload);
    const direct = this.#directOr('upload');
    await this.#requireWritable(caller, { place, path });
    return direct.startUpload(place, path, partCount);
  }

  async completeUpload(caller: Caller, upload: PartedUpload, sent: { readonly uploadId: string; readonly parts: readonly UploadedPart[] }): Promise<void> {
    const { place, path } = addressOfUpload(upload);
    const direct = this.#directOr('upload');
    await this.#requireWritable(caller, { place, path });
    await direct.completeUpload(place, path, sent);
  }

  async abortUpload(caller: Caller, upload: PartedUpload, uploadId: string): Promise<void> {
    const { place, path } = addressOfUpload(upload);
    const direct = this.#directOr('upload');
    await this.#needs.rights.requirePlace(caller, place);
    await direct.abortUpload(place, path, uploadId);
  }

  /** ARTIFACT_NOT_FOUND where `open` says it, MULTIPART_UNSUPPORTED where bytes pass through this server. */
  async signDownload(caller: Caller, proxyPath: string, as: DownloadAs): Promise<SignedUrl & { readonly sizeBytes: number }> {
    const { place, path } = addressOf(proxyPath);
    artifactSegments(path);
    const direct = this.#directOr('download');
    const signed = (await this.#sees(caller, place)) ? await direct.signDownload(place, path, as) : undefined;
    if (signed === undefined) throw notFound(place, path);
    return signed;
  }

  async putOfRun(caller: Caller, to: { readonly runId: string; readonly path: string }, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#putAt(caller, await this.#addressOfRun(caller, to.runId, to.path), bytes);
  }

  async openOfRun(caller: Caller, runId: string, path: string): Promise<OpenArtifact> {
    return this.#openAt(caller, await this.#addressOfRun(caller, runId, path));
  }

  async listOfRun(caller: Caller, runId: string, path: string): Promise<readonly ArtifactEntry[]> {
    return this.#listAt(caller, await this.#addressOfRun(caller, runId, path));
  }

  async listOfModel(caller: Caller, modelId: string, path: string): Promise<readonly ArtifactEntry[]> {
    return this.#listAt(caller, await this.#addressOfModel(caller, modelId, path));
  }

  async openOfModel(caller: Caller, modelId: string, path: string): Promise<OpenArtifact> {
    return this.#openAt(caller, await this.#addressOfModel(caller, modelId, path));
  }

  /** A file below an artifact URI of this server, such as the storage location of a version. */
  async openOfUri(caller: Caller, uri: string, path: string): Promise<OpenArtifact> {
    return this.#openAt(caller, below(uri, path));
  }

  async #putAt(caller: Caller, address: ArtifactAddress, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    artifactSegments(address.path);
    await this.#requireWritable(caller, address);
    await this.#needs.artifacts.put(address.place, address.path, bytes);
  }

  async #requireWritable(caller: Caller, { place }: ArtifactAddress): Promise<void> {
    await this.#needs.rights.requirePlace(caller, place);
    // of another experiment means: not there
    const owner = place.kind === 'run' ? await this.#needs.store.runs.findInfo(place.id) : await this.#needs.store.loggedModels.find(place.id);
    if (owner?.experimentId !== place.experimentId) throw new TrainyardError(place.kind === 'run' ? 'TRACKING_RUN_NOT_FOUND' : 'LOGGED_MODEL_NOT_FOUND', { id: place.id });
  }

  #directOr(what: 'upload' | 'download'): DirectTransfers {
    if (this.#needs.artifacts.direct === undefined) throw new TrainyardError('MULTIPART_UNSUPPORTED', { what });
    return this.#needs.artifacts.direct;
  }

  async #openAt(caller: Caller, { place, path }: ArtifactAddress): Promise<OpenArtifact> {
    const artifact = (await this.#sees(caller, place)) ? await this.#needs.artifacts.open(place, path) : undefined;
    if (artifact === undefined) throw notFound(place, path);
    return artifact;
  }

  async #listAt(caller: Caller, { place, path }: ArtifactAddress): Promise<readonly ArtifactEntry[]> {
    if (await this.#sees(caller, place)) return this.#needs.artifacts.list(place, path);
    // judged all the same, as where there is nothing
    artifactSegments(path);
    return [];
  }

  /** What lies below an experiment was put there by whoever may write to it. */
  async #sees(caller: Caller, { experimentId, kind, id }: ArtifactPlace): Promise<boolean> {
    return (caller.kind === 'run' && kind === 'run' && caller.runId === id) || this.#needs.rights.seesExperiment(caller, experimentId);
  }

  /** The path is judged before the run is looked for. */
  async #addressOfRun(caller: Caller, runId: string, path: string): Promise<ArtifactAddress> {
    artifactSegments(path);
    await this.#needs.rights.seeRun(caller, runId);
    const run = await this.#needs.store.runs.findInfo(runId);
    if (run === undefined) throw new TrainyardError('TRACKING_RUN_NOT_FOUND', { id: runId });
    return below(run.artifactUri, path);
  }

  async #addressOfModel(caller: Caller, modelId: string, path: string): Promise<ArtifactAddress> {
    artifactSegments(path);
    await this.#needs.rights.seeModel(caller, modelId);
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

/** A directory with a slash behind it, or without. */
function addressOfUpload({ proxyDirectory, fileName }: PartedUpload): ArtifactAddress {
  const { place, path } = addressOf(proxyDirectory.replace(/\/$/, ''));
  const whole = [path, fileName].filter((part) => part !== '').join('/');
  if (fileName === '') throw new TrainyardError('INVALID_PATH', { path: proxyDirectory });
  artifactSegments(whole);
  return { place, path: whole };
}

function notFound(place: ArtifactPlace, path: string): TrainyardError {
  return new TrainyardError('ARTIFACT_NOT_FOUND', { path: `${placePath(place)}/${path}` });
}

function below(uri: string, path: string): ArtifactAddress {
  const address = parseArtifactUri(uri);
  if (address === undefined) throw invalid(`The artifacts are kept at '${uri}', which this server does not open. Read them there with a client.`);
  return { place: address.place, path: [address.path, path].filter((part) => part !== '').join('/') };
}
