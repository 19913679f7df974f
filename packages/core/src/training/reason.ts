/**
 * Why an attempt ended badly, and what that means for another try. A failure of a training is data, not an exception.
 *
 * `retry`: `always` = the cause lies outside of the training, try again while attempts are left;
 * `asked` = only when the training's retry policy names the reason; `never` = trying again cannot help.
 */
export const REASONS = {
  exit_code: { retry: 'asked', text: 'the training ended with an exit code that is not 0' },
  signal: { retry: 'asked', text: 'the training was ended by a signal' },
  out_of_memory: { retry: 'asked', text: 'the training ran out of memory' },
  timeout: { retry: 'asked', text: 'a time limit was reached' },
  source_unavailable: { retry: 'always', text: 'the source could not be reached' },
  data_unavailable: { retry: 'always', text: 'the data could not be reached' },
  registry_unavailable: { retry: 'always', text: 'the model could not be published' },
  host_lost: { retry: 'always', text: 'the engine lost the process or its machine' },
  preempted: { retry: 'always', text: 'the engine took the machine away' },
  could_not_start: { retry: 'always', text: 'the engine could not start the attempt' },
  bad_spec: { retry: 'never', text: 'the training asks for something that is not there' },
  environment_failed: { retry: 'asked', text: 'the environment could not be built' },
  output_missing: { retry: 'never', text: 'the training left no model where one was expected' },
  output_invalid: { retry: 'never', text: 'what the training left cannot be used' },
  disk_full: { retry: 'asked', text: 'the disk was full' },
  cancelled: { retry: 'never', text: 'somebody stopped it' },
  internal: { retry: 'asked', text: 'Trainyard itself failed' },
} as const satisfies Record<string, { retry: 'always' | 'asked' | 'never'; text: string }>;

export type Reason = keyof typeof REASONS;

export const REASON_NAMES = Object.keys(REASONS) as [Reason, ...Reason[]];
