import { toolchainContract } from '../toolchain.contract.ts';
import { toolchain } from './toolchain.ts';

const echo = `"${process.execPath}" -e 'process.stdout.write(JSON.stringify(process.argv[1]))' -- {text}`;
const project = (command: string, parameters = '{}'): Record<string, string> => ({ MLproject: `entry_points: {main: {parameters: ${parameters}, command: ${JSON.stringify(command)}}}\n` });

toolchainContract(toolchain, {
  echo: (text) => ({ files: project(echo, '{text: string}'), spec: { hyperParameters: { text } } }),
  startsSomething: { files: { ...project('touch started'), 'python_env.yaml': 'dependencies: []\n', 'setup.py': 'open("started", "w")\n' }, spec: {} },
  missing: [
    { what: 'an entry point', files: project('x'), spec: { entrypoint: 'mian' }, words: ["'mian'", 'MLproject has: main', "did you mean 'main'?"] },
    { what: 'a script', files: { 'train.py': '' }, spec: { entrypoint: 'tran.py' }, words: ["'tran.py'", "did you mean 'train.py'?"] },
    { what: 'a parameter', files: project('x {a}', '{a: float}'), spec: {}, words: ["No value given for missing parameters: 'a'"] },
    { what: 'a file of a parameter', files: project('x {a}', '{a: path}'), spec: { hyperParameters: { a: 'data.csv' } }, words: ["'data.csv'", "'a'"] },
    { what: 'an environment file', files: { MLproject: 'python_env: env.yaml\nentry_points: {main: {command: x}}\n' }, spec: {}, words: ["'env.yaml'"] },
    { what: 'a field of one', files: { ...project('x'), 'python_env.yaml': 'dependancies: []\n' }, spec: {}, words: ["'dependancies'", "did you mean 'dependencies'?"] },
  ],
});
