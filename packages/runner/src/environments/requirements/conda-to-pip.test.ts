import { expect, it } from 'vitest';
import { condaToPip } from './conda-to-pip.ts';

it.each([
  ['numpy', 'numpy'],
  ['numpy=1.26', 'numpy==1.26.*'],
  ['numpy=1.26.*', 'numpy==1.26.*'],
  ['numpy==1.26.4', 'numpy==1.26.4'],
  ['numpy 1.26.4', 'numpy==1.26.4'],
  ['numpy 1.26.*', 'numpy==1.26.*'],
  ['numpy=1.26.4=py311h64a7726_0', 'numpy==1.26.4.*'],
  ['numpy 1.26.4 py311h64a7726_0', 'numpy==1.26.4'],
  ['numpy>=1.2,<2', 'numpy>=1.2,<2'],
  ['numpy >=1.2, <2.0a0', 'numpy>=1.2,<2.0a0'],
  ['numpy!=1.25.*', 'numpy!=1.25.*'],
  ['numpy>=1.2.*', 'numpy>=1.2'],
  ['conda-forge::numpy=1', 'numpy==1.*'],
  ['conda-forge/linux-64::numpy=1', 'numpy==1.*'],
  ["numpy[version='>=1.2,<2']", 'numpy>=1.2,<2'],
  ['numpy *', 'numpy'],
  ['Scikit-Learn=1.4', 'scikit-learn==1.4.*'],
  ['pytorch::pytorch=2.4', 'torch==2.4.*'],
  ['py-opencv', 'opencv-python-headless'],
  ['matplotlib-base>=3', 'matplotlib>=3'],
  ['msgpack-python', 'msgpack'],
])('%s → %s', (written, expected) => {
  expect(condaToPip([written])).toEqual({ requirements: [expected], withoutEquivalent: [] });
});

it.each(['cudatoolkit=11.8', 'gcc_linux-64', 'libgcc', 'libgcc-ng=13=h1', '_libgcc_mutex', 'conda-forge::openjdk', 'r-base', 'ffmpeg', 'pytorch-cuda=12.1', 'numpy=1.2|1.4', ''])('pip has no %j', (written) => {
  expect(condaToPip([written, 'six'])).toEqual({ requirements: ['six'], withoutEquivalent: [written] });
});
