import { toolchainContract } from '../toolchain.contract.ts';
import { toolchain } from './toolchain.ts';

const integration = (entrypoint: string): { entrypoint: string; defaultImage: string; additionalEnvironments: Record<string, string> } => ({ entrypoint, defaultImage: 'example/echo:1', additionalEnvironments: {} });
const echo = `#!${process.execPath}
import { readFileSync } from 'node:fs';
const trainer = JSON.parse(readFileSync(process.argv[process.argv.indexOf('--mt') + 1], 'utf8'));
process.stdout.write(JSON.stringify(trainer.modelTraining.spec.hyperParameters.text));
`;

toolchainContract(toolchain, {
  echo: (text) => ({ files: { 'bin/echo.mjs': echo }, spec: { hyperParameters: { text } }, integration: integration('bin/echo.mjs') }),
  startsSomething: { files: { 'start.sh': '#!/bin/sh\ntouch started\n', 'setup.py': 'open("started", "w")\n' }, spec: {}, integration: integration('./start.sh') },
  missing: [
    { what: 'a program of the source', files: { 'bin/train': '' }, spec: {}, integration: integration('bin/trian'), words: ["'bin/trian'", 'in the source', "did you mean 'train'?", "'example/echo:1'"] },
    { what: 'a program of the machine', files: {}, spec: { image: 'example/mine:2' }, integration: integration('/opt/odahu/no-such-program'), words: ["'/opt/odahu/no-such-program'", 'on this machine', "'example/mine:2'", "'local'"] },
    { what: 'a program of PATH', files: {}, spec: {}, integration: integration('no-such-program'), words: ["'no-such-program'", 'in PATH', "'example/echo:1'"] },
    { what: 'a program behind a path that leads out', files: {}, spec: {}, integration: integration('../../../../../../../bin/sh'), words: ['in the source'] },
    { what: 'the integration', files: {}, spec: {}, words: ["'program'", 'add it again'] },
  ],
});
