import { loadPackages } from '../platform/load-package.ts';
import { NO_TELEMETRY, type Telemetry, type TelemetryConfig, type TelemetryParts } from './telemetry.ts';

const PACKAGES = ['@opentelemetry/api', '@opentelemetry/resources', '@opentelemetry/sdk-metrics', '@opentelemetry/sdk-trace'];

/** Loaded when the configuration asks for it, with packages that are installed only for it; otherwise nothing of it exists. */
export async function openTelemetry(config: TelemetryConfig | undefined, parts: TelemetryParts): Promise<Telemetry> {
  if (config === undefined) return NO_TELEMETRY;
  const { openAzureMonitor } = await loadPackages(config.setting, PACKAGES, () => import('./azure-monitor/azure-monitor.ts'));
  return openAzureMonitor({ ...config, ...parts });
}
