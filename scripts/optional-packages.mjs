/**
 * npm packages that are loaded only when the configuration asks for what needs them, by what that is. Whoever installs the npm
 * package adds those that he uses; the versions we test with are the workspace's.
 */
export const OPTIONAL_PACKAGES = {
  telemetry: ['@opentelemetry/api', '@opentelemetry/resources', '@opentelemetry/sdk-metrics', '@opentelemetry/sdk-trace'],
};
