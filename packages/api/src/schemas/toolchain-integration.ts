import type { ToolchainIntegrationSpec } from '@trainyard/core/training/toolchain-integration.ts';
import { z } from 'zod';

const scalar = z.union([z.string(), z.number(), z.boolean()], { error: 'expected text, a number, true or false' }).transform(String);

/** The fields of a toolchain integration as users write them. */
export const ToolchainIntegrationSpecBody = z.strictObject({
  entrypoint: z.string().max(4096).describe('The program; it is called as `<entrypoint> --verbose --mt <mt.json> --target <directory>`'),
  defaultImage: z.string().max(4096).describe('Container image, for engines that run containers'),
  additionalEnvironments: z.record(z.string().min(1).max(256), scalar).default({}).describe("Environment variables, set before the training's own"),
});

export const ToolchainIntegrationBody = z.strictObject({
  kind: z.literal('ToolchainIntegration').optional(),
  id: z.string().describe('1 to 63 lowercase letters, digits and -, beginning with a letter'),
  spec: ToolchainIntegrationSpecBody,
  // answers of this API may be sent back as they are
  status: z.unknown().optional(),
  createdAt: z.unknown().optional(),
  updatedAt: z.unknown().optional(),
});
export type ToolchainIntegrationInput = z.input<typeof ToolchainIntegrationBody>;

const time = z.string().describe('RFC 3339, UTC, milliseconds');

export const ToolchainIntegration = z.object({
  kind: z.literal('ToolchainIntegration'),
  id: z.string(),
  createdAt: time,
  updatedAt: time,
  spec: z.object({ entrypoint: z.string(), defaultImage: z.string(), additionalEnvironments: z.record(z.string(), z.string()) }),
});
export type ToolchainIntegration = z.output<typeof ToolchainIntegration> & { readonly spec: ToolchainIntegrationSpec };
