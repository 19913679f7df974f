import { randomBytes } from 'node:crypto';

/** Blocks of a blob have ids of one length. With the upload in them, two uploads of the same blob cannot mix. */
export function blockId(uploadId: string, number: number): string {
  return Buffer.from(`${uploadId}-${String(number).padStart(5, '0')}`).toString('base64');
}

export function newUploadId(): string {
  return randomBytes(16).toString('hex');
}

/** The number of a block of that upload; undefined for another's. */
export function blockNumber(uploadId: string, id: string): number | undefined {
  const [upload, number] = Buffer.from(id, 'base64').toString().split('-');
  return upload === uploadId && number !== undefined ? Number(number) : undefined;
}
