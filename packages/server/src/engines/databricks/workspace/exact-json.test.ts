import { describe, expect, it } from 'vitest';
import { idText, parseExactly } from './exact-json.ts';

describe('JSON read exactly', () => {
  it.each(['8856245678901234567', '9007199254740993', '9223372036854775807', '42'])('keeps all digits of %s', (id) => {
    const { run_id: runId } = parseExactly(`{"run_id": ${id}}`) as { run_id: number };
    expect(idText(runId)).toBe(id);
  });
  it('leaves everything else as JSON has it', () => {
    const text = '{"a":[1,-2.5,1e3,1e400,null,true,"9007199254740993"],"b":{"c":0}}';
    expect(parseExactly(text)).toEqual(JSON.parse(text));
  });
  it('throws what is no JSON', () => expect(() => parseExactly('{"run_id": 1')).toThrow(SyntaxError));
  it.each([0, -1, 1.5, '', '01', '1e3', '12345678901234567890', null, {}, true])('%j is no id', (value) => expect(idText(value)).toBeUndefined());
});
