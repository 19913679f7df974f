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
      path: 'registered-models/create',
      fields: { ...name, description: text, tags: pairs },
      answer: async (message) => ({ registered_model: modelAnswer(await registeredModels.create({ name: message.name, description: message.description || null, tags: message.tags })) }),
    }),
    endpoint({ methods: ['GET'], path: 'registered-models/get', fields: name, answer: async (message) => ({ registered_model: modelAnswer(await registeredModels.get(message.name)) }) }),
    endpoint({
      // by POST from R
      methods: ['GET', 'POST'],
      path: 'registered-models/search',
      fields: { filter: orElse(text, ''), max_results: results(LIMITS.registeredModelsPerPage, 100), order_by: list(text), page_token: text },
      answer: async (message) => {
        const page = await registeredModels.search({ filter: message.filter, orderBy: message.order_by, limit: message.max_results, after: message.page_token || undefined });
        return { registered_models: page.items.map(modelAnswer), next_page_token: page.next };
      },
    }),
    endpoint({
      methods: ['GET', 'POST'],
      path: 'registered-models/get-latest-versions',
      fields: { ...name, stages: list(text) },
      answer: async (message) => ({ model_versions: (await registeredModels.latestVersions(message.name, message.stages)).map(versionAnswer) }),
    }),
    endpoint({
      methods: ['PATCH'],
      path: 'registered-models/update',
      fields: { ...name, description: text },
      answer: async (message, caller) => ({ registered_model: modelAnswer(await registeredModels.update(caller, message.name, message.description ?? null)) }),
    }),
    endpoint({
      methods: ['POST'],
      path: 'registered-models/rename',
      fields: { ...name, new_name: required(text) },
      answer: async (message, caller) => ({ registered_model: modelAnswer(await registeredModels.rename(caller, message.name, message.new_name)) }),
    }),
    endpoint({ methods: ['DELETE'], path: 'registered-models/delete', fields: name, answer: (message, caller) => done(registeredModels.delete(caller, message.name)) }),
    endpoint({
      methods: ['POST'],
      path: 'registered-models/set-tag',
      fields: { ...name, key: required(text), value: orElse(text, '') },
      answer: (message, caller) => done(registeredModels.setTag(caller, message.name, { key: message.key, value: message.value })),
    }),
    endpoint({ methods: ['DELETE'], path: 'registered-models/delete-tag', fields: { ...name, key: required(text) }, answer: (message, caller) => done(registeredModels.deleteTag(caller, message.name, message.key)) }),
    endpoint({
      methods: ['POST'],
      path: 'registered-models/alias',
      fields: { ...name, alias: required(text), version: required(text) },
      answer: (message, caller) => done(registeredModels.setAlias(caller, message.name, { alias: message.alias, version: message.version })),
    }),
    endpoint({ methods: ['DELETE'], path: 'registered-models/alias', fields: { ...name, alias: required(text) }, answer: (message, caller) => done(registeredModels.deleteAlias(caller, message.name, message.alias)) }),
    endpoint({
      methods: ['GET'],
      path: 'registered-models/alias',
      fields: { ...name, alias: required(text) },
      answer: async (message) => ({ model_version: versionAnswer(await modelVersions.getByAlias(message.name, message.alias)) }),
    }),
  ];
}
