// A rule as the catalog file and the API say it, and the tree that the builder edits: the same, with
// an id on every node, and a group wherever conditions may be added.
import type { Exact } from '../lib/exact-json';

export type Word = 'all' | 'any' | 'none';
export type Unit = 'minutes' | 'hours' | 'days' | 'weeks' | 'months' | 'years';
export type Aggregate = 'count' | 'count_distinct' | 'sum' | 'avg' | 'min' | 'max';
export type FieldType = 'text' | 'integer' | 'decimal' | 'number' | 'boolean' | 'date' | 'timestamp' | 'list' | 'object' | 'json';

export type Scalar = boolean | number | string | Exact;
export type Span = { readonly [unit in Unit]?: number | Exact };
export type Value = Scalar | readonly Scalar[] | Span;

export type Rule = { readonly [key: string]: unknown };

export interface Group {
  readonly id: string;
  readonly kind: 'group';
  readonly word: Word;
  readonly rules: readonly Node[];
  // Written without a group around it: one rule, or none at all.
  readonly bare?: boolean;
}
export interface FieldTest {
  readonly id: string;
  readonly kind: 'field';
  readonly field: string;
  readonly op: string;
  readonly value?: Value;
  readonly ignoreCase: boolean;
}
export interface RelatedTest {
  readonly id: string;
  readonly kind: 'related';
  readonly relation: string;
  readonly aggregate: Aggregate;
  readonly field: string; // of the related model; empty for count
  readonly op: string;
  readonly value?: Value;
  readonly where: Group;
}
export interface SegmentTest {
  readonly id: string;
  readonly kind: 'segment';
  readonly segment: string;
  readonly member: boolean;
}
export type Node = Group | FieldTest | RelatedTest | SegmentTest;

export interface ModelField {
  name: string;
  label: string;
  type: FieldType;
}
export interface Relation {
  name: string;
  kind: 'has_many' | 'belongs_to' | 'many_to_many';
  model: string;
}
// A model as rules see it. Its fields may be on their way still.
export interface ModelShape {
  uid: string;
  name: string;
  tz: string;
  primaryKey: string;
  relations: Relation[];
  fields: ModelField[] | undefined;
}
export type Shape = ReadonlyMap<string, ModelShape>;

export interface Operator {
  op: string;
  takes: 'nothing' | 'value' | 'text' | 'number' | 'values' | 'range' | 'day' | 'span';
  ignores_case: boolean;
  phrase: string;
}
export interface Operators {
  all: Operator[];
  by_type: { [type: string]: string[] };
  of_counts: string[];
}
