import { toolchainContract } from '../toolchain.contract.ts';
import { toolchain } from './toolchain.ts';

const NODE = process.execPath;
const script = "const fs = require('node:fs'); fs.writeSync(1, JSON.stringify(process.argv[2]))";

toolchainContract(toolchain, {
  echo: (text) => ({ files: { 'echo.cjs': script }, spec: { args: [NODE, 'echo.cjs', '{text}'], hyperParameters: { text } } }),
  startsSomething: { files: { 'train.sh': '#!/bin/sh\ntouch started\n' }, spec: { args: ['./train.sh'] } },
  missing: [
    { what: 'no arguments', files: {}, spec: { args: [] }, words: ['needs args'] },
    { what: 'a script', files: { 'bin/train.sh': '' }, spec: { args: ['bin/tran.sh'] }, words: ["'bin/tran.sh'", "did you mean 'train.sh'?"] },
    { what: 'a directory for a program', files: { 'bin/x': '' }, spec: { args: ['./bin'] }, words: ["'./bin' is not a program"] },
    { what: 'two parameters for one variable', files: {}, spec: { args: ['true'], hyperParameters: { 'a-b': '1', a_b: '2' } }, words: ["'a-b'", "'a_b'", 'TRAINYARD_PARAM_A_B'] },
  ],
});
