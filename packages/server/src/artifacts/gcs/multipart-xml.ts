import type { UploadedPart } from '../artifact-store.ts';

/** The few elements of Google's XML API for uploads in parts. */

export function uploadIdOf(xml: string): string {
  const id = textOf(xml, 'UploadId');
  if (id === undefined) throw new Error('the store began an upload without naming it');
  return id;
}

export interface ListedParts {
  readonly parts: readonly (UploadedPart & { readonly sizeBytes: number })[];
  /** Where the next page begins; undefined on the last one. */
  readonly nextMarker: number | undefined;
}

export function partsOf(xml: string): ListedParts {
  const parts = [...xml.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => ({ number: Number(textOf(part, 'PartNumber')), tag: textOf(part, 'ETag') ?? '', sizeBytes: Number(textOf(part, 'Size')) }));
  return { parts, nextMarker: textOf(xml, 'IsTruncated') === 'true' ? Number(textOf(xml, 'NextPartNumberMarker')) : undefined };
}

export function completeXml(parts: readonly UploadedPart[]): string {
  const listed = parts.map(({ number, tag }) => `<Part><PartNumber>${number}</PartNumber><ETag>${escaped(tag)}</ETag></Part>`);
  return `<CompleteMultipartUpload>${listed.join('')}</CompleteMultipartUpload>`;
}

function textOf(xml: string, element: string): string | undefined {
  const text = new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1];
  return text?.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
