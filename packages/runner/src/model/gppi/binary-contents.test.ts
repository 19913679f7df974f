import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type ModelFile, textFile } from '../trained-model.ts';
import { type BinaryContents, contentsOf } from './binary-contents.ts';

const RUN = '12345678901234567890123456789012';
const MLMODEL = (env: string): string => `flavors:\n  python_function:\n    env: ${env}\n    loader_module: mlflow.sklearn\n    python_version: 3.10\nmlflow_version: 3.17.2\n`;

function contents(files: Readonly<Record<string, string>>): Promise<BinaryContents> {
  const model = { name: 'wine', version: '3.0', artifactNameTemplate: 'x' };
  const all = Object.entries(files).map(([path, text]) => textFile(path, text));
  return contentsOf({ source: 'models:/m-1', modelId: 'm-1', files: all }, { model, run: RUN, origin: { run: RUN } }, new AbortController().signal);
}

const paths = ({ files }: BinaryContents): string[] => files.map(({ path }) => path).toSorted();

async function text({ files }: BinaryContents, wanted: string): Promise<string> {
  const file = files.find(({ path }) => path === wanted);
  const parts = (await (await file?.open(new AbortController().signal))?.toArray()) as Buffer[] | undefined;
  return Buffer.concat(parts ?? []).toString();
}

describe('a model that is a Python function', () => {
  it('lies where ODAHU looks for it, with an entry point and the description under both names', async () => {
    const found = await contents({ MLmodel: MLMODEL('{conda: conda.yaml, virtualenv: python_env.yaml}'), 'conda.yaml': 'a', 'data/model.pkl': 'b' });
    expect(paths(found)).toEqual(['odahuflow.model.yaml', 'odahuflow.project.yaml', 'odahuflow_model/MLmodel', 'odahuflow_model/conda.yaml', 'odahuflow_model/data/model.pkl', 'odahuflow_model/entrypoint.py', 'trainyard.json']);
    expect(found.python).toEqual({ workDir: 'odahuflow_model', condaPath: 'odahuflow_model/conda.yaml', entrypoint: 'entrypoint' });
  });

  it('has a run that is text to every reader of YAML, as the SDK asks', async () => {
    const project = await text(await contents({ MLmodel: MLMODEL('conda.yaml') }), 'odahuflow.project.yaml');
    expect(project).toContain(`run_id: "${RUN}"`);
    expect(parse(project, { version: '1.1' })).toMatchObject({ output: { run_id: RUN }, model: { version: '3.0' }, toolchain: { version: '3.17.2' } });
  });

  it.each([
    ['python_env.yaml', { 'python_env.yaml': 'python: 3.11.7\nbuild_dependencies: [pip]\ndependencies: [-r requirements.txt]\n', 'requirements.txt': 'six' }, ['python=3.11.7', 'pip', { pip: ['-r requirements.txt'] }]],
    ['requirements.txt', { 'requirements.txt': 'six' }, ['python=3.10', 'pip', { pip: ['-r requirements.txt'] }]],
    ['nothing', {}, ['python=3.10', 'pip', { pip: ['mlflow==3.17.2'] }]],
  ])('gets a conda file made from %s', async (_, files, dependencies) => {
    const found = await contents({ MLmodel: MLMODEL('{virtualenv: python_env.yaml}'), ...files });
    expect(parse(await text(found, 'odahuflow_model/conda.yaml'), { version: '1.1' })).toMatchObject({ dependencies });
  });

  it.each(['entrypoint.py', 'entrypoint/__init__.py'])('keeps its own %s, and the entry point gives way', async (own) => {
    const found = await contents({ MLmodel: MLMODEL('conda.yaml'), [own]: 'mine' });
    expect(await text(found, `odahuflow_model/${own}`)).toBe('mine');
    expect(found.python?.entrypoint).toBe('entrypoint_2');
    expect(await text(found, 'odahuflow_model/entrypoint_2.py')).toContain('def predict_on_matrix');
    expect(await text(found, 'odahuflow.project.yaml')).toContain('entrypoint: entrypoint_2');
  });

  it.each(['../../etc/passwd', 'nowhere.yaml'])('may name %s as its conda file: one is made', async (name) => {
    expect((await contents({ MLmodel: MLMODEL(name) })).python?.condaPath).toBe('odahuflow_model/conda.yaml');
  });
});

describe('any other model', () => {
  it.each([
    ['has another flavor', { MLmodel: 'flavors: {onnx: {data: x}}\n', 'x/y': '1' }],
    ['is just files', { 'weights.bin': '1' }],
  ])('%s: its files as they are, and the short description', async (_, files) => {
    const found = await contents(files);
    expect(paths(found)).toEqual([...Object.keys(files).map((path) => `model/${path}`), 'odahuflow.model.yaml', 'odahuflow.project.yaml', 'trainyard.json'].toSorted());
    expect(found.python).toBeUndefined();
    expect(parse(await text(found, 'odahuflow.project.yaml'), { version: '1.1' })).toEqual({ name: 'wine', version: '3.0', output: { run_id: RUN } });
  });

  it('is refused when its MLmodel file is none', async () => {
    await expect(contents({ MLmodel: 'a: [b' })).rejects.toMatchObject({ reason: 'output_invalid' });
    const huge: ModelFile = { path: 'MLmodel', sizeBytes: 1e9, open: () => Promise.resolve(Readable.from([])) };
    const described = { model: { name: 'w', version: '1', artifactNameTemplate: 'x' }, run: RUN, origin: {} };
    await expect(contentsOf({ source: 'x', modelId: undefined, files: [huge] }, described, new AbortController().signal)).rejects.toMatchObject({ reason: 'output_invalid' });
  });
});
