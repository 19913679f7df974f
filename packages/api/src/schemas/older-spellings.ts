import type { VcsSource } from '@trainyard/core/training/spec.ts';

/** A source, with what ODAHU wrote beside it until its release 1.4. */
interface Spelled<Source extends { readonly vcs?: VcsSource | undefined }> {
  readonly algorithmSource: Source;
  readonly vcsName?: string | undefined;
  readonly reference?: string | undefined;
}

interface Disagreement {
  readonly path: (string | number)[];
  readonly message: string;
}

interface SpelledBinding {
  readonly connection?: string | undefined;
  readonly connName?: string | undefined;
}

/** Where a field and its older spelling are both there and say different things, or the older one stands for nothing. */
export function checkSpellings(body: Spelled<{ readonly vcs?: VcsSource | undefined }> & { readonly data: readonly SpelledBinding[] }): Disagreement[] {
  const { vcsName, reference, algorithmSource: { vcs } } = body;
  const pairs = [
    { path: ['vcsName'], older: vcsName, newer: vcs?.connection, name: 'algorithmSource.vcs.connection' },
    { path: ['reference'], older: reference, newer: vcs?.reference, name: 'algorithmSource.vcs.reference' },
    ...body.data.map(({ connection, connName }, at) => ({ path: ['data', at, 'connName'], older: connName, newer: connection, name: `data[${at}].connection` })),
  ];
  const apart = pairs.filter(({ older, newer }) => older !== undefined && newer !== undefined && older !== newer);
  const problems = apart.map(({ path, older, newer, name }) => ({ path, message: `'${older}' and ${name} '${newer}' disagree: write only ${name}` }));
  const stray = reference !== undefined && vcs === undefined && vcsName === undefined;
  return stray ? [...problems, { path: ['reference'], message: "it goes with vcsName: write it into the source itself, such as algorithmSource.git.reference" }] : problems;
}

/** The source with the older spellings written out. */
export function sourceOf<Source extends { readonly vcs?: VcsSource | undefined }>({ algorithmSource, vcsName, reference }: Spelled<Source>): Source {
  const connection = algorithmSource.vcs?.connection ?? vcsName;
  if (connection === undefined) return algorithmSource;
  const chosen = algorithmSource.vcs?.reference ?? reference;
  return { ...algorithmSource, vcs: { connection, ...(chosen === undefined ? {} : { reference: chosen }) } };
}
