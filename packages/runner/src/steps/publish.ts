import type { ModelFact } from '@trainyard/core/training/outcome.ts';
import { type Attempt, Skipped } from '../attempt.ts';
import type { TrainedModel } from '../model/trained-model.ts';
import { persistentCall, problemOf, ServerAway } from '../server/persistent-call.ts';
import { StepFailure } from '../step-failure.ts';

/** Registers the model. The server answers the same version to the same call, so that it may be repeated. */
export async function publish(attempt: Attempt, model: TrainedModel | undefined): Promise<Skipped | undefined> {
  if (model === undefined) return new Skipped('there is no model to register');
  const { order, link, signal, log, know } = attempt;
  const { register, model: named } = order.spec;
  const json = { attempt: order.attempt, name: register.name ?? named.name, source: model.source, modelId: model.modelId, aliases: register.aliases, tags: register.tags };
  try {
    const answer = await persistentCall(link, { method: 'POST', path: '/api/v1/runner/model', json }, { signal, patienceMs: order.limits.deliverForMs });
    if (answer.status !== 200) throw new StepFailure('bad_spec', `the model could not be registered as '${json.name}': ${problemOf(answer)}`);
    const { name, version } = JSON.parse(answer.text) as ModelFact;
    log.say(`publish: ${name} version ${version}`);
    know({ model: { name, version } });
    return undefined;
  } catch (error) {
    if (error instanceof ServerAway) throw new StepFailure('registry_unavailable', `the model could not be registered as '${json.name}': ${error.message}`, { cause: error });
    throw error;
  }
}
