import { ConnectionBody, toConnectionSpec } from '@trainyard/api/schemas/connection.ts';
import { ToolchainIntegrationBody } from '@trainyard/api/schemas/toolchain-integration.ts';
import { TrainingBody } from '@trainyard/api/schemas/training.ts';
import { loadConnection } from '@trainyard/connections/catalog.ts';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { cli } from '../test-cli.ts';
import { TEMPLATES } from './templates.ts';

const BODIES = { ModelTraining: TrainingBody, Connection: ConnectionBody, ToolchainIntegration: ToolchainIntegrationBody };
/** What stands in the files that the templates name. */
const SECRETS: Readonly<Record<string, string>> = { 'sas-url': 'https://me.blob.core.windows.net/container?sv=1&sig=x', 'service-account.json': '{"type":"service_account","project_id":"p","client_email":"e@p","private_key":"k"}' };

/** As `trainyard apply` reads it: `keySecretFile` stands for the text of the file. */
function filledIn(text: string): { kind: keyof typeof BODIES; id: string; spec: Record<string, unknown> } {
  const manifest = parse(text) as { kind: keyof typeof BODIES; id: string; spec: Record<string, unknown> };
  const spec = Object.fromEntries(Object.entries(manifest.spec).map(([field, value]) => (field.endsWith('File') ? [field.slice(0, -4), SECRETS[String(value)] ?? 'a secret'] : [field, value])));
  return { ...manifest, spec };
}

describe('a template', () => {
  it.each(TEMPLATES.map(({ name }) => name))('%s is a manifest the server accepts when it is filled in', async (name) => {
    const { out } = await cli(['template', name]);
    const manifest = filledIn(out);
    if (manifest.kind === 'ModelTraining') (manifest.spec['algorithmSource'] as unknown) ??= { snapshot: { digest: 'a'.repeat(64) } };
    const read = BODIES[manifest.kind].parse(manifest);
    if (manifest.kind !== 'Connection') return;
    const spec = toConnectionSpec(ConnectionBody.parse(read).spec);
    expect((await loadConnection(spec.type)).problems(spec)).toEqual([]);
  });

  it('is named in the list, and a wrong name is told', async () => {
    const { out } = await cli(['template']);
    expect(out.trim().split('\n')).toHaveLength(TEMPLATES.length);
    expect(await cli(['template', 'git-conection'])).toMatchObject({ code: 2, err: expect.stringContaining("did you mean 'git-connection'") as string });
  });
});
