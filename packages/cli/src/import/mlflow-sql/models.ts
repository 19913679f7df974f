import { type Stage, STAGES } from '@trainyard/core/registry/stages.ts';
import { LOGGED_MODEL_STATUSES } from '@trainyard/core/tracking/logged-model.ts';
import type { LoggedModelRecord, ModelVersionRecord, RegisteredModelRecord } from '@trainyard/core/tracking/records/record.ts';
import { elsewhere, toSource } from '../artifact-location.ts';
import type { SourceItem } from '../record-source.ts';
import { CHUNK, chunks, type Context } from './context.ts';
import { ownerKey, pairsBy } from './pairs.ts';
import { marks, type Row, text, textOrNull, whole } from './sql-reader.ts';

export async function* loggedModels({ reader, schema, scope, folders }: Context, from?: string): AsyncGenerator<SourceItem<'logged_model'>> {
  if (!schema.hasLoggedModels) return;
  const next = (after: string | undefined): Promise<readonly Row[]> =>
    reader.all(
      `select m.model_id, m.name, m.model_type, m.source_run_id, m.status, m.status_message, m.artifact_location, m.creation_timestamp_ms, m.last_updated_timestamp_ms, e.name as experiment
       from logged_models m join experiments e on e.experiment_id = m.experiment_id
       where m.${scope.inExperiments.text} and m.lifecycle_stage = 'active' and m.model_id > ? order by m.model_id limit ${CHUNK}`,
      [...scope.inExperiments.values, after ?? ''],
    );
  for await (const rows of chunks(next, (row) => text(row, 'model_id'), from)) {
    const ids = rows.map((row) => text(row, 'model_id'));
    const among = `model_id in (${marks(ids)})`;
    const params = pairsBy(await reader.all(`select model_id, param_key, param_value from logged_model_params where ${among}`, ids), { owner: ['model_id'], key: 'param_key', value: 'param_value' });
    const tags = pairsBy(await reader.all(`select model_id, tag_key, tag_value from logged_model_tags where ${among}`, ids), { owner: ['model_id'], key: 'tag_key', value: 'tag_value' });
    const points = new Map((await reader.all(`select model_id, count(*) as n from logged_model_metrics where ${among} group by model_id`, ids)).map((row) => [text(row, 'model_id'), whole(row, 'n')]));
    for (const row of rows) {
      const id = text(row, 'model_id');
      const record: LoggedModelRecord = {
        kind: 'logged_model',
        id,
        experiment: text(row, 'experiment'),
        name: text(row, 'name'),
        modelType: textOrNull(row, 'model_type'),
        sourceRunId: textOrNull(row, 'source_run_id'),
        // 1, 2 and 3 in the database
        status: LOGGED_MODEL_STATUSES[whole(row, 'status') - 1] ?? 'PENDING',
        statusMessage: textOrNull(row, 'status_message'),
        artifactUri: elsewhere(textOrNull(row, 'artifact_location')),
        createdAt: whole(row, 'creation_timestamp_ms'),
        updatedAt: whole(row, 'last_updated_timestamp_ms'),
        params: params.get(id) ?? [],
        tags: tags.get(id) ?? [],
        points: points.get(id) ?? 0,
      };
      yield { record, place: id, folder: await folders.find(textOrNull(row, 'artifact_location')) };
    }
  }
}

