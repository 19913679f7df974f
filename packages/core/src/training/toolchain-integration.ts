/**
 * A way to train that users add themselves, as ODAHU has it: a program that is called as
 * `<entrypoint> --verbose --mt <mt.json> --target <directory>`, in a container of `defaultImage` where the engine has
 * containers, as a program of the runner where it has none.
 */
export interface ToolchainIntegrationSpec {
  readonly entrypoint: string;
  readonly defaultImage: string;
  /** Set for the program, before the training's own variables. */
  readonly additionalEnvironments: Readonly<Record<string, string>>;
}
