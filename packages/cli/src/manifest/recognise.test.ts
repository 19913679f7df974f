import { describe, expect, test } from 'vitest';
import { KINDS } from './manifest.ts';
import { recognise } from './recognise.ts';

const BODY = 'id: a\nspec: {}\n';

describe('recognise', () => {
  test.each([
    ['kind: ModelTraining\n', 'manifest'],
    ['{\n  "kind": "Connection"\n}', 'manifest'],
    ['[{"id":"a","kind":"ModelTraining"}]', 'manifest'],
    [`kind: Pod\napiVersion: v1\n---\nkind: Connection\n${BODY}`, 'manifest'],
    ['kind: ModelTraining\nid: {{ broken }\n', 'manifest'],
    [`kind: Conection\n${BODY}`, 'misspelt'],
    ['kind: connection\n', 'misspelt'],
    ['Kind: Connection\n', 'misspelt'],
    ['kind: Conection\nspec: {{ broken }\n', 'misspelt'],
    [`knd: Connection\n${BODY}`, 'misspelt'],
    [`kind: Training\n${BODY}`, 'misspelt'],
    [`kind: Conection\napiVersion: v1\n${BODY}`, 'misspelt'],
    ['apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {}\n', 'foreign'],
    ['apiVersion: v1\nkind: Service\nname: {{ .Values.name }}\n', 'foreign'],
    ['kind: rbf\ngamma: 0.1\n', 'doubtful'],
    ['kind: model\n', 'doubtful'],
    ['kind: {{ kind }}\nx: {{ broken }\n', 'doubtful'],
    ['name: env\ndependencies: [python=3.11]\n', 'other'],
    ['services:\n  db: {image: postgres}\n', 'other'],
    ['# kind: ModelTraining\npython: 3.11\n', 'other'],
    ['kernel: {kind: rbf}\n', 'other'],
    ['kind: 3\n', 'other'],
    ['', 'other'],
  ] as const)('%j is %s', (text, expected) => {
    expect(recognise(text, KINDS).is).toBe(expected);
  });

  test('a kind of ours that is not asked for is none of these', () => {
    expect(recognise(`kind: Connection\n${BODY}`, ['ModelTraining'])).toEqual({ is: 'other' });
  });
});
