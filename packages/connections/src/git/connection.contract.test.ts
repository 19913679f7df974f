import { Repository } from '@trainyard/testkit/repository.ts';
import { connectionContract } from '../connection.contract.ts';
import type { Place } from '../connection.ts';
import { connection } from './connection.ts';

connectionContract(connection, async () => {
  const repository = await Repository.make();
  await repository.commit({ 'train.py': 'print(1)\n', 'data/in.csv': '1\n', 'link.csv': { link: 'data/in.csv' } });
  await repository.git('tag', 'v1');
  await repository.commit({ 'train.py': 'print(2)\n' });
  await repository.git('switch', '--quiet', '--create', 'leads-out', 'v1');
  await repository.commit({ key: { link: '../../key' } });
  const at = (reference: string, uri = repository.url): Place => ({ spec: { type: 'git', uri, vital: false }, reference });
  return {
    context: { env: { PATH: process.env['PATH'] ?? '', HOME: repository.root }, signal: new AbortController().signal, localRoots: [repository.root, `${repository.root}-gone`] },
    directory: at('v1'),
    other: at('main'),
    missing: [{ place: at('v11'), word: 'v11' }, { place: at('main', `${repository.url}-gone`), word: `${repository.url}-gone` }],
    leadsOut: [at('leads-out')],
    at: (host, port) => ({ spec: { type: 'git', uri: `https://${host}:${port}/wine.git`, username: 'trainyard', password: 'hunter2hunter2', vital: false } }),
    remove: () => repository.remove(),
  };
});
