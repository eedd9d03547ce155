// Which field of the model fills which field of Iterable, and whether it can.

export interface ModelField {
  name: string;
  type: string;
  label: string;
}
export interface IterableField {
  name: string;
  type: string;
}
export type KeyType = 'email' | 'user_id';

// One line of the mapping. `create`: a new custom attribute, of this type.
export interface Mapped {
  field: string;
  to: string;
  type?: string;
  create?: boolean;
}

export const attributeTypes = [
  { value: 'string', label: 'text (string)' },
  { value: 'long', label: 'whole number (long)' },
  { value: 'double', label: 'number (double)' },
  { value: 'boolean', label: 'yes or no (boolean)' },
  { value: 'date', label: 'date' },
  { value: 'object', label: 'object' },
];

const becomes: Record<string, string> = {
  text: 'string',
  integer: 'long',
  decimal: 'double',
  number: 'double',
  boolean: 'boolean',
  date: 'date',
  timestamp: 'date',
  object: 'object',
};

// What a field's own type becomes in Iterable; nothing for a list, whose type is its elements'.
export const naturalType = (from: string): string | undefined => becomes[from];

// Whether values of a model's field can be sent as this type of Iterable's.
export function converts(from: string, to: string): boolean {
  if (from === 'list') return true; // of the type of its elements
  switch (to) {
    case 'string':
      return from !== 'object';
    case 'long':
      return from === 'integer';
    case 'double':
      return from === 'integer' || from === 'number' || from === 'decimal';
    case 'boolean':
      return from === 'boolean';
    case 'date':
      return from === 'date' || from === 'timestamp';
    default:
      return from === 'object';
  }
}

// "firstName" and "First name" are one to people, and two to Iterable.
const alike = (name: string) => name.toLowerCase().replace(/[\s_.-]/g, '');

export interface Trouble {
  level: 'problem' | 'warning';
  text: string;
}

// What is wrong with one line, given the others, the model's fields and Iterable's.
export function troubleOf(line: Mapped, all: Mapped[], model: ModelField[], iterable: IterableField[]): Trouble | undefined {
  const problem = (text: string): Trouble => ({ level: 'problem', text });
  if (!line.field) return problem('Choose the field to read');
  if (!line.to.trim()) return problem(line.create ? 'Give the new attribute a name' : 'Choose the attribute to fill');
  const field = model.find((one) => one.name === line.field);
  if (!field) return problem(`The model has no field ${line.field} any more`);
  if (all.filter((one) => one.to === line.to).length > 1) return problem(`${line.to} is filled twice`);
  const there = iterable.find((one) => one.name === line.to);
  const type = line.create && !there ? (line.type ?? naturalType(field.type)) : there?.type;
  if (line.create && there && line.type && line.type !== there.type)
    return problem(`Iterable has ${line.to} already, and there it is ${there.type}`);
  if (!there && !line.create) return problem(`Iterable has no attribute ${line.to}: make it a new one, or choose another`);
  if (type && !converts(field.type, type)) return problem(`${line.field} is ${field.type}, and ${line.to} takes ${type}`);
  if (line.create && !there) {
    const twin = iterable.find((one) => alike(one.name) === alike(line.to));
    if (twin) return { level: 'warning', text: `Iterable has ${twin.name} already: do you mean that one?` };
  }
  if (line.create && there) return { level: 'warning', text: `Iterable has ${line.to} already: it is filled, not made` };
  return undefined;
}

// The attributes that Iterable has and a mapping may fill: not its own, and not the keys.
const reserved = /^(itblInternal|devices|itblDS_)(\.|$)|^(email|userId|signupDate|signupSource|profileUpdatedAt|userListIds|subscribedMessageTypeIds|unsubscribedChannelIds|unsubscribedMessageTypeIds|emailListIds|phoneNumberDetails)$/;
export function fillable(fields: IterableField[]): IterableField[] {
  return fields.filter((one) => !reserved.test(one.name));
}

// Which of Iterable's attributes a field most likely fills, by its name.
export function likely(field: string, fields: IterableField[]): string | undefined {
  return fillable(fields).find((one) => alike(one.name) === alike(field))?.name;
}

// The name a new attribute is first given: "lifetime_value" becomes "lifetimeValue".
export function attributeName(field: string): string {
  return field.replace(/[_\s-]+(\p{L})/gu, (_, letter: string) => letter.toUpperCase());
}

// The field that most likely bears the key.
export function likelyKey(type: KeyType, fields: ModelField[], primaryKey?: string): string {
  const names = type === 'email' ? ['email', 'emailaddress', 'mail'] : ['userid', 'iterableuserid', 'customerid', 'id'];
  const named = names.flatMap((name) => fields.filter((one) => alike(one.name) === name)).at(0)?.name;
  return named ?? (type === 'user_id' ? (primaryKey ?? '') : '');
}

export function typeInWords(type: string): string {
  return attributeTypes.find((one) => one.value === type)?.label ?? type;
}
