/** A checked comparison: what it is about, and the test it has to pass. */
export interface Condition<Column extends string = string> {
  readonly subject: Subject<Column>;
  readonly test: Test;
}

export type Entity = 'metric' | 'param' | 'tag' | 'dataset';

export type Subject<Column extends string = string> = { readonly entity: 'attribute'; readonly column: Column } | { readonly entity: Entity; readonly key: string };

/** `LIKE` looks at upper and lower case, `ILIKE` does not; `%` and `_` are their wildcards, there is no escape. */
export type Test =
  | { readonly operator: NumberOperator; readonly number: number }
  | { readonly operator: TextOperator; readonly text: string }
  | { readonly operator: 'IN' | 'NOT IN'; readonly texts: readonly string[] }
  | { readonly operator: 'IS NULL' | 'IS NOT NULL' };

export type NumberOperator = '=' | '!=' | '<' | '<=' | '>' | '>=';
export type TextOperator = '=' | '!=' | 'LIKE' | 'ILIKE';

export interface SortKey<Column extends string = string> {
  readonly subject: Subject<Column>;
  readonly ascending: boolean;
}

export const NUMBER_OPERATORS: readonly string[] = ['=', '!=', '<', '<=', '>', '>='] satisfies NumberOperator[];
export const TEXT_OPERATORS: readonly string[] = ['=', '!=', 'LIKE', 'ILIKE'] satisfies TextOperator[];
export const LIST_OPERATORS: readonly string[] = ['IN', 'NOT IN'];
export const NULL_OPERATORS: readonly string[] = ['IS NULL', 'IS NOT NULL'];
