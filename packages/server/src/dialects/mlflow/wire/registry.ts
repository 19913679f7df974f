import type { ModelVersionRecord, RegisteredModelRecord } from '../../../usecases/tracking/records.ts';
import type { Answer } from '../endpoint.ts';
import { pairsAnswer } from './pairs.ts';

export function modelAnswer(model: RegisteredModelRecord): Answer {
  return {
    name: model.name,
    creation_timestamp: model.createdAt,
    last_updated_timestamp: model.updatedAt,
    description: model.description || undefined,
    latest_versions: model.latestVersions.map(versionAnswer),
    tags: pairsAnswer(model.tags),
    aliases: model.aliases.map(({ alias, version }) => ({ alias, version: String(version) })),
  };
}

export function versionAnswer(version: ModelVersionRecord): Answer {
  return {
    name: version.name,
    version: String(version.version),
    creation_timestamp: version.createdAt,
    last_updated_timestamp: version.updatedAt,
    user_id: version.userId ?? undefined,
    current_stage: version.stage,
    description: version.description ?? undefined,
    source: version.source,
    run_id: version.runId ?? '',
    status: 'READY',
    tags: pairsAnswer(version.tags),
    run_link: version.runLink ?? '',
    aliases: [...version.aliases],
  };
}
