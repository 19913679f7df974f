import { RUN_STATES } from '@trainyard/core/training/states.ts';
import { z } from 'zod';
import { route } from './route.ts';
import { AuditQuery, AuditRecord } from './schemas/audit.ts';
import { Connection, ConnectionBody, ConnectionCheck } from './schemas/connection.ts';
import { Curve, CurveQuery } from './schemas/curve.ts';
import { Grant, Grants } from './schemas/grant.ts';
import { Run, RunDetail } from './schemas/run.ts';
import { LogAnswer, LogQuery, PublishAnswer, PublishBody, ReportsAnswer, ReportsBody } from './schemas/runner.ts';
import { ServerStatus } from './schemas/server.ts';
import { ToolchainIntegration, ToolchainIntegrationBody } from './schemas/toolchain-integration.ts';
import { RunBody, Training, TrainingBody } from './schemas/training.ts';
import { ExportQuery, ImportAnswer, ImportQuery } from './schemas/transfer.ts';

const id = z.strictObject({ id: z.string() });
const runId = z.strictObject({ id: z.string().describe('Run number, run id (32 hex digits), or a beginning of one (6 digits and more) that no other run has') });
const digest = z.strictObject({ digest: z.string().describe('sha256 of the upload, 64 hex digits') });
const secretName = z.strictObject({ name: z.string().regex(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be an id: lowercase letters, digits and -') });
const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

const paging = { limit: z.coerce.number().int().min(1).max(500).default(50), cursor: z.string().optional().describe('`nextCursor` of the page before') };
const oneOrMore = <T extends z.ZodType>(item: T) => z.union([item.transform((one) => [one]), z.array(item)]);

function page<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().optional().describe('Absent on the last page') });
}

const Message = z.object({ message: z.string() });
const ArtifactFile = z.object({ path: z.string(), isDirectory: z.boolean(), sizeBytes: z.int().optional() });
const Secret = z.object({ name: z.string(), updatedAt: z.string() });
const Token = z.object({ id: z.string(), name: z.string(), roles: z.array(Grant), createdAt: z.string(), lastUsedAt: z.string().optional() });

