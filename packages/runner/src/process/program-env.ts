import { MARK_VARIABLE } from './process-tree.ts';

/** Variables of the machine that programs may see. Everything else may be a secret of whoever runs Trainyard. */
const ALLOWED = new Set([
  ...['PATH', 'HOME', 'LANG', 'TZ', 'USER', 'LOGNAME', 'SHELL'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'no_proxy', 'all_proxy'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS', 'GIT_SSL_CAINFO', 'GIT_SSL_CAPATH'],
  ...['XDG_CONFIG_HOME', 'XDG_CACHE_HOME', 'XDG_DATA_HOME', 'LD_LIBRARY_PATH', 'OMP_NUM_THREADS'],
]);
const ALLOWED_PREFIX = /^(LC_|PIP_|UV_|CONDA_|MAMBA_|PYENV_|CUDA_|NVIDIA_)/;

/** The environment of every program of an attempt. */
export function programEnv(machine: Readonly<Record<string, string | undefined>>, mark: string, scratchDir: string): Record<string, string> {
  const allowed = Object.entries(machine).filter((entry): entry is [string, string] => entry[1] !== undefined && (ALLOWED.has(entry[0]) || ALLOWED_PREFIX.test(entry[0])));
  return { ...Object.fromEntries(allowed), TMPDIR: scratchDir, [MARK_VARIABLE]: mark };
}
