/** Tags that say where a version comes from: `trainyard.training`, `trainyard.run`, `trainyard.commit` … */
export function lineageTags(lineage: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(lineage).map(([key, value]) => [`trainyard.${key}`, value]));
}