/** The native HTTP contract. The server mounts it, /openapi.json prints it, the typed client is made from it. */
export const routes = {
  listTrainings: route({ method: 'GET', path: '/api/v1/trainings', tag: 'trainings', access: 'read', summary: 'List trainings, newest change first', query: z.strictObject({ ...paging, project: z.string().optional(), modelName: z.string().optional(), toolchain: z.string().optional() }), status: 200, answer: page(Training) }),
  createTraining: route({ method: 'POST', path: '/api/v1/trainings', tag: 'trainings', access: 'write', audit: 'training.create', summary: 'Create a training and start its first run', query: z.strictObject({ run: flag.default(true).describe('false: keep it without running it') }), body: TrainingBody, status: 201, answer: Training }),
  getTraining: route({ method: 'GET', path: '/api/v1/trainings/:id', tag: 'trainings', access: 'read', summary: 'Get a training with the state of its latest run', params: id, status: 200, answer: Training }),
  editTraining: route({ method: 'PUT', path: '/api/v1/trainings/:id', tag: 'trainings', access: 'write', audit: 'training.edit', summary: 'Replace the spec of a training and start a new run; earlier runs stay', params: id, query: z.strictObject({ run: flag.default(true) }), body: TrainingBody, status: 200, answer: Training }),
  deleteTraining: route({ method: 'DELETE', path: '/api/v1/trainings/:id', tag: 'trainings', access: 'write', audit: 'training.delete', summary: 'Delete a training; its runs, logs and models stay', params: id, query: z.strictObject({ force: flag.default(false).describe('true: stop its active runs first') }), status: 200, answer: Message }),
  runTraining: route({ method: 'POST', path: '/api/v1/trainings/:id/runs', tag: 'runs', access: 'write', audit: 'run.start', summary: 'Start a new run, with other parameters if wished', params: id, body: RunBody, status: 201, answer: Run }),
  listRuns: route({ method: 'GET', path: '/api/v1/runs', tag: 'runs', access: 'read', summary: 'List runs, newest first', query: z.strictObject({ ...paging, training: z.string().optional(), project: z.string().optional(), state: oneOrMore(z.enum(RUN_STATES)).optional() }), status: 200, answer: page(Run) }),
  getRun: route({ method: 'GET', path: '/api/v1/runs/:id', tag: 'runs', access: 'read', summary: 'Get a run with its attempts and steps', params: runId, status: 200, answer: RunDetail }),
  stopRun: route({ method: 'POST', path: '/api/v1/runs/:id/stop', tag: 'runs', access: 'write', audit: 'run.stop', summary: 'Stop a run: politely, then for good after its grace period', params: runId, status: 202, answer: Run }),
  retryRun: route({ method: 'POST', path: '/api/v1/runs/:id/retry', tag: 'runs', access: 'write', audit: 'run.retry', summary: 'Start a new run like one that has ended', params: runId, status: 201, answer: Run }),
  runEvents: route({ method: 'GET', path: '/api/v1/runs/:id/events', tag: 'runs', access: 'read', summary: 'Server-sent events: `event:` is the kind, `id:` resumes by Last-Event-ID, `event: end` closes', params: runId, status: 200, gives: 'events' }),
  runLog: route({ method: 'GET', path: '/api/v1/runs/:id/log', tag: 'runs', access: 'read', summary: 'The log as bytes, from any byte; `follow=true` stays open until the run has ended', params: runId, query: z.strictObject({ attempt: z.coerce.number().int().min(1).optional().describe('The last one when absent; following goes on with later ones'), fromByte: z.coerce.number().int().min(0).default(0), tail: z.coerce.number().int().min(0).optional().describe('Only the last N lines'), follow: flag.default(false) }), status: 200, gives: 'bytes' }),
  runLogEvents: route({ method: 'GET', path: '/api/v1/runs/:id/log/events', tag: 'runs', access: 'read', summary: 'Server-sent events of the log: `id:` is `<attempt>:<next byte>`, `data:` JSON `{"attempt","from","text"}`', params: runId, query: z.strictObject({ attempt: z.coerce.number().int().min(1).optional(), fromByte: z.coerce.number().int().min(0).default(0) }), status: 200, gives: 'events' }),
  listRunArtifacts: route({ method: 'GET', path: '/api/v1/runs/:id/artifacts', tag: 'runs', access: 'read', summary: 'List one directory of the artifacts of a run', params: runId, query: z.strictObject({ path: z.string().default('') }), status: 200, answer: z.object({ files: z.array(ArtifactFile) }) }),
  getRunArtifact: route({ method: 'GET', path: '/api/v1/runs/:id/artifact', tag: 'runs', access: 'read', summary: 'Download one artifact of a run', params: runId, query: z.strictObject({ path: z.string() }), status: 200, gives: 'bytes' }),

  metricCurve: route({ method: 'GET', path: '/api/v1/runs/:id/curve', tag: 'runs', access: 'read', summary: 'A metric thinned out for a picture: the least, the greatest and the last value of neighbouring steps; also of runs that an MLflow client made', params: runId, query: CurveQuery, status: 200, answer: Curve }),

  listConnections: route({ method: 'GET', path: '/api/v1/connections', tag: 'connections', access: 'read', summary: 'List connections by id; secrets are masked', query: z.strictObject({ ...paging, type: oneOrMore(z.string()).optional() }), status: 200, answer: page(Connection) }),
  createConnection: route({ method: 'POST', path: '/api/v1/connections', tag: 'connections', access: 'configure', audit: 'connection.create', summary: 'Keep a connection; its secrets are sealed', body: ConnectionBody, status: 201, answer: Connection }),
  checkNewConnection: route({ method: 'POST', path: '/api/v1/connections/check', tag: 'connections', access: 'configure', audit: 'connection.check', summary: 'Check a connection that is not kept: is the place there, do its credentials work?', body: ConnectionBody, status: 200, answer: ConnectionCheck }),
  getConnection: route({ method: 'GET', path: '/api/v1/connections/:id', tag: 'connections', access: 'read', summary: 'Get a connection; secrets are masked', params: id, status: 200, answer: Connection }),
  editConnection: route({ method: 'PUT', path: '/api/v1/connections/:id', tag: 'connections', access: 'configure', audit: 'connection.edit', summary: 'Replace a connection; a secret that is `*****` stays as it was', params: id, body: ConnectionBody, status: 200, answer: Connection }),
  deleteConnection: route({ method: 'DELETE', path: '/api/v1/connections/:id', tag: 'connections', access: 'configure', audit: 'connection.delete', summary: 'Delete a connection', params: id, query: z.strictObject({ force: flag.default(false).describe('true: also when runs that have not ended use it') }), status: 200, answer: Message }),
  checkConnection: route({ method: 'POST', path: '/api/v1/connections/:id/check', tag: 'connections', access: 'write', audit: 'connection.check', summary: 'Check a connection: is the place there, do its credentials work?', params: id, status: 200, answer: ConnectionCheck }),
  compareConnection: route({ method: 'POST', path: '/api/v1/connections/:id/compare', tag: 'connections', access: 'configure', audit: 'connection.compare', summary: 'Names of the fields that an edit with this body would change, secrets included', params: id, body: ConnectionBody, status: 200, answer: z.object({ changes: z.array(z.string()) }) }),
  decryptConnection: route({ method: 'GET', path: '/api/v1/connections/:id/decrypted', tag: 'connections', access: 'decrypt', audit: 'connection.decrypt', summary: 'Get a connection with its secrets in plain text; noted in the log of the server', params: id, status: 200, answer: Connection }),

  listToolchains: route({ method: 'GET', path: '/api/v1/toolchains', tag: 'toolchains', access: 'read', summary: 'List toolchain integrations by id', query: z.strictObject(paging), status: 200, answer: page(ToolchainIntegration) }),
  createToolchain: route({ method: 'POST', path: '/api/v1/toolchains', tag: 'toolchains', access: 'configure', audit: 'toolchain.create', summary: 'Add a toolchain integration', body: ToolchainIntegrationBody, status: 201, answer: ToolchainIntegration }),
  getToolchain: route({ method: 'GET', path: '/api/v1/toolchains/:id', tag: 'toolchains', access: 'read', summary: 'Get a toolchain integration', params: id, status: 200, answer: ToolchainIntegration }),
  editToolchain: route({ method: 'PUT', path: '/api/v1/toolchains/:id', tag: 'toolchains', access: 'configure', audit: 'toolchain.edit', summary: 'Replace a toolchain integration', params: id, body: ToolchainIntegrationBody, status: 200, answer: ToolchainIntegration }),
  deleteToolchain: route({ method: 'DELETE', path: '/api/v1/toolchains/:id', tag: 'toolchains', access: 'configure', audit: 'toolchain.delete', summary: 'Delete a toolchain integration', params: id, status: 200, answer: Message }),

  putSnapshot: route({ method: 'PUT', path: '/api/v1/snapshots/:digest', tag: 'snapshots', access: 'write', summary: 'Upload a packed source (tar.gz), once per content', params: digest, takes: 'bytes', status: 201, answer: z.object({ digest: z.string(), sizeBytes: z.int() }) }),
  findSnapshot: route({ method: 'GET', path: '/api/v1/snapshots/:digest/info', tag: 'snapshots', access: 'read', summary: 'Is this source here already?', params: digest, status: 200, answer: z.object({ digest: z.string(), sizeBytes: z.int() }) }),
  getSnapshot: route({ method: 'GET', path: '/api/v1/snapshots/:digest', tag: 'snapshots', access: 'read_or_run', summary: 'Download a packed source', params: digest, status: 200, gives: 'bytes' }),

  listSecrets: route({ method: 'GET', path: '/api/v1/secrets', tag: 'secrets', access: 'write', summary: 'Names of the sealed secrets; values are never answered', query: z.strictObject(paging), status: 200, answer: page(Secret) }),
  putSecret: route({ method: 'PUT', path: '/api/v1/secrets/:name', tag: 'secrets', access: 'administer', audit: 'secret.put', summary: 'Seal a secret for use in `secretEnvs`', params: secretName, body: z.strictObject({ value: z.string().min(1).max(65_536) }), status: 200, answer: Secret }),
  deleteSecret: route({ method: 'DELETE', path: '/api/v1/secrets/:name', tag: 'secrets', access: 'administer', audit: 'secret.delete', summary: 'Delete a secret', params: secretName, status: 200, answer: Message }),

  listTokens: route({ method: 'GET', path: '/api/v1/tokens', tag: 'tokens', access: 'administer', summary: 'List the tokens of users; never their values', status: 200, answer: z.object({ items: z.array(Token) }) }),
  createToken: route({ method: 'POST', path: '/api/v1/tokens', tag: 'tokens', access: 'administer', audit: 'token.create', summary: 'Create a token; its value is answered this once', body: z.strictObject({ name: z.string().min(1).max(128), roles: Grants.default([{ role: 'data_scientist' }]) }), status: 201, answer: Token.extend({ token: z.string() }) }),
  editToken: route({ method: 'PUT', path: '/api/v1/tokens/:id', tag: 'tokens', access: 'administer', audit: 'token.edit', summary: 'Give a token other roles, from its next call on', params: id, body: z.strictObject({ roles: Grants }), status: 200, answer: Token }),
  revokeToken: route({ method: 'DELETE', path: '/api/v1/tokens/:id', tag: 'tokens', access: 'administer', audit: 'token.revoke', summary: 'Revoke a token at once', params: id, status: 200, answer: Message }),

  listAudit: route({ method: 'GET', path: '/api/v1/audit', tag: 'audit', access: 'administer', summary: 'Who did what, and who was refused: the newest first', query: AuditQuery.extend(paging), status: 200, answer: page(AuditRecord) }),

  importRecords: route({ method: 'POST', path: '/api/v1/import', tag: 'transfer', access: 'administer', audit: 'import', summary: 'Take records of experiments, runs and models: NDJSON in the format of docs/reference/export-format.md; the same ones again change nothing', query: ImportQuery, takes: 'bytes', status: 200, answer: ImportAnswer }),
  exportRecords: route({ method: 'GET', path: '/api/v1/export', tag: 'transfer', access: 'administer', summary: 'Records of one kind as NDJSON, a page at a time; the header `x-next-cursor` is absent on the last one', query: ExportQuery, status: 200, gives: 'bytes' }),

  health: route({ method: 'GET', path: '/health', tag: 'server', access: 'optional', login: 'odahuflowctl', summary: '200 when the server can serve, also without a token; 401 for a wrong one', status: 200, answer: z.object({ status: z.literal('ok') }) }),
  status: route({ method: 'GET', path: '/api/v1/status', tag: 'server', access: 'read', summary: 'Version, engines, toolchains, queue', status: 200, answer: ServerStatus }),

  report: route({ method: 'POST', path: '/api/v1/runner/reports', tag: 'runner', access: 'run', summary: 'Reports and heartbeats of an attempt; idempotent by sequence number', body: ReportsBody, status: 200, answer: ReportsAnswer }),
  appendLog: route({ method: 'PUT', path: '/api/v1/runner/log', tag: 'runner', access: 'run', summary: 'Append bytes to the log of an attempt at an offset; bytes that are there already count once', query: LogQuery, takes: 'bytes', status: 200, answer: LogAnswer }),
  publish: route({ method: 'POST', path: '/api/v1/runner/model', tag: 'runner', access: 'run', summary: 'Register the model of the run', body: PublishBody, status: 200, answer: PublishAnswer }),
} as const;

export type Routes = typeof routes;
export type RouteName = keyof Routes;
