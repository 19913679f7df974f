/** Names under which the Python package index has what conda calls otherwise. */
const RENAMED: Readonly<Record<string, string>> = {
  'dask-core': 'dask',
  'lightning': 'lightning',
  'matplotlib-base': 'matplotlib',
  'msgpack-python': 'msgpack',
  'opencv': 'opencv-python-headless',
  'py-lightgbm': 'lightgbm',
  'py-opencv': 'opencv-python-headless',
  'py-xgboost': 'xgboost',
  'py-xgboost-cpu': 'xgboost',
  'pyarrow-core': 'pyarrow',
  'pytables': 'tables',
  'python-flatbuffers': 'flatbuffers',
  'python-lmdb': 'lmdb',
  'python-snappy': 'python-snappy',
  'python-xxhash': 'xxhash',
  'pytorch': 'torch',
  'pytorch-cpu': 'torch',
  'pytorch-gpu': 'torch',
  'scikit-learn-intelex': 'scikit-learn-intelex',
  'tensorflow-cpu': 'tensorflow',
  'tensorflow-gpu': 'tensorflow',
  'typing_extensions': 'typing-extensions',
  'xgboost-cpu': 'xgboost',
};

/** Programs and C libraries: pip has either nothing of that name, or something else. */
const NATIVE = [
  /^(_.*|lib.+|ld_impl_.+|.+_(linux|osx|win)-.+)$/,
  /^(gcc|gxx|gfortran|clang|clangxx|llvm|binutils|compilers|c-compiler|cxx-compiler|fortran-compiler|make|pkg-config|sysroot.*)$/,
  /^(cudatoolkit.*|cuda(-.+)?|cudnn|nccl|cutensor|pytorch-cuda|pytorch-mutex|magma.*)$/,
  /^(blas|openblas|mkl-service|mkl_fft|mkl_random|nomkl|llvm-openmp|intel-openmp|openmpi|mpich|mpi)$/,
  /^(bzip2|ca-certificates|expat|ffmpeg|fontconfig|freetype|gdal|geos|git|glib|graphviz|gsl|hdf5|icu|jpeg|krb5|lz4-c|lzo|ncurses|nodejs|openjdk|openssl|proj|readline|sqlite|swig|tbb|tk|tzdata|xz|yaml|zlib|zstd)$/,
  /^(r|r-.+|rstudio|perl(-.+)?|julia|rust|go)$/,
];

const MATCH_SPEC = /^(?:[^:\s]+::)?([A-Za-z0-9_][\w.-]*)\s*(?:\[\s*version\s*=\s*['"]?([^'"\]]*)['"]?[^\]]*\])?\s*(.*)$/;

export interface PipEquivalents {
  readonly requirements: readonly string[];
  /** What cannot come from the Python package index, as written. */
  readonly withoutEquivalent: readonly string[];
}

/** Packages as conda writes them → requirements as pip does: `pytorch=2.4` → `torch==2.4.*`. */
export function condaToPip(packages: readonly string[]): PipEquivalents {
  const all = packages.map((written) => ({ written, requirement: requirementOf(written) }));
  return {
    requirements: all.flatMap(({ requirement }) => requirement ?? []),
    withoutEquivalent: all.filter(({ requirement }) => requirement === undefined).map(({ written }) => written),
  };
}

function requirementOf(written: string): string | undefined {
  const [, given = '', inBrackets, behind = ''] = MATCH_SPEC.exec(written) ?? [];
  const name = given.toLowerCase();
  if (name === '' || NATIVE.some((native) => native.test(name))) return undefined;
  const version = versionOf((inBrackets ?? behind).trim());
  return version === undefined ? undefined : `${RENAMED[name] ?? name}${version}`;
}

/** conda's version → pip's; undefined when pip cannot say it (alternatives: `1.2|1.4`). */
function versionOf(written: string): string | undefined {
  if (written === '' || written === '*') return '';
  if (written.includes('|')) return undefined;
  // `=1.2.3=py311_0` and `1.2.3 py311_0`: the third part is a build, which pip does not know
  const [, fuzzy, plain] = /^(=?)([^=<>!~\s,]+)(?:[=\s].*)?$/.exec(written) ?? [];
  if (plain !== undefined) return fuzzy === '=' ? prefix(plain) : exact(plain);
  const clauses = written.replace(/\s+/g, '').split(',');
  const converted = clauses.map(clauseOf);
  return converted.every((clause) => clause !== undefined) ? converted.join(',') : undefined;
}

function clauseOf(clause: string): string | undefined {
  const [, operator = '=', version] = /^(==|!=|~=|>=|<=|>|<|=)?([\w.+!*-]+)(?:=\w+)?$/.exec(clause) ?? [];
  if (version === undefined) return undefined;
  if (operator === '=') return prefix(version);
  if (operator === '==') return exact(version);
  if (operator === '!=') return `!=${version.replace(/\.?\*$/, '.*')}`;
  return `${operator}${version.replace(/\.?\*$/, '')}`;
}

function exact(version: string): string {
  return version.endsWith('*') ? prefix(version) : `==${version}`;
}

function prefix(version: string): string {
  const stem = version.replace(/\.?\*$/, '');
  return stem === '' ? '' : `==${stem}.*`;
}
