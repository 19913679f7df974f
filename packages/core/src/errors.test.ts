import { describe, expect, it } from 'vitest';
import { type ErrorCode, ERRORS, isTrainyardError, TrainyardError } from './errors.ts';

describe('an error', () => {
  it('says what was asked and what to do', () => {
    const error = new TrainyardError('TRAINING_NOT_FOUND', { id: 'wine' });
    expect(error).toMatchObject({ message: "there is no training 'wine'", status: 404, kind: 'not_found' });
    expect(error.hint).not.toBe('');
    expect(isTrainyardError(error)).toBe(true);
    expect(isTrainyardError(new Error('x'))).toBe(false);
  });

  it.each(Object.keys(ERRORS) as ErrorCode[])('%s has a text and a next step', (code) => {
    expect(ERRORS[code].text).not.toBe('');
    expect(ERRORS[code].hint).not.toBe('');
  });
});
