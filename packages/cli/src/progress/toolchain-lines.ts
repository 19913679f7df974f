import type { ToolchainIntegration } from '@trainyard/api/schemas/toolchain-integration.ts';
import { agoText } from '../output/amounts.ts';
import { type Fact, factLines } from '../output/facts.ts';
import type { Screen } from '../output/screen.ts';
import type { Column } from '../output/table.ts';

/** A toolchain integration in detail. */
export function toolchainLines({ id, spec, createdAt, updatedAt }: ToolchainIntegration, screen: Screen): string[] {
  const now = Date.now();
  const facts: Fact[] = [
    ['entrypoint', spec.entrypoint],
    ['image', spec.defaultImage],
    ['variables', Object.entries(spec.additionalEnvironments).map(([name, value]) => `${name}=${value}`).join('  ')],
    ['created', agoText(createdAt, now), createdAt],
    ['changed', agoText(updatedAt, now), updatedAt],
  ];
  return [screen.style.title(id), ...factLines(facts, screen)];
}

export const toolchainColumns: readonly Column<ToolchainIntegration>[] = [
  { title: 'id', text: ({ id }) => id, shrinks: true, paint: (_, style) => style.title },
  { title: 'entrypoint', text: ({ spec }) => spec.entrypoint, shrinks: true },
  { title: 'image', text: ({ spec }) => spec.defaultImage, shrinks: true },
  { title: 'changed', text: ({ updatedAt }) => agoText(updatedAt, Date.now()) },
];
