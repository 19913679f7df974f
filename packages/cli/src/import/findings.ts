import type { ImportAnswer } from '@trainyard/api/schemas/transfer.ts';

/** One record, and what there is to say about it. */
export interface Finding {
  readonly record: string;
  readonly text: string;
}

const MAX = 1000;

/** What the server refused or kept otherwise, each thing once, however often it was said. */
export class Findings {
  readonly #refused = new Map<string, Finding>();
  readonly #notes = new Map<string, Finding>();

  add({ refused, notes }: Pick<ImportAnswer, 'refused' | 'notes'>): void {
    for (const { line, record, text } of refused) this.refuse(record ?? `line ${line} of a request`, text);
    for (const { record, text } of notes) keep(this.#notes, { record: record ?? '', text });
  }

  refuse(record: string, text: string): void {
    keep(this.#refused, { record, text });
  }

  get refused(): readonly Finding[] {
    return [...this.#refused.values()];
  }

  get notes(): readonly Finding[] {
    return [...this.#notes.values()];
  }
}

function keep(findings: Map<string, Finding>, finding: Finding): void {
  if (findings.size < MAX) findings.set(`${finding.record}\n${finding.text}`, finding);
}