export async function* registeredModels(context: Context, from?: string): AsyncGenerator<SourceItem<'registered_model'>> {
  const { reader, scope } = context;
  const next = (after: string | undefined): Promise<readonly Row[]> => reader.all(`select name, creation_time, last_updated_time, description from registered_models where ${scope.models.text} and name > ? order by name limit ${CHUNK}`, [...scope.models.values, after ?? '']);
  for await (const rows of chunks(next, (row) => text(row, 'name'), from)) {
    const names = rows.map((row) => text(row, 'name'));
    const tags = pairsBy(await named(context, { columns: 'name, key, value', table: 'registered_model_tags', names }), { owner: ['name'], key: 'key', value: 'value' });
    // deleted versions are there still, and their numbers stay taken
    const last = new Map((await named(context, { columns: 'name, max(version) as n', table: 'model_versions', names, more: 'group by name' })).map((row) => [text(row, 'name'), whole(row, 'n')]));
    for (const row of rows) {
      const name = text(row, 'name');
      const record: RegisteredModelRecord = { kind: 'registered_model', name, description: textOrNull(row, 'description'), createdAt: whole(row, 'creation_time'), updatedAt: whole(row, 'last_updated_time'), lastVersion: last.get(name) ?? 0, tags: tags.get(name) ?? [] };
      yield { record, place: name };
    }
  }
}

export async function* modelVersions(context: Context, from?: string): AsyncGenerator<SourceItem<'model_version'>> {
  const { reader, schema, scope } = context;
  const next = (after: string | undefined): Promise<readonly Row[]> => {
    const [name, version] = after === undefined ? ['', 0] : (JSON.parse(after) as [string, number]);
    return reader.all(
      `select name, version, creation_time, last_updated_time, description, user_id, current_stage, source, storage_location, run_id, run_link from model_versions
       where ${scope.versions.text} and (name > ? or (name = ? and version > ?)) order by name, version limit ${CHUNK}`,
      [...scope.versions.values, name, name, version],
    );
  };
  for await (const rows of chunks(next, (row) => JSON.stringify([text(row, 'name'), whole(row, 'version')]), from)) {
    const names = [...new Set(rows.map((row) => text(row, 'name')))];
    const tags = pairsBy(await named(context, { columns: 'name, version, key, value', table: 'model_version_tags', names }), { owner: ['name', 'version'], key: 'key', value: 'value' });
    const aliases = await named(context, { columns: 'name, version, alias', table: 'registered_model_aliases', names, more: 'order by alias' });
    for (const row of rows) yield { record: toVersion(row, { tags, aliases, linked: schema.hasLoggedModels }), place: JSON.stringify([text(row, 'name'), whole(row, 'version')]) };
  }
}

/** Rows of a table of the registry that belong to these models. */
function named({ reader, scope }: Context, { columns, table, names, more = '' }: { readonly columns: string; readonly table: string; readonly names: readonly string[]; readonly more?: string }): Promise<readonly Row[]> {
  const { text: here, values } = scope.inWorkspace(table);
  return reader.all(`select ${columns} from ${table} where ${here} and name in (${marks(names)}) ${more}`, [...values, ...names]);
}

function toVersion(row: Row, { tags, aliases, linked }: { readonly tags: ReturnType<typeof pairsBy>; readonly aliases: readonly Row[]; readonly linked: boolean }): ModelVersionRecord {
  const [name, version, source] = [text(row, 'name'), whole(row, 'version'), text(row, 'source')];
  return {
    kind: 'model_version',
    name,
    version,
    createdAt: whole(row, 'creation_time'),
    updatedAt: whole(row, 'last_updated_time'),
    description: textOrNull(row, 'description'),
    userId: textOrNull(row, 'user_id'),
    stage: stageOf(text(row, 'current_stage')),
    source: toSource(source),
    storageLocation: storageOf(textOrNull(row, 'storage_location')),
    runId: textOrNull(row, 'run_id'),
    runLink: textOrNull(row, 'run_link'),
    modelId: linked ? (/^models:\/(m-[a-z0-9-]{1,62})$/.exec(source)?.[1] ?? null) : null,
    tags: tags.get(ownerKey([name, version])) ?? [],
    aliases: aliases.filter((alias) => text(alias, 'name') === name && whole(alias, 'version') === version).map((alias) => text(alias, 'alias')),
  };
}

/** Null when it says no more than the source does. */
function storageOf(location: string | null): string | null {
  return location === null || location === '' ? null : toSource(location);
}

function stageOf(text: string): Stage {
  return STAGES.find((stage) => stage === text) ?? 'None';
}
