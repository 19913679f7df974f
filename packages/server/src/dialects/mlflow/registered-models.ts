import { LIMITS } from '@trainyard/core/tracking/limits.ts';
import type { Tracking } from '../../usecases/tracking/tracking.ts';
import { done, type Endpoint, endpoint } from './endpoint.ts';
import { list, orElse, required, results, text } from './wire/fields.ts';
import { pairs } from './wire/pairs.ts';
import { modelAnswer, versionAnswer } from './wire/registry.ts';

const name = { name: required(text) };

export function registeredModelEndpoints({ registeredModels, modelVersions }: Tracking): Endpoint[] {
  return [
    endpoint({
      methods: ['POST'],
      needs: 'write',
      audit: { action: 'model.create', resource: (message) => message.name },
      path: 'registered-models/create',
      fields: { ...name, description: text, tags: pairs },
      answer: async (message, caller) => ({ registered_model: modelAnswer(await registeredModels.create(caller, { name: message.name, description: message.description || null, tags: message.tags })) }),
    }),
    endpoint({ methods: ['GET'], needs: 'read', path: 'registered-models/get', fields: name, answer: async (message, caller) => ({ registered_model: modelAnswer(await registeredModels.get(caller, message.name)) }) }),
    endpoint({
      // by POST from R
      methods: ['GET', 'POST'],
      needs: 'read',
      path: 'registered-models/search',
      fields: { filter: orElse(text, ''), max_results: results(LIMITS.registeredModelsPerPage, 100), order_by: list(text), page_token: text },
      answer: async (message, caller) => {
        const page = await registeredModels.search(caller, { filter: message.filter, orderBy: message.order_by, limit: message.max_results, after: message.page_token || undefined });
        return { registered_models: page.items.map(modelAnswer), next_page_token: page.next };
      },
    }),
    endpoint({
      methods: ['GET', 'POST'],
      needs: 'read',
      path: 'registered-models/get-latest-versions',
      fields: { ...name, stages: list(text) },
      answer: async (message, caller) => ({ model_versions: (await registeredModels.latestVersions(caller, message.name, message.stages)).map(versionAnswer) }),
    }),
    endpoint({
      methods: ['PATCH'],
      needs: 'write',
      audit: { action: 'model.edit', resource: (message) => message.name },
      path: 'registered-models/update',
      fields: { ...name, description: text },
      answer: async (message, caller) => ({ registered_model: modelAnswer(await registeredModels.update(caller, message.name, message.description ?? null)) }),
    }),
    endpoint({
      methods: ['POST'],
      needs: 'write',
      audit: { action: 'model.rename', resource: (message) => message.name },
      path: 'registered-models/rename',
      fields: { ...name, new_name: required(text) },
      answer: async (message, caller) => ({ registered_model: modelAnswer(await registeredModels.rename(caller, message.name, message.new_name)) }),
    }),
    endpoint({ methods: ['DELETE'], needs: 'write', audit: { action: 'model.delete', resource: (message) => message.name }, path: 'registered-models/delete', fields: name, answer: (message, caller) => done(registeredModels.delete(caller, message.name)) }),
    endpoint({
      methods: ['POST'],
      needs: 'write',
      audit: { action: 'model.tag', resource: (message) => message.name },
      path: 'registered-models/set-tag',
      fields: { ...name, key: required(text), value: orElse(text, '') },
      answer: (message, caller) => done(registeredModels.setTag(caller, message.name, { key: message.key, value: message.value })),
    }),
    endpoint({ methods: ['DELETE'], needs: 'write', audit: { action: 'model.tag', resource: (message) => message.name }, path: 'registered-models/delete-tag', fields: { ...name, key: required(text) }, answer: (message, caller) => done(registeredModels.deleteTag(caller, message.name, message.key)) }),
    endpoint({
      methods: ['POST'],
      needs: 'write',
      audit: { action: 'model.alias', resource: (message) => message.name },
      path: 'registered-models/alias',
      fields: { ...name, alias: required(text), version: required(text) },
      answer: (message, caller) => done(registeredModels.setAlias(caller, message.name, { alias: message.alias, version: message.version })),
    }),
    endpoint({ methods: ['DELETE'], needs: 'write', audit: { action: 'model.alias', resource: (message) => message.name }, path: 'registered-models/alias', fields: { ...name, alias: required(text) }, answer: (message, caller) => done(registeredModels.deleteAlias(caller, message.name, message.alias)) }),
    endpoint({
      methods: ['GET'],
      needs: 'read',
      path: 'registered-models/alias',
      fields: { ...name, alias: required(text) },
      answer: async (message, caller) => ({ model_version: versionAnswer(await modelVersions.getByAlias(caller, message.name, message.alias)) }),
    }),
  ];
}
