import { Repository } from '@trainyard/testkit/repository.ts';
import { connectionContract } from '../connection.contract.ts';
import { connection } from './connection.ts';

connectionContract(connection, async () => {
  const repository = await Repository.make();
  await repository.commit({ 'train.py': 'print(1)\n', 'data/in.csv': '1\n', 'link.csv': { link: 'data/in.csv' } });
  await repository.git('tag', 'v1');
  await repository.commit({ 'train.py': 'print(2)\n' });
  await repository.git('switch', '--quiet', '--create', 'leads-out', 'v1');
  await repository.commit({ key: { link: '../../key' } });
  const { url } = repository;
  return {
    good: { url, reference: 'v1' },
    other: { url, reference: 'main' },
    missingState: { url, reference: 'v11' },
    missingPlace: { url: `${url}-gone` },
    leadsOut: { url, reference: 'leads-out' },
    withSecret: { place: { url: 'https://trainyard:hunter2hunter2@127.0.0.1:1/wine.git' }, secret: 'hunter2hunter2' },
    context: { env: { PATH: process.env['PATH'] ?? '', HOME: repository.root }, signal: new AbortController().signal },
    remove: () => repository.remove(),
  };
});
