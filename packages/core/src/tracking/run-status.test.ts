import { describe, expect, it } from 'vitest';
import { decideStatus } from './run-status.ts';

const managed = { managed: true, status: 'RUNNING', endTime: null } as const;

describe('who ends a run', () => {
  it('is the client, for a run that only it knows', () => {
    const run = { managed: false, status: 'RUNNING', endTime: null } as const;
    expect(decideStatus(run, { status: 'FINISHED', endTime: 9 })).toEqual({ status: 'FINISHED', endTime: 9, shown: { status: 'FINISHED', endTime: 9 } });
    expect(decideStatus({ ...run, status: 'FINISHED', endTime: 9 }, { status: 'RUNNING' })).toMatchObject({ status: 'RUNNING', endTime: 9 });
    expect(decideStatus({ ...run, status: 'FAILED', endTime: 9 }, {})).toMatchObject({ status: 'FAILED', endTime: 9 });
  });

  it('is Trainyard for a run it launched: the word of the client is kept and shown, and changes nothing', () => {
    const word = { status: 'FINISHED', endTime: 9 } as const;
    expect(decideStatus(managed, word)).toEqual({ status: 'RUNNING', endTime: null, clientWord: word, shown: word });
  });

  it('forgets the word of a client that goes on', () => {
    expect(decideStatus(managed, { status: 'RUNNING' })).toEqual({ status: 'RUNNING', endTime: null, clientWord: { status: null, endTime: null }, shown: { status: 'RUNNING', endTime: null } });
  });

  it('lets no late client change what Trainyard has ended', () => {
    const failed = { managed: true, status: 'FAILED', endTime: 5 } as const;
    for (const status of ['FINISHED', 'RUNNING', 'KILLED'] as const) expect(decideStatus(failed, { status, endTime: 9 })).toEqual({ status: 'FAILED', endTime: 5, shown: { status: 'FAILED', endTime: 5 } });
  });
});
