import type { ToolchainIntegrationSpec } from '@trainyard/core/training/toolchain-integration.ts';
import type { z } from 'zod';
import { envelope, object, present, text, textMap } from './fields.ts';
import { timeText } from './time.ts';

export const ToolchainIntegrationBody = envelope(
  object({
    entrypoint: text('The program that trains; it is called with --verbose --mt <file> --target <directory>'),
    defaultImage: text('Container image, for engines that run containers'),
    additionalEnvironments: textMap("Environment variables, set before the training's own"),
  }),
);

interface Stored {
  readonly id: string;
  readonly spec: ToolchainIntegrationSpec;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export function readToolchainIntegration({ id = '', spec }: z.output<typeof ToolchainIntegrationBody>): { id: string; spec: ToolchainIntegrationSpec } {
  const { entrypoint = '', defaultImage = '', additionalEnvironments } = spec;
  return { id, spec: { entrypoint, defaultImage, additionalEnvironments } };
}

export function toolchainIntegrationView({ id, spec, createdAt, updatedAt }: Stored) {
  const { entrypoint, defaultImage, additionalEnvironments } = spec;
  return { id, createdAt: timeText(createdAt), updatedAt: timeText(updatedAt), spec: { entrypoint, defaultImage, ...present({ additionalEnvironments }) }, status: {} };
}
