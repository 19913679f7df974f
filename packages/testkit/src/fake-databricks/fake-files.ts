import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ApiProblem, badValue } from './api-problem.ts';
import { assertShape, isFlag, isObject, isOneOf, isText } from './check-shape.ts';

/** Of the content once it is decoded. */
const MAX_IMPORT_BYTES = 10 * 1024 * 1024;
const FORMATS = ['AUTO', 'SOURCE', 'HTML', 'JUPYTER', 'DBC', 'R_MARKDOWN', 'RAW'] as const;
const IMPORT = isObject({ path: isText, format: isOneOf(...FORMATS), language: isOneOf('PYTHON', 'SCALA', 'SQL', 'R'), overwrite: isFlag, content: isText }, ['path']);
const PATH = isObject({ path: isText }, ['path']);
const DELETE = isObject({ path: isText, recursive: isFlag }, ['path']);

/**
 * Files of a workspace and of its volumes, kept in a directory as its clusters see them: `/Workspace/a` is `<directory>/Workspace/a`.
 * A program may change them there behind the API's back, as on a real cluster.
 */
export class FakeFiles {
  readonly #directory: string | undefined;

  /** Undefined: the workspace has no files. */
  constructor(directory: string | undefined) {
    this.#directory = directory;
  }

  /** Where a path of a cluster lies on this machine; any other text as it is. */
  seen(path: string): string {
    return this.#directory !== undefined && /^\/(Workspace|Volumes)\//.test(path) ? join(this.#directory, path) : path;
  }

