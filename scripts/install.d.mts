// For the TypeScript beside it; what it does is said in install.mjs.
export declare const ROOT: string;
export declare function ensureInstalled(options: {
  readonly dev: boolean;
  readonly root?: string;
  readonly print?: (line: string) => void;
}): Promise<{ readonly installed: boolean; readonly node: string; readonly env: NodeJS.ProcessEnv }>;
