import { describe, expect, it } from 'vitest';
import { completeXml, partsOf, uploadIdOf } from './multipart-xml.ts';

describe("the XML of Google's uploads in parts", () => {
  it('names an upload', () => {
    expect(uploadIdOf("<?xml version='1.0'?><InitiateMultipartUploadResult><Bucket>b</Bucket><UploadId>a&amp;b</UploadId></InitiateMultipartUploadResult>")).toBe('a&b');
    expect(() => uploadIdOf('<Error/>')).toThrow('without naming it');
  });

  it('lists parts, with where the next page begins', () => {
    const part = '<Part><PartNumber>2</PartNumber><ETag>&quot;e&quot;</ETag><Size>7</Size></Part>';
    const page = (more: boolean) => `<ListPartsResult><NextPartNumberMarker>2</NextPartNumberMarker><IsTruncated>${more}</IsTruncated>\n${part}\n</ListPartsResult>`;
    expect(partsOf(page(true))).toEqual({ parts: [{ number: 2, tag: '"e"', sizeBytes: 7 }], nextMarker: 2 });
    expect(partsOf(page(false)).nextMarker).toBeUndefined();
  });

  it('lets no tag become markup', () => {
    expect(completeXml([{ number: 1, tag: '"</ETag><x>' }])).toContain('<ETag>&quot;&lt;/ETag&gt;&lt;x&gt;</ETag>');
  });
});
