import { toolchainContract } from '../toolchain.contract.ts';
import { toolchain } from './project-toolchain.ts';

const echo = `"${process.execPath}" -e 'process.stdout.write(JSON.stringify(process.argv[1]))' -- {text}`;
const project = (command: string, parameters = '{}'): Record<string, string> => ({ MLproject: `entry_points: {main: {parameters: ${parameters}, command: ${JSON.stringify(command)}}}\n` });

toolchainContract(toolchain, {
  echo: (text) => ({ files: project(echo, '{text: string}'), spec: { hyperParameters: { text } } }),
  startsSomething: { files: { ...project('touch started'), 'static/setup.py': 'open("started", "w")\n' }, spec: { envs: [{ name: 'STATIC_ARTIFACTS_DIR', value: 'static' }] } },
  missing: [
    { what: 'an entry point', files: project('x'), spec: { entrypoint: 'mian' }, words: ["'mian'", "did you mean 'main'?"] },
    { what: 'the directory of static artifacts', files: project('x'), spec: { envs: [{ name: 'STATIC_ARTIFACTS_DIR', value: 'statik' }] }, words: ["'statik'", 'STATIC_ARTIFACTS_DIR'] },
    { what: 'static artifacts outside of the source', files: project('x'), spec: { envs: [{ name: 'STATIC_ARTIFACTS_DIR', value: '../../..' }] }, words: ["'../../..'"] },
  ],
});
