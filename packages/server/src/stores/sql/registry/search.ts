import type { ModelVersionColumn, RegisteredModelColumn } from '@trainyard/core/registry/searches.ts';
import type { Condition, SortKey, Test } from '@trainyard/core/tracking/filter/condition.ts';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { ModelVersionRecord, ModelVersionSearch, RegisteredModelRecord, RegisteredModelSearch } from '../../registry.ts';
import type { Page } from '../../tracking.ts';
import type { Database } from '../database.ts';
import { inProjects } from '../people/in-projects.ts';
import { byCodePoint, keysetPage, type SortTerm } from '../keyset.ts';
import { passes } from '../passes.ts';
import { toModels, toVersions } from './model-rows.ts';

type Kind = Database['kind'];

export async function searchModels(database: Database, search: RegisteredModelSearch): Promise<Page<RegisteredModelRecord>> {
  let query = database.read.selectFrom('registered_models').selectAll('registered_models');
  const visible = inProjects(database.kind, 'registered_models.project', search.projects);
  if (visible !== undefined) query = query.where(visible);
  for (const condition of search.conditions) query = query.where(modelMeets(database.kind, condition));
  const name: SortTerm = { by: byCodePoint(database.kind, sql.ref('registered_models.name')), type: 'text', ascending: true };
  const terms = search.order.map((key): SortTerm => (columnOf(key) === 'name' ? { ...name, ascending: key.ascending } : { by: sql.ref('registered_models.last_update_time'), type: 'integer', ascending: key.ascending }));
  const page = await keysetPage(query, { terms: [...terms, name], limit: search.limit, after: search.after });
  return { items: await toModels(database.read, page.items), next: page.next };
}

export async function searchVersions(database: Database, search: ModelVersionSearch): Promise<Page<ModelVersionRecord>> {
  let query = database.read.selectFrom('model_versions').innerJoin('registered_models', 'registered_models.id', 'registered_model_id').selectAll('model_versions').select('registered_models.name as model_name');
  const visible = inProjects(database.kind, 'registered_models.project', search.projects);
  if (visible !== undefined) query = query.where(visible);
  for (const condition of search.conditions) query = query.where(versionMeets(database.kind, condition));
  const terms = [...search.order, { column: 'last_update_time', ascending: false }, { column: 'name', ascending: true }, { column: 'version', ascending: false }].map((key) =>
    versionTerm(database.kind, 'column' in key ? (key.column as ModelVersionColumn) : columnOf(key), key.ascending),
  );
  const page = await keysetPage(query, { terms, limit: search.limit, after: search.after });
  return { items: await toVersions(database.read, page.items, new Map(page.items.map((row) => [row.registered_model_id, row.model_name]))), next: page.next };
}

function versionTerm(kind: Kind, column: ModelVersionColumn, ascending: boolean): SortTerm {
  const by = columnRef(column);
  return column === 'version' || column === 'creation_time' || column === 'last_update_time' ? { by, type: 'integer', ascending } : { by: byCodePoint(kind, by), type: 'text', ascending };
}

function columnRef(column: ModelVersionColumn): RawBuilder<unknown> {
  return sql.ref(column === 'name' ? 'registered_models.name' : `model_versions.${column}`);
}

function columnOf<Column extends string>(key: SortKey<Column>): Column {
  if (key.subject.entity !== 'attribute') throw new Error(`models are not sorted by ${key.subject.entity}s`);
  return key.subject.column;
}

function modelMeets(kind: Kind, { subject, test }: Condition<RegisteredModelColumn>): RawBuilder<SqlBool> {
  if (subject.entity === 'attribute') return passes(kind, sql.ref(`registered_models.${subject.column}`), test);
  return tagMeets(kind, { key: subject.key, test }, sql`registered_model_tags t where t.registered_model_id = registered_models.id`);
}

function versionMeets(kind: Kind, { subject, test }: Condition<ModelVersionColumn>): RawBuilder<SqlBool> {
  if (subject.entity === 'attribute') return passes(kind, columnRef(subject.column), test);
  return tagMeets(kind, { key: subject.key, test }, sql`model_version_tags t where t.registered_model_id = model_versions.registered_model_id and t.version = model_versions.version`);
}

/** Clients put `tags.mlflow.prompt.is_prompt != 'true'` behind every search for models: for this tag, absent differs too. */
const PROMPT_TAG = 'mlflow.prompt.is_prompt';

function tagMeets(kind: Kind, tag: { readonly key: string; readonly test: Test }, from: RawBuilder<unknown>): RawBuilder<SqlBool> {
  const withKey = sql`select 1 from ${from} and t.key = ${tag.key}`;
  if (tag.key === PROMPT_TAG && tag.test.operator === '!=' && 'text' in tag.test) return sql<SqlBool>`not exists (${withKey} and t.value = ${tag.test.text})`;
  return sql<SqlBool>`exists (${withKey} and ${passes(kind, sql.ref('t.value'), tag.test)})`;
}
