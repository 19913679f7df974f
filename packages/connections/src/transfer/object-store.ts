/** An object as a listing tells it. */
export interface StoredObject {
  /** From the root of the bucket. Ends in a slash when it only marks a directory. */
  readonly key: string;
  readonly sizeBytes: number;
  /** The store's own word for exactly these bytes: an ETag, a generation, an inode and a time. */
  readonly tag: string;
  /** The store may tell an MD5 with the bytes, so it is worth computing one. */
  readonly mayHaveMd5: boolean;
}

/** The store's way of going on with a listing; nobody else looks into it. */
export type PageCursor = readonly string[];

export interface ObjectPage {
  readonly objects: readonly StoredObject[];
  /** Undefined on the last page. */
  readonly next: PageCursor | undefined;
}

/** Of an object: `nextByte` is the first one behind. */
export interface ByteRange {
  readonly firstByte: number;
  readonly nextByte: number;
}

export interface ObjectBytes {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Of the whole object, in hex, where the store vouches for one. */
  readonly md5?: string | undefined;
}

/**
 * One bucket as the transfers see it. Every method asks the store once, ends soon when the signal is aborted, and throws
 * StoreFailure for whatever the store or the network says against it; repeating is the business of the transfers.
 */
export interface ObjectStore {
  /** The bucket as messages name it, without credentials and without a slash at its end: `s3://wine`. */
  readonly location: string;
  /** Which fields of the connection a user should look at when it is refused. */
  readonly credentials: string;
  /** A page of all that begins with `prefix`, which is empty or ends in a slash: the first one, or the one a cursor leads to. */
  list(prefix: string, cursor: PageCursor | undefined, signal: AbortSignal): Promise<ObjectPage>;
  /** Undefined when there is no such object; a directory is none. */
  find(key: string, signal: AbortSignal): Promise<StoredObject | undefined>;
  /** Those bytes of that state of the object. StoreFailure `changed` when it has another by now, `missing` when it is gone. */
  read(object: StoredObject, range: ByteRange, signal: AbortSignal): Promise<ObjectBytes>;
  /** Is it still in that state? Only of stores whose `read` cannot tell; asked when all bytes have come. */
  isSame?(object: StoredObject, signal: AbortSignal): Promise<boolean>;
  /** Begins to store an object that is seen when it is complete, and not before. */
  startPut(key: string, sizeBytes: number, signal: AbortSignal): Promise<ObjectUpload>;
  /** Ends connections. */
  close(): void;
}

export interface ObjectUpload {
  /** Every part but the last has that size; parts arrive in this order, as many at once as `partsAtOnce` says. */
  readonly partBytes: number;
  readonly partsAtOnce: number;
  part(number: number, bytes: Buffer, signal: AbortSignal): Promise<void>;
  complete(signal: AbortSignal): Promise<void>;
  /** Clears away what was begun, as far as the store lets us. */
  abort(signal: AbortSignal): Promise<void>;
}
