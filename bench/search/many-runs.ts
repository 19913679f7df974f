import type { DatabaseKind, TwoServers } from '../mlflow/two-servers.ts';

export const RUNS = 100_000;

/** 0…RUNS-1 as `i`, and the id of that run. */
function runs(kind: DatabaseKind): string {
  // in no order, as ids are
  const scattered = '(cast(i as bigint) * 2654435761) & 4294967295';
  const id = kind === 'sqlite' ? `printf('%08x%024x', ${scattered}, i)` : `lpad(to_hex(${scattered}), 8, '0') || lpad(to_hex(i), 24, '0')`;
  return `with recursive numbers (i) as (select 0 union all select i + 1 from numbers where i < ${RUNS - 1}), n as (select i, ${id} as id from numbers)`;
}

const KEYS = [1, 2, 3, 4, 5];
const start = '1763700000000 + i * 1000';
const metricValue = (key: number): string => `((cast(i as bigint) * 7919 + ${key} * 104729) % 1000003) / 1000003.0`;
/** p1 to p4 have 10 values, p5 has 1,000. */
const param = (key: number): string => `cast((i * ${key}) % ${key === 5 ? 1000 : 10} as text)`;
const tag = (key: number): string => `cast((i * ${key}) % 100 as text)`;

/** Experiment 1 with runs that have 5 metrics, 5 params and 5 tags each, in the tables where `mlflow server` would have put them. */
export async function fillPeer({ databases, kind }: TwoServers): Promise<void> {
  const n = runs(kind);
  await databases.runOnPeer([
    "insert into experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time) values (1, 'bench', 'mlflow-artifacts:/1', 'active', 0, 0)",
    `insert into runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time, source_version, lifecycle_stage, artifact_uri, experiment_id)
     ${n} select id, 'run-' || i, 'UNKNOWN', '', '', 'ann', 'FINISHED', ${start}, ${start} + 500, '', 'active', 'mlflow-artifacts:/1/' || id || '/artifacts', 1 from n`,
    ...KEYS.map((key) => `insert into latest_metrics (key, value, timestamp, step, is_nan, run_uuid) ${n} select 'm${key}', ${metricValue(key)}, ${start}, 1, false, id from n`),
    ...KEYS.map((key) => `insert into params (key, value, run_uuid) ${n} select 'p${key}', ${param(key)}, id from n`),
    ...KEYS.map((key) => `insert into tags (key, value, run_uuid) ${n} select 't${key}', ${tag(key)}, id from n`),
  ]);
}

/** The same in our tables. */
export async function fillOurs({ databases, kind }: TwoServers): Promise<void> {
  const n = runs(kind);
  await databases.runOnOurs([
    "insert into experiments (id, name, artifact_location, lifecycle_stage, creation_time, last_update_time) values (1, 'bench', 'mlflow-artifacts:/1', 'active', 0, 0)",
    `insert into tracking_runs (id, experiment_id, name, user_id, status, start_time, end_time, lifecycle_stage, artifact_uri, managed, last_seen)
     ${n} select id, 1, 'run-' || i, 'ann', 'FINISHED', ${start}, ${start} + 500, 'active', 'mlflow-artifacts:/1/' || id || '/artifacts', 0, ${start} from n`,
    ...KEYS.map((key) => `insert into metric_series (run_id, experiment_id, key, step, timestamp, value, is_nan) ${n} select id, 1, 'm${key}', 1, ${start}, ${metricValue(key)}, 0 from n`),
    ...KEYS.map((key) => `insert into params (run_id, key, value) ${n} select id, 'p${key}', ${param(key)} from n`),
    ...KEYS.map((key) => `insert into run_tags (run_id, key, value) ${n} select id, 't${key}', ${tag(key)} from n`),
  ]);
}
