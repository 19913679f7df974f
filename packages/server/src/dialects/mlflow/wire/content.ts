/** What browsers and clients are told about a file: its type by its name, never what an uploader said. */

const TEXT = new Set(['txt', 'log', 'err', 'cfg', 'conf', 'cnf', 'cf', 'ini', 'properties', 'prop', 'hocon', 'toml', 'yaml', 'yml', 'xml', 'json', 'js', 'py', 'py3', 'csv', 'tsv', 'md', 'rst', 'ipynb']);
const TEXT_NAMES = new Set(['mlmodel', 'mlproject']);
const TYPES: Readonly<Record<string, string>> = {
  avif: 'image/avif', bmp: 'image/bmp', css: 'text/css', gif: 'image/gif', h5: 'application/x-hdf5', htm: 'text/html', html: 'text/html', jpeg: 'image/jpeg', jpg: 'image/jpeg', mp3: 'audio/mpeg', mp4: 'video/mp4', pdf: 'application/pdf', png: 'image/png', svg: 'image/svg+xml', tar: 'application/x-tar', tif: 'image/tiff', tiff: 'image/tiff', wav: 'audio/x-wav', webm: 'video/webm', webp: 'image/webp', zip: 'application/zip',
};

export function contentType(fileName: string): string {
  const lower = fileName.toLowerCase();
  const extension = lower.includes('.') ? lower.slice(lower.lastIndexOf('.') + 1) : '';
  if (TEXT.has(extension) || TEXT_NAMES.has(lower)) return 'text/plain';
  return (Object.hasOwn(TYPES, extension) ? TYPES[extension] : undefined) ?? 'application/octet-stream';
}

/** `attachment` with the name of the file, which may hold anything but a separator. */
export function contentDisposition(fileName: string): string {
  if (/^[\w!#$&+\-.^`|~%]+$/.test(fileName)) return `attachment; filename=${fileName}`;
  const plain = fileName.normalize('NFKD').replace(/[^\x20-\x7e]/g, '').replace(/["\\]/g, '\\$&');
  if (/^[\x20-\x7e]*$/.test(fileName)) return `attachment; filename="${plain}"`;
  return `attachment; filename="${plain}"; filename*=UTF-8''${extendedValue(fileName)}`;
}

/** Percent-encoded but for the characters that RFC 5987 leaves as they are. */
function extendedValue(text: string): string {
  return [...Buffer.from(text, 'utf8')].map((byte) => (/[\w!#$&+\-.^`|~]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)).join('');
}

export interface Range {
  readonly firstByte: number;
  readonly lastByte: number;
}

/** The one range of a Range header; undefined when the whole file is meant, `unsatisfiable` when it lies behind its end. */
export function parseRange(header: string | undefined, sizeBytes: number): Range | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  // several ranges may be answered with the whole file
  if (first === '' && last === '') return undefined;
  if (first === '') return Number(last) === 0 || sizeBytes === 0 ? 'unsatisfiable' : { firstByte: Math.max(0, sizeBytes - Number(last)), lastByte: sizeBytes - 1 };
  if (last !== '' && Number(last) < Number(first)) return undefined;
  if (Number(first) >= sizeBytes) return 'unsatisfiable';
  return { firstByte: Number(first), lastByte: last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1) };
}