  /** What lies in a directory of the workspace. */
  names(path: string): string[] {
    return readdirSync(this.#inWorkspace(path));
  }

  mkdirs(body: unknown): Record<string, unknown> {
    assertShape(body, PATH);
    const { path } = body as { path: string };
    const place = this.#inWorkspace(path);
    const blocked = ancestorsOf(path).find((one) => existsSync(this.#inWorkspace(one)) && !statSync(this.#inWorkspace(one)).isDirectory());
    if (blocked !== undefined) throw new ApiProblem(400, 'RESOURCE_ALREADY_EXISTS', `${blocked} exists and is not a directory.`);
    mkdirSync(place, { recursive: true });
    return {};
  }

  import(body: unknown): Record<string, unknown> {
    assertShape(body, IMPORT);
    const { path, format = 'SOURCE', language, overwrite = false, content = '' } = body as { path: string; format?: string; language?: string; overwrite?: boolean; content?: string };
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(content)) throw badValue('content is not base64.');
    const bytes = Buffer.from(content, 'base64');
    if (bytes.length > MAX_IMPORT_BYTES) throw new ApiProblem(400, 'MAX_NOTEBOOK_SIZE_EXCEEDED', `File size imported is (${bytes.length} bytes), exceeded max size (${MAX_IMPORT_BYTES} bytes)`);
    if (format === 'SOURCE' && language === undefined) throw badValue('language is required for the format SOURCE.');
    // a notebook is no file for anybody on a cluster
    if (format !== 'AUTO' && format !== 'RAW') throw badValue(`this workspace keeps files only, and ${format} is a format of notebooks`);
    if (format === 'AUTO' && bytes.subarray(0, 100).toString().startsWith('# Databricks notebook source')) throw badValue('this workspace keeps files only, and this is a notebook');
    const place = this.#inWorkspace(path);
    if (!existsSync(dirname(place))) throw absent(`The parent folder (${dirname(path)}) does not exist.`);
    if (existsSync(place) && !overwrite) throw new ApiProblem(400, 'RESOURCE_ALREADY_EXISTS', `Path (${path}) already exists.`);
    writeFileSync(place, bytes);
    return {};
  }

  status(path: string): Record<string, unknown> {
    const place = this.#inWorkspace(path);
    if (!existsSync(place)) throw absent(`Path (${path}) doesn't exist.`);
    const stat = statSync(place);
    return { path, object_type: stat.isDirectory() ? 'DIRECTORY' : 'FILE', object_id: stat.ino, resource_id: String(stat.ino), ...(stat.isFile() ? { size: stat.size } : {}) };
  }

  export(path: string): Record<string, unknown> {
    const place = this.#inWorkspace(path);
    if (!existsSync(place)) throw absent(`Path (${path}) doesn't exist.`);
    if (statSync(place).size > MAX_IMPORT_BYTES) throw new ApiProblem(400, 'MAX_NOTEBOOK_SIZE_EXCEEDED', `exceeded max size (${MAX_IMPORT_BYTES} bytes)`);
    return { content: readFileSync(place).toString('base64'), file_type: 'file' };
  }

  delete(body: unknown): Record<string, unknown> {
    assertShape(body, DELETE);
    const { path, recursive = false } = body as { path: string; recursive?: boolean };
    const place = this.#inWorkspace(path);
    if (!existsSync(place)) throw absent(`Path (${path}) doesn't exist.`);
    if (!recursive && statSync(place).isDirectory() && readdirSync(place).length > 0) throw new ApiProblem(400, 'DIRECTORY_NOT_EMPTY', `Folder (${path}) is not empty`);
    rmSync(place, { recursive: true });
    return {};
  }

  /** The Files API: `/api/2.0/fs/files/Volumes/…` and `/api/2.0/fs/directories/Volumes/…`. Undefined: there is no such call. */
  volume(method: string, path: string, { body, overwrite }: { readonly body: Uint8Array; readonly overwrite: boolean }): Record<string, unknown> | undefined {
    const [, kind, name = ''] = /^\/api\/2\.0\/fs\/(files|directories)(\/Volumes\/[^/]+\/[^/]+\/[^/]+\/.+)$/.exec(path) ?? [];
    if (kind === undefined) return undefined;
    const place = join(this.#needed(), checked(decodeURIComponent(name)));
    const isThere = existsSync(place) && statSync(place).isDirectory() === (kind === 'directories');
    if (method === 'PUT') return this.#put(place, { isDirectory: kind === 'directories', body, overwrite });
    if (method !== 'HEAD' && method !== 'DELETE') return undefined;
    if (!isThere) throw new ApiProblem(404, 'NOT_FOUND', `The ${kind === 'files' ? 'file' : 'directory'} being accessed is not found.`);
    if (method === 'DELETE' && kind === 'files') rmSync(place);
    if (method === 'DELETE' && kind === 'directories') this.#removeDirectory(place);
    return {};
  }

  #put(place: string, { isDirectory, body, overwrite }: { isDirectory: boolean; body: Uint8Array; overwrite: boolean }): Record<string, unknown> {
    if (isDirectory) mkdirSync(place, { recursive: true });
    else {
      if (existsSync(place) && !overwrite) throw new ApiProblem(409, 'ALREADY_EXISTS', 'The file being created already exists.');
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(place, body);
    }
    return {};
  }

  #removeDirectory(place: string): void {
    if (readdirSync(place).length > 0) throw new ApiProblem(400, 'DIRECTORY_NOT_EMPTY', 'The directory being deleted is not empty.');
    rmdirSync(place);
  }

  #needed(): string {
    if (this.#directory === undefined) throw new ApiProblem(400, 'FEATURE_DISABLED', 'Files in the workspace are disabled. Please contact your administrator.');
    return this.#directory;
  }

  /** The API knows a path with and without `/Workspace` before it. */
  #inWorkspace(path: string): string {
    return join(this.#needed(), 'Workspace', checked(path.replace(/^\/Workspace(?=\/)/, '')));
  }
}

function checked(path: string): string {
  if (!path.startsWith('/') || path.split('/').some((part, index) => index > 0 && (part === '' || part === '.' || part === '..'))) throw badValue(`Path (${path}) must be absolute and have no empty parts.`);
  return path;
}

function ancestorsOf(path: string): string[] {
  const parts = path.split('/').slice(1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
}

function absent(message: string): ApiProblem {
  return new ApiProblem(404, 'RESOURCE_DOES_NOT_EXIST', message);
}
