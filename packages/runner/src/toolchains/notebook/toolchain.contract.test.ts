import { toolchainContract } from '../toolchain.contract.ts';
import { toolchain } from './toolchain.ts';

const notebook = (...cells: readonly string[]): string => JSON.stringify({ nbformat: 4, nbformat_minor: 4, metadata: {}, cells: cells.map((source) => ({ cell_type: 'code', metadata: {}, source, outputs: [], execution_count: null })) });
const spec = { entrypoint: 'train.ipynb' };

toolchainContract(toolchain, {
  echo: (text) => ({ files: { 'train.ipynb': notebook('import json', 'print(json.dumps(dbutils.widgets.get("text")), end="")') }, spec: { ...spec, hyperParameters: { text } } }),
  startsSomething: { files: { 'train.ipynb': notebook('open("started", "w")'), 'python_env.yaml': 'dependencies: []\n' }, spec },
  missing: [
    { what: 'the notebook', files: { 'deep/train.ipynb': notebook() }, spec: { entrypoint: 'tran.ipynb' }, words: ["'tran.ipynb'", 'it has deep/train.ipynb'] },
    { what: 'a notebook outside of the source', files: {}, spec: { entrypoint: '../scratch/x.ipynb' }, words: ["'../scratch/x.ipynb'"] },
    { what: 'JSON', files: { 'train.ipynb': '{' }, spec, words: ["'train.ipynb'", 'not JSON'] },
    { what: 'cells', files: { 'train.ipynb': '{"nbformat": 3, "worksheets": []}' }, spec, words: ['nbformat 3'] },
    { what: 'another language', files: { 'train.ipynb': JSON.stringify({ nbformat: 4, metadata: { kernelspec: { language: 'R' } }, cells: [] }) }, spec, words: ['written in R'] },
    { what: 'a magic nobody has', files: { 'train.ipynb': notebook('x = 1', '%%sql\nselect 1') }, spec, words: ['cell 2', "'%%sql'"] },
    { what: 'an installation inside', files: { 'train.ipynb': notebook('%pip install scikit-learn') }, spec, words: ['cell 1', "'%pip'", 'requirements.txt'] },
    { what: 'a plain program', files: { 'train.py': 'print(1)\n' }, spec: { entrypoint: 'train.py' }, words: ["'train.py'", '# Databricks notebook source'] },
  ],
});
