import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import type { ConnectionContext, Place } from './connection.ts';

/** A real place of a type, made for the suite of connection.contract.ts. What a type does not know is left out, and its cases are skipped by name. */
export interface ContractPlace {
  readonly context: ConnectionContext;
  /** A directory that holds `train.py` with the text "print(1)\n", `data/in.csv` with "1\n", and else nothing but links to these. */
  readonly directory?: Place | undefined;
  /** A place that names one file with the text "1\n", and the name it gets. */
  readonly file?: { readonly place: Place; readonly name: string } | undefined;
  /** Where the place keeps its history: `directory` in a state in which `train.py` has another text. */
  readonly other?: Place | undefined;
  /** What is not there: paths, states, whole places; and the word by which a message has to name it. */
  readonly missing: readonly { readonly place: Place; readonly word: string }[];
  /** Places that hold something that leads out: links, names that climb. */
  readonly leadsOut?: readonly Place[] | undefined;
  /** Places that are there, with credentials that are wrong. */
  readonly denied?: readonly Place[] | undefined;
  /** A place of this type, with a secret, at an address of the suite: nobody listens there, or somebody who never answers. */
  readonly at?: ((host: string, port: number) => Place) | undefined;
  readonly large?: LargePlace | undefined;
  readonly output?: OutputPlace | undefined;
  remove(): Promise<void>;
}

/** A place large enough (16 MiB and more) that a transfer can be broken off in its middle. */
export interface LargePlace {
  readonly place: Place;
  readonly sizeBytes: number;
  /** Path → sha256 (hex) of every file, as it is there now. */
  content(): Promise<ReadonlyMap<string, string>>;
  /** Bytes the place has sent up to now, by its own count or that of a proxy before it. */
  sentBytes(): number;
  /** Replaces the content of every file by another of the same size. */
  change(): Promise<void>;
}

export interface OutputPlace {
  readonly spec: ConnectionSpec;
  /** What lies under the name below the path of `spec.uri` now, read past the connection; undefined when nothing does. */
  read(name: string): Promise<Buffer | undefined>;
}
