import { readFileSync } from 'node:fs';

const FIXTURES = `${import.meta.dirname}/../../../tests/fixtures`;

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(`${FIXTURES}/${path}`, 'utf-8'));
}

/**
 * A golden message, changed where the test says so.
 */
export function golden<T>(name: string, changes: Partial<T> = {}): T {
  // The specs of parse.ts prove that the file is what its name says.
  return { ...(readJson(`protocol/${name}.json`) as T), ...changes };
}

export function formatCases(): Record<string, [number, string][]> {
  return readJson('format_cases.json') as Record<string, [number, string][]>;
}
