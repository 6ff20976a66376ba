/**
 * Converts a part of a message to its form in the page, or throws `Malformed`.
 */
export type Decoder<T> = (value: unknown, path: string) => T;

/**
 * A message does not have the form that the protocol prescribes.
 */
export class Malformed extends Error {
  constructor(path: string, expected: string) {
    super(`${path} is not ${expected}`);
    this.name = 'Malformed';
  }
}

/**
 * The fields of a record: their names in the message, and their decoders.
 */
export type Fields<T> = {
  [Key in keyof T]: readonly [name: string, decode: Decoder<T[Key]>];
};

export const number: Decoder<number> = (value, path) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new Malformed(path, 'a number');
  }
  return value;
};

export const string: Decoder<string> = (value, path) => {
  if (typeof value !== 'string') {
    throw new Malformed(path, 'a string');
  }
  return value;
};

export const boolean: Decoder<boolean> = (value, path) => {
  if (typeof value !== 'boolean') {
    throw new Malformed(path, 'a boolean');
  }
  return value;
};

export function literal<T extends string>(...expected: T[]): Decoder<T> {
  return (value, path) => {
    const found = expected.find(each => each === value);
    if (found === undefined) {
      throw new Malformed(path, expected.join(' or '));
    }
    return found;
  };
}

export function nullable<T>(decode: Decoder<T>): Decoder<T | null> {
  return (value, path) => (value === null ? null : decode(value, path));
}

export function listOf<T>(decode: Decoder<T>): Decoder<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) {
      throw new Malformed(path, 'a list');
    }
    return value.map((each, index) =>
      decode(each, `${path}[${String(index)}]`)
    );
  };
}

export function record<T extends object>(fields: Fields<T>): Decoder<T> {
  return (value, path) => {
    const message = objectOf(value, path);
    const decoded: Partial<T> = {};
    for (const key in fields) {
      const [name, decode] = fields[key];
      decoded[key] = decode(message[name], `${path}.${name}`);
    }
    // Every key of T has a field.
    return decoded as T;
  };
}

/**
 * A record of lists that have the same length.
 */
export function columns<T extends Record<keyof T, readonly unknown[]>>(
  fields: Fields<T>
): Decoder<T> {
  const decode = record(fields);
  return (value, path) => {
    const decoded = decode(value, path);
    const lengths = Object.values<readonly unknown[]>(decoded).map(
      column => column.length
    );
    if (new Set(lengths).size > 1) {
      throw new Malformed(path, 'a record of columns of equal length');
    }
    return decoded;
  };
}

/**
 * One of several records, which differ in their field `type`.
 */
export function tagged<T extends { readonly type: string }>(decoders: {
  [Type in T['type']]: Decoder<T & { readonly type: Type }>;
}): Decoder<T> {
  const byType = new Map<unknown, Decoder<T>>(Object.entries(decoders));
  return (value, path) => {
    const { type } = objectOf(value, path);
    const decode = byType.get(type);
    if (decode === undefined) {
      throw new Malformed(`${path}.type`, 'a known type');
    }
    return decode(value, path);
  };
}

function objectOf(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Malformed(path, 'an object');
  }
  // An object has string keys; those that are missing read as undefined.
  return value as Record<string, unknown>;
}
