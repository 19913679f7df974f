import { MARK_VARIABLE } from './process-tree.ts';

/** Variables of the machine that programs may see. Everything else may be a secret of whoever runs Trainyard. */
const ALLOWED = new Set([
  ...['PATH', 'HOME', 'LANG', 'TZ', 'USER', 'LOGNAME', 'SHELL'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'no_proxy', 'all_proxy'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS', 'GIT_SSL_CAINFO', 'GIT_SSL_CAPATH'],
  ...['XDG_CONFIG_HOME', 'XDG_CACHE_HOME', 'XDG_DATA_HOME', 'LD_LIBRARY_PATH', 'OMP_NUM_THREADS'],
]);
const ALLOWED_PREFIX = /^(LC_|PIP_|UV_|CONDA_|MAMBA_|PYENV_|CUDA_|NVIDIA_)/;

/** Where a machine keeps credentials for `credentials: ambient`. */
const CLOUD = /^(AWS_|AMAZON_|GOOGLE_|GCLOUD_|GCE_|CLOUDSDK_|AZURE_|IDENTITY_|MSI_|IMDS_|SSH_AUTH_SOCK$)/;

type MachineEnv = Readonly<Record<string, string | undefined>>;

/** The environment of every program of an attempt. */
export function programEnv(machine: MachineEnv, mark: string, scratchDir: string): Record<string, string> {
  return { ...passed(machine, (name) => ALLOWED.has(name) || ALLOWED_PREFIX.test(name)), TMPDIR: scratchDir, [MARK_VARIABLE]: mark };
}

/** The environment of connections, and of the programs they start. */
export function connectionEnv(machine: MachineEnv, mark: string, scratchDir: string): Record<string, string> {
  return { ...passed(machine, (name) => CLOUD.test(name)), ...programEnv(machine, mark, scratchDir) };
}

function passed(machine: MachineEnv, isPassed: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(machine).filter((entry): entry is [string, string] => entry[1] !== undefined && isPassed(entry[0])));
}
