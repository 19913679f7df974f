import type { OnDemandSetting } from './on-demand-settings.ts';

/** What turns telemetry on, beside the variables that the on-demand service has from the one it replaces. */
export const TELEMETRY_SETTINGS = {
  APPLICATIONINSIGHTS_CONNECTION_STRING: { default: '', text: "Sends telemetry to the Application Insights resource of this connection string, `InstrumentationKey=…;IngestionEndpoint=https://…`, as Microsoft's own libraries read it. Wins over `APP_INSIGHTS_INSTRUMENTATION_KEY`.", secret: true },
} as const satisfies Record<string, OnDemandSetting>;
