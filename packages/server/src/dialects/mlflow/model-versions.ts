import { LIMITS } from '@trainyard/core/tracking/limits.ts';
import type { Tracking } from '../../usecases/tracking/tracking.ts';
import { done, type Endpoint, endpoint } from './endpoint.ts';
import { flag, list, orElse, required, results, text } from './wire/fields.ts';
import { pairs } from './wire/pairs.ts';
import { versionAnswer } from './wire/registry.ts';

const versionName = ({ name, version }: { readonly name: string; readonly version: string }): string => `${name}/${version}`;
const name = { name: required(text), version: required(text) };

export function modelVersionEndpoints({ modelVersions }: Tracking): Endpoint[] {
  return [
    endpoint({
      methods: ['POST'],
      needs: 'write',
      audit: { action: 'version.create', resource: (message) => message.name },
      path: 'model-versions/create',
      fields: { name: required(text), source: required(text), run_id: text, tags: pairs, run_link: text, description: text, model_id: text },
      answer: async (message, caller) => {
        const { source, tags, run_id: runId, run_link: runLink = null, description = '', model_id: modelId } = message;
        return { model_version: versionAnswer(await modelVersions.create(caller, { name: message.name, source, runId, runLink, description, modelId, tags })) };
      },
    }),
    endpoint({ methods: ['GET'], needs: 'read', path: 'model-versions/get', fields: name, answer: async (message, caller) => ({ model_version: versionAnswer(await modelVersions.get(caller, message)) }) }),
    endpoint({
      methods: ['GET'],
      needs: 'read',
      path: 'model-versions/search',
      fields: { filter: orElse(text, ''), max_results: results(LIMITS.modelVersionsPerPage, 10_000), order_by: list(text), page_token: text },
      answer: async (message, caller) => {
        const page = await modelVersions.search(caller, { filter: message.filter, orderBy: message.order_by, limit: message.max_results, after: message.page_token || undefined });
        return { model_versions: page.items.map(versionAnswer), next_page_token: page.next };
      },
    }),
    endpoint({ methods: ['GET'], needs: 'read', path: 'model-versions/get-download-uri', fields: name, answer: async (message, caller) => ({ artifact_uri: (await modelVersions.get(caller, message)).storageLocation }) }),
    endpoint({
      methods: ['PATCH'],
      needs: 'write',
      audit: { action: 'version.edit', resource: versionName },
      path: 'model-versions/update',
      fields: { ...name, description: text },
      answer: async (message, caller) => ({ model_version: versionAnswer(await modelVersions.update(caller, message, message.description ?? null)) }),
    }),
    endpoint({
      methods: ['POST'],
      needs: 'write',
      audit: { action: 'version.stage', resource: versionName },
      path: 'model-versions/transition-stage',
      fields: { ...name, stage: required(text), archive_existing_versions: orElse(flag, false) },
      answer: async (message, caller) => ({ model_version: versionAnswer(await modelVersions.changeStage(caller, message, { stage: message.stage, archiveOthers: message.archive_existing_versions })) }),
    }),
    endpoint({ methods: ['DELETE'], needs: 'write', audit: { action: 'version.delete', resource: versionName }, path: 'model-versions/delete', fields: name, answer: (message, caller) => done(modelVersions.delete(caller, message)) }),
    endpoint({
      methods: ['POST'],
      needs: 'write',
      audit: { action: 'version.tag', resource: versionName },
      path: 'model-versions/set-tag',
      fields: { ...name, key: required(text), value: orElse(text, '') },
      answer: (message, caller) => done(modelVersions.setTag(caller, message, { key: message.key, value: message.value })),
    }),
    endpoint({ methods: ['DELETE'], needs: 'write', audit: { action: 'version.tag', resource: versionName }, path: 'model-versions/delete-tag', fields: { ...name, key: required(text) }, answer: (message, caller) => done(modelVersions.deleteTag(caller, message, message.key)) }),
  ];
}
