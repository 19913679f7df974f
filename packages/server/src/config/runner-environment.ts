/** What runners, and so trainings, may see of the server's environment: how to reach the world, never what the server knows. */
const PASSED = /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|(HTTPS?|NO|ALL|FTP)_PROXY|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NODE_EXTRA_CA_CERTS|GIT_SSL_CAINFO|PIP_\w+|UV_\w+|CONDA_\w+|MAMBA_\w+|PYENV_\w+|CUDA_\w+|NVIDIA_\w+|ROCR_\w+|HIP_\w+|LD_LIBRARY_PATH|OMP_NUM_THREADS|SPARK_HOME|JAVA_HOME|XDG_CACHE_HOME)$/i;

export function runnerEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value !== undefined && PASSED.test(name) ? [[name, value]] : [])));
}
