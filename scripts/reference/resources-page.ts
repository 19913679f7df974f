import { routes } from '@trainyard/api/routes.ts';
import { bodyOf } from './contract.ts';
import { table } from './markdown.ts';
import { fieldRows } from './training-page.ts';

const TITLE = ['field', 'type', 'default', 'what it is'];

/** Every field of a connection and of a toolchain integration. */
export function resourcesPage(): string {
  return [
    '# Fields of connections and toolchain integrations',
    'They are sent as JSON, or kept in a file as YAML or JSON; how: [apply manifests](../howto/apply-manifests.md). A field that is not in these tables is refused, and the nearest name is suggested.',
    '## Connection',
    'Which fields a type needs: [use connections](../howto/use-connections.md). In a manifest a secret and `publicKey` may stand elsewhere: `keySecretFile` names a file, `keySecretEnv` an environment variable.',
    table(TITLE, fieldRows(bodyOf(routes.createConnection) ?? {}, { spec: { vital: false } })),
    '## ToolchainIntegration',
    table(TITLE, fieldRows(bodyOf(routes.createToolchain) ?? {}, { spec: { additionalEnvironments: {} } })),
  ].join('\n\n');
}
